/** The time of a record: its own where brokers store one (0.10), the broker's where the topic says so. */
import { expect } from 'chai'
import type { ContractCase, ContractContext, ExpectedRecord } from '../../contract-case.js'
import { expectedAt } from './sent-records.js'

const TOPIC = 'kafka-producer-timestamps'
const APPEND_TOPIC = 'kafka-producer-append-times'
const FIRST = '0.10'
const GIVEN_MS = 1_400_000_000_123
const TIMES_MS = [GIVEN_MS, GIVEN_MS + 86_400_000, GIVEN_MS - 5, 0]

/** Times that go up and down within a batch, then a record that says nothing of its time. */
async function store({ kafkaProducer }: ContractContext): Promise<ExpectedRecord[]> {
  const producer = kafkaProducer({ 'compression.type': 'gzip' })
  const records = TIMES_MS.map((timestamp, i) => ({ topic: TOPIC, partition: 0, value: `${i}`, timestamp }))
  const metadata = await Promise.all(records.map((record) => producer.send(record)))
  expect(metadata.map(({ timestamp }) => timestamp)).to.deep.equal(TIMES_MS)
  const given = records.map((record, i) => {
    return { ...expectedAt(record, metadata[i]!), timestampMs: BigInt(record.timestamp) }
  })
  const now = { topic: TOPIC, partition: 0, value: 'now' }
  const beforeMs = Date.now()
  const said = await producer.send(now)
  expect(said.timestamp).to.be.within(beforeMs, Date.now())
  return [...given, { ...expectedAt(now, said), timestampMs: BigInt(said.timestamp) }]
}

/** The broker's time wins over the record's, and the metadata names it. */
async function appended({ kafkaProducer }: ContractContext): Promise<ExpectedRecord[]> {
  const beforeMs = Date.now()
  const record = { topic: APPEND_TOPIC, partition: 0, value: 'stamped', timestamp: GIVEN_MS }
  const said = await kafkaProducer().send(record)
  expect(said.timestamp).to.be.within(beforeMs, Date.now())
  return [{ ...expectedAt(record, said), timestampMs: BigInt(said.timestamp) }]
}

/** Format 0 has no room for a time; the reader shows −1. */
async function leaveOut({ kafkaProducer }: ContractContext): Promise<ExpectedRecord[]> {
  const record = { topic: TOPIC, partition: 0, value: 'timeless', timestamp: GIVEN_MS }
  return [{ ...expectedAt(record, await kafkaProducer().send(record)), timestampMs: -1n }]
}

export const timestampCases: readonly ContractCase[] = [
  {
    name: 'timestamps',
    title: 'stores the times of records, and the time of sending where a record has none',
    group: 'timestamps',
    since: FIRST,
    topics: [TOPIC],
    write: async (context) => ({ topics: [{ topic: TOPIC, records: await store(context), codec: 'gzip' }] }),
  },
  {
    name: 'LogAppendTime',
    title: 'reports the time at which the broker appended a record, where the topic says so',
    group: 'timestamps',
    since: FIRST,
    topics: [APPEND_TOPIC],
    topicConfig: { 'message.timestamp.type': 'LogAppendTime' },
    write: async (context) => ({ topics: [{ topic: APPEND_TOPIC, records: await appended(context) }] }),
  },
  {
    name: 'timestamps left out',
    title: 'stores a record with a time where the format has none',
    group: 'old formats',
    before: FIRST,
    topics: [TOPIC],
    write: async (context) => ({ topics: [{ topic: TOPIC, records: await leaveOut(context) }] }),
  },
]
