/** On which partition a record is stored. */
import { expect } from 'chai'
import { type ContractCase, PARTITIONS } from '../../contract-case.js'
import { murmurKeys } from '../../vector-keys.js'
import { sendAll } from './sent-records.js'

const KEYS_TOPIC = 'kafka-producer-keys'
const GIVEN_TOPIC = 'kafka-producer-partitions'
const BYTES = 'org.apache.kafka.common.serialization.ByteArraySerializer'

export const partitionCases: readonly ContractCase[] = [
  {
    name: 'keys: murmur2',
    title: 'puts every key of the vectors on the partition that the Java client chose for it',
    group: 'partitions',
    topics: [KEYS_TOPIC],
    write: async ({ kafkaProducer }) => {
      const producer = kafkaProducer({ 'key.serializer': BYTES })
      const records = murmurKeys.map(({ bytes }, i) => ({ topic: KEYS_TOPIC, key: bytes, value: `${i}` }))
      const expected = await sendAll(producer, records)
      const [chosen, wanted] = [expected, murmurKeys].map((list) => list.map(({ partition }) => partition))
      expect(chosen).to.deep.equal(wanted)
      return { topics: [{ topic: KEYS_TOPIC, records: expected }] }
    },
  },
  {
    name: 'explicit partition',
    title: 'puts records on the partition that they name, whatever their key is',
    group: 'partitions',
    topics: [GIVEN_TOPIC],
    write: async ({ kafkaProducer }) => {
      const records = Array.from({ length: 30 }, (_, i) => {
        return { topic: GIVEN_TOPIC, partition: i % PARTITIONS, key: i % 2 ? 'k' : null, value: `${i}` }
      })
      return { topics: [{ topic: GIVEN_TOPIC, records: await sendAll(kafkaProducer(), records) }] }
    },
  },
]
