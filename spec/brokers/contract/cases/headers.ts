/** Headers, which brokers store from 0.11 on; what happens to them before is for the user to choose. */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { KafkaError } from '../../../../lib/index.js'
import type { ContractCase, ContractContext, ExpectedHeader, ExpectedRecord } from '../contract-case.js'
import { rejectionOf } from '../rejection.js'
import { plainKeys } from '../vector-keys.js'

const TOPIC = 'headers'
const FIRST = '0.11'

export const headerSets: readonly (readonly ExpectedHeader[])[] = [
  [],
  [{ name: 'trace', value: Buffer.from('4bf92f35') }],
  [
    { name: 'again', value: Buffer.from('1') },
    { name: 'again', value: Buffer.from('2') },
  ],
  [
    { name: 'Größe', value: Buffer.from('5 €') },
    { name: 'nothing', value: null },
    { name: 'empty', value: Buffer.alloc(0) },
    { name: '', value: Buffer.from('no name') },
  ],
  [{ name: 'bytes', value: randomBytes(3000) }],
]

async function store(context: ContractContext): Promise<ExpectedRecord[]> {
  const producer = context.producer({ 'request.required.acks': -1 })
  const records = headerSets.map((headers, i): ExpectedRecord => {
    const { text, partition } = plainKeys[i]!
    return { partition, key: Buffer.from(text), value: Buffer.from(`${i}`), headers }
  })
  const messages = records.map(({ key, value, headers = [] }) => ({
    topic: TOPIC,
    key: String(key),
    message: String(value),
    headers: headers.map(({ name, value }) => [name, value] as const),
  }))
  await producer.send(messages)
  return records
}

/** The message with headers fails, and says why; its neighbour does not. */
async function refuse(context: ContractContext): Promise<ExpectedRecord[]> {
  const producer = context.producer()
  const { text: key, partition } = plainKeys[0]!
  const headed = { topic: TOPIC, key, message: 'headed', headers: { trace: '1' } }
  const [error] = await Promise.all([
    rejectionOf(producer.deliver(headed)),
    producer.deliver({ topic: TOPIC, key, message: 'plain' }),
  ])
  expect(error).to.be.instanceOf(KafkaError)
  expect(error).to.include({ persistence: 'not-persisted', retriable: false, topic: TOPIC })
  expect((error as Error).message)
    .to.match(/headers/)
    .and.match(/0\.11/)
  return [{ partition, key: Buffer.from(key), value: Buffer.from('plain') }]
}

async function drop(context: ContractContext): Promise<ExpectedRecord[]> {
  const producer = context.producer({ 'headers.on.old.brokers': 'drop' })
  const { text: key, partition } = plainKeys[1]!
  const headed = { topic: TOPIC, key, message: 'headed', headers: { trace: '1' } }
  const { offset } = await producer.deliver(headed)
  return [{ partition, offset, key: Buffer.from(key), value: Buffer.from('headed') }]
}

export const headerCases: readonly ContractCase[] = [
  {
    name: 'headers',
    title: 'stores headers: several, repeated, empty, null and binary ones',
    group: 'headers',
    since: FIRST,
    topics: [TOPIC],
    write: async (context) => ({ topics: [{ topic: TOPIC, records: await store(context) }] }),
  },
  {
    name: 'headers refused or dropped',
    title:
      'fails a message with headers with the reason, or stores it without them with headers.on.old.brokers=drop',
    group: 'old formats',
    before: FIRST,
    topics: [TOPIC],
    write: async (context) => {
      const refused = await refuse(context)
      return { topics: [{ topic: TOPIC, records: [...refused, ...(await drop(context))] }] }
    },
  },
]
