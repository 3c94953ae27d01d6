/** Sync and async mode with each kind of acknowledgement. */
import type { ContractCase, ContractContext, ExpectedRecord } from '../contract-case.js'
import { plainKeys } from '../vector-keys.js'

const KEYS = plainKeys.slice(0, 40)
const ROUNDS = 5

const topicOf = (type: string, acks: number): string => `${type}-acks-${acks < 0 ? 'all' : acks}`

async function write(type: string, acks: number, context: ContractContext): Promise<ExpectedRecord[]> {
  const topic = topicOf(type, acks)
  const producer = context.producer({
    'producer.type': type,
    'request.required.acks': acks,
    'queue.buffering.max.ms': 20,
    'batch.num.messages': 30,
  })
  const records: ExpectedRecord[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const messages = KEYS.map(({ text, partition }) => {
      const message = `value ${round} of ${text}`
      records.push({ partition, key: Buffer.from(text), value: Buffer.from(message) })
      return { topic, key: text, message }
    })
    const [first, ...others] = messages
    await producer.send(first!)
    await producer.send(others)
  }
  return records
}

export const modeCases: readonly ContractCase[] = ['sync', 'async'].flatMap((type) =>
  [0, 1, -1].map((acks) => ({
    name: `${type}, acks ${acks}`,
    title: `stores ${type} messages with acks ${acks} on the partitions of their keys, in order`,
    group: `${type}, acks 0, 1, −1`,
    topics: [topicOf(type, acks)],
    write: async (context) => ({
      topics: [{ topic: topicOf(type, acks), records: await write(type, acks, context), isText: true }],
    }),
  })),
)
