/** The time of a message: its own where brokers store one (0.10), the broker's where the topic says so. */
import { expect } from 'chai'
import type { ContractCase, ContractContext, ExpectedRecord } from '../contract-case.js'
import { plainKeys } from '../vector-keys.js'

const TOPIC = 'timestamps'
const APPEND_TOPIC = 'append-times'
const FIRST = '0.10'
const GIVEN_MS = 1_400_000_000_123
const KEY = plainKeys[0]!

function record(value: string, timestampMs: ExpectedRecord['timestampMs']): ExpectedRecord {
  return { partition: KEY.partition, key: Buffer.from(KEY.text), value: Buffer.from(value), timestampMs }
}

/** Times that go up and down within a set, then a message that says nothing of its time. */
async function store(context: ContractContext): Promise<ExpectedRecord[]> {
  const producer = context.producer({ 'compression.codec': 'gzip' })
  const timesMs = [GIVEN_MS, GIVEN_MS + 86_400_000, GIVEN_MS - 5, 0]
  const given = timesMs.map((timestampMs, i) => ({
    topic: TOPIC,
    key: KEY.text,
    message: `${i}`,
    timestampMs,
  }))
  await producer.send(given)
  const beforeMs = Date.now()
  await producer.send({ topic: TOPIC, key: KEY.text, message: 'now' })
  const now = record('now', [BigInt(beforeMs), BigInt(Date.now())])
  return [...timesMs.map((timestampMs, i) => record(`${i}`, BigInt(timestampMs))), now]
}

/** The broker's time wins over the message's, and the delivery names it. */
async function appended(context: ContractContext): Promise<ExpectedRecord[]> {
  const beforeMs = Date.now()
  const message = { topic: APPEND_TOPIC, key: KEY.text, message: 'stamped', timestampMs: GIVEN_MS }
  const { timestampMs } = await context.producer().deliver(message)
  expect(timestampMs).to.be.within(beforeMs, Date.now())
  return [record('stamped', BigInt(timestampMs!))]
}

/** Format 0 has no room for a time; the reader shows −1. */
async function leaveOut(context: ContractContext): Promise<ExpectedRecord[]> {
  const message = { topic: TOPIC, key: KEY.text, message: 'timeless', timestampMs: GIVEN_MS }
  expect(await context.producer().deliver(message)).not.to.have.property('timestampMs')
  return [record('timeless', -1n)]
}

export const timestampCases: readonly ContractCase[] = [
  {
    name: 'timestamps',
    title: 'stores the times of messages, and the time of sending where a message has none',
    group: 'timestamps',
    since: FIRST,
    topics: [TOPIC],
    write: async (context) => ({ topics: [{ topic: TOPIC, records: await store(context), codec: 'gzip' }] }),
  },
  {
    name: 'LogAppendTime',
    title: 'reports the time at which the broker appended a message, where the topic says so',
    group: 'timestamps',
    since: FIRST,
    topics: [APPEND_TOPIC],
    topicConfig: { 'message.timestamp.type': 'LogAppendTime' },
    write: async (context) => ({ topics: [{ topic: APPEND_TOPIC, records: await appended(context) }] }),
  },
  {
    name: 'timestamps left out',
    title: 'stores a message with a time where the format has none',
    group: 'old formats',
    before: FIRST,
    topics: [TOPIC],
    write: async (context) => ({ topics: [{ topic: TOPIC, records: await leaveOut(context) }] }),
  },
]
