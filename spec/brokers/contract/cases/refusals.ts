/** What a broker refuses, and that nothing else suffers from it. */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { DeliveryError, FailedToSendMessageError } from '../../../../lib/index.js'
import type { ContractCase, ContractContext, ExpectedTopic } from '../contract-case.js'
import { rejectionOf } from '../rejection.js'

const AUTO_CREATED = 'auto-created'
const UNKNOWN = 'never-created'
const TOO_LARGE_BYTES = 1_500_000

async function sendAroundTooLarge(context: ContractContext, codec: string): Promise<ExpectedTopic> {
  const topic = `too-large-${codec}`
  const producer = context.producer<Buffer, Buffer>({
    'serializer.class': 'kafka.serializer.DefaultEncoder',
    'partitioner.class': 'kafka.producer.ByteArrayPartitioner',
    'compression.codec': codec,
  })
  const key = Buffer.from('all on one partition')
  const values = Array.from({ length: 20 }, (_, i) =>
    i === 7 ? randomBytes(TOO_LARGE_BYTES) : Buffer.from(`${i}`),
  )

  const error = await rejectionOf(producer.send(values.map((message) => ({ topic, key, message }))))

  expect(error).to.be.instanceOf(FailedToSendMessageError)
  const { failures } = error as FailedToSendMessageError
  expect(failures.map(({ message }) => message.message)).to.deep.equal([values[7]])
  expect(failures[0]).to.include({ topic, persistence: 'not-persisted' })
  expect(failures[0]!.cause.code).to.equal('KAFKA_BROKER_MESSAGE_TOO_LARGE')
  const { partition } = failures[0]!
  const stored = values.filter((_, i) => i !== 7)
  return { topic, codec, records: stored.map((value) => ({ partition, key, value })) }
}

export const refusalCases: readonly ContractCase[] = [
  {
    name: 'unknown topic, auto-created',
    title: 'stores the first message to a topic that the broker then creates',
    group: 'unknown topic',
    write: async (context) => {
      const { partition, offset } = await context
        .producer({ 'message.send.max.retries': 20 })
        .deliver({ topic: AUTO_CREATED, key: 'k', message: 'first' })
      expect(offset).to.equal(0n)
      const record = { partition, offset, key: Buffer.from('k'), value: Buffer.from('first') }
      return { topics: [{ topic: AUTO_CREATED, records: [record], isText: true }] }
    },
  },
  {
    name: 'unknown topic, refused',
    title: 'fails a message to a topic that does not exist and is not created, with its name',
    group: 'unknown topic',
    needsNoAutoCreation: true,
    write: async (context) => {
      const error = await rejectionOf(context.producer().deliver({ topic: UNKNOWN, message: 'lost' }))
      expect(error).to.be.instanceOf(DeliveryError)
      const { code, topic, persistence, message } = error as DeliveryError
      expect({ code, topic, persistence }).to.deep.equal({
        code: 'KAFKA_METADATA',
        topic: UNKNOWN,
        persistence: 'not-persisted',
      })
      expect(message).to.contain(UNKNOWN).and.contain('UNKNOWN_TOPIC_OR_PARTITION')
      return {}
    },
  },
  ...['none', 'gzip'].map(
    (codec): ContractCase => ({
      name: codec === 'none' ? 'too large' : `too large, ${codec}`,
      title: `stores the good messages around one that is too large, with codec ${codec}`,
      group: 'too large',
      topics: [`too-large-${codec}`],
      write: async (context) => ({ topics: [await sendAroundTooLarge(context, codec)] }),
    }),
  ),
]
