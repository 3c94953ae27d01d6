/** Many messages, one per call, as fast as they go. */
import type { ContractCase, ContractContext, ExpectedRecord } from '../contract-case.js'
import { plainKeys } from '../vector-keys.js'

const COUNT = 20_000

async function write(topic: string, inFlight: number, context: ContractContext): Promise<ExpectedRecord[]> {
  const producer = context.producer({
    'producer.type': 'async',
    'queue.buffering.max.ms': 5,
    'batch.num.messages': 500,
    'queue.enqueue.timeout.ms': -1,
    'max.in.flight.requests.per.connection': inFlight,
  })
  const failures: unknown[] = []
  producer.on('failed', (event) => failures.push(...event.failures.map(({ cause }) => cause)))
  const records: ExpectedRecord[] = []
  for (let i = 0; i < COUNT; i++) {
    const { text, partition } = plainKeys[i % plainKeys.length]!
    const message = `${i} ${'.'.repeat(80)}`
    records.push({ partition, key: Buffer.from(text), value: Buffer.from(message) })
    await producer.send({ topic, key: text, message })
  }
  await producer.flush()
  if (failures.length > 0) throw failures[0]
  return records
}

const volumeCase = (name: string, topic: string, inFlight: number): ContractCase => ({
  name,
  title: `stores 20,000 async messages, all of them, once, in order, with ${inFlight} in flight`,
  group: '20,000 messages',
  topics: [topic],
  write: async (context) => ({
    topics: [{ topic, records: await write(topic, inFlight, context), isText: true }],
  }),
})

export const volumeCases: readonly ContractCase[] = [
  volumeCase('20,000 messages', 'volume', 1),
  volumeCase('20,000 messages, 5 in flight', 'volume-overlapping', 5),
]
