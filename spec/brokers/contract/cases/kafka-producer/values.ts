/** Records at the edges: the same as the other producer's. */
import { randomBytes } from 'node:crypto'
import type { ContractCase } from '../../contract-case.js'
import { LARGE_BYTES, type ValueSet, valueSets } from '../values.js'
import { sendAll } from './sent-records.js'

const BYTES = 'org.apache.kafka.common.serialization.ByteArraySerializer'
const BINARY = { 'key.serializer': BYTES, 'value.serializer': BYTES }
const LARGE_TOPIC = 'kafka-producer-large'

function valueCase({ name, title, topic: plainTopic, pairs, isBinary = false }: ValueSet): ContractCase {
  const topic = `kafka-producer-${plainTopic}`
  return {
    name,
    title: title.replace('messages', 'records'),
    group: 'values',
    topics: [topic],
    write: async ({ kafkaProducer }) => {
      const records = pairs().map(([key, value]) => ({ topic, key, value }))
      return { topics: [{ topic, records: await sendAll(kafkaProducer(isBinary ? BINARY : {}), records) }] }
    },
  }
}

export const valueCases: readonly ContractCase[] = [
  ...valueSets.map(valueCase),
  {
    name: '900 KB',
    title: 'stores records of 900 KB, also where two of them do not fit into one request',
    group: 'values',
    topics: [LARGE_TOPIC],
    write: async ({ kafkaProducer }) => {
      const values = [
        Buffer.from('small'),
        randomBytes(LARGE_BYTES),
        randomBytes(LARGE_BYTES),
        Buffer.from('end'),
      ]
      const records = values.map((value) => ({ topic: LARGE_TOPIC, partition: 0, value }))
      return { topics: [{ topic: LARGE_TOPIC, records: await sendAll(kafkaProducer(BINARY), records) }] }
    },
  },
]
