/** All cases of KafkaProducer, in the order of its table. */
import type { ContractCase } from '../../contract-case.js'
import { acksCases } from './acks.js'
import { codecCases } from './codecs.js'
import { configurationFileCases } from './configuration-file.js'
import { headerCases } from './headers.js'
import { idempotenceCases } from './idempotence.js'
import { partitionCases } from './partitions.js'
import { refusalCases } from './refusals.js'
import { timestampCases } from './timestamps.js'
import { transactionCases } from './transactions.js'
import { valueCases } from './values.js'
import { volumeCases } from './volume.js'

const cases: readonly ContractCase[] = [
  ...acksCases,
  ...partitionCases,
  ...codecCases,
  ...valueCases,
  ...headerCases,
  ...timestampCases,
  ...refusalCases,
  ...idempotenceCases,
  ...transactionCases,
  ...configurationFileCases,
  ...volumeCases,
]

export const kafkaProducerCases: readonly ContractCase[] = cases.map((one) => ({
  ...one,
  producer: 'KafkaProducer',
}))
