/** All cases of the contract, in the order of the tables. */
import type { ContractCase } from '../contract-case.js'
import { codecCases } from './codecs.js'
import { detectionCases } from './detection.js'
import { firstMessageCases } from './first-message.js'
import { headerCases } from './headers.js'
import { kafkaProducerCases } from './kafka-producer/index.js'
import { keyCases } from './keys.js'
import { modeCases } from './modes.js'
import { oldConfigurationCases } from './old-configuration.js'
import { refusalCases } from './refusals.js'
import { timestampCases } from './timestamps.js'
import { valueCases } from './values.js'
import { volumeCases } from './volume.js'

export const contractCases: readonly ContractCase[] = [
  ...detectionCases,
  ...modeCases,
  ...keyCases,
  ...codecCases,
  ...valueCases,
  ...headerCases,
  ...timestampCases,
  ...refusalCases,
  ...oldConfigurationCases,
  ...volumeCases,
  ...firstMessageCases,
  ...kafkaProducerCases,
]
