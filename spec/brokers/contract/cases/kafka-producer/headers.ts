/** Headers, which brokers store from 0.11 on. */
import { expect } from 'chai'
import { UnsupportedVersionError } from '../../../../../lib/index.js'
import type { ContractCase } from '../../contract-case.js'
import { rejectionOf } from '../../rejection.js'
import { headerSets } from '../headers.js'
import { recordLike, sendAll } from './sent-records.js'

const TOPIC = 'kafka-producer-headers'
const FIRST = '0.11'

export const headerCases: readonly ContractCase[] = [
  {
    name: 'headers',
    title: 'stores headers: several, repeated, empty, null and binary ones',
    group: 'headers',
    since: FIRST,
    topics: [TOPIC],
    write: async ({ kafkaProducer }) => {
      const records = headerSets.map((headers, i) => ({ topic: TOPIC, key: 'k', value: `${i}`, headers }))
      return { topics: [{ topic: TOPIC, records: await sendAll(kafkaProducer(), records) }] }
    },
  },
  {
    name: 'headers refused',
    title: 'fails a record with headers with the reason, and no other',
    group: 'old formats',
    before: FIRST,
    topics: [TOPIC],
    write: async ({ kafkaProducer }) => {
      const producer = kafkaProducer()
      const headers = [{ name: 'trace', value: Buffer.from('1') }]
      const place = { topic: TOPIC, partition: 1 }
      // In one batch with its neighbours.
      const headed = producer.send(recordLike({ ...place, value: 'headed', headers }))
      const [error, records] = await Promise.all([
        rejectionOf(Promise.resolve(headed)),
        sendAll(producer, [
          { ...place, value: 'plain' },
          { ...place, value: 'plain too' },
        ]),
      ])
      expect(error).to.be.instanceOf(UnsupportedVersionError)
      expect(error).to.include({ persistence: 'not-persisted', retriable: false, topic: TOPIC })
      expect((error as Error).message)
        .to.match(/headers/)
        .and.match(/0\.11/)
      return { topics: [{ topic: TOPIC, records }] }
    },
  },
]
