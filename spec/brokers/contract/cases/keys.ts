/** Keys of every type, on the partitions that the original chose for them. */
import { expect } from 'chai'
import type { MessageLike } from '../../../../lib/index.js'
import { type ContractCase, type ExpectedRecord, PARTITIONS } from '../contract-case.js'
import { type VectorKey, vectorKeys } from '../vector-keys.js'

const TOPIC = 'keys'
const BINARY_TOPIC = 'binary-keys'

/** A lone surrogate has no UTF-8, so it cannot be held against bytes. */
const hasUtf8 = (text: string): boolean => Buffer.from(text).toString() === text

const textual = vectorKeys.filter(({ type, text }) => type !== 'bytes' && hasUtf8(text))
const binary = vectorKeys.filter(({ type }) => type === 'bytes')

/** The value that decides the partition, as an application holds it. */
function partKeyOf({ type, text }: VectorKey): string | number | bigint {
  if (type === 'int') return Number(text)
  return type === 'long' ? BigInt(text) : text
}

function expectEveryPartition(records: readonly ExpectedRecord[]): void {
  expect(new Set(records.map(({ partition }) => partition)).size, 'partitions in use').to.equal(PARTITIONS)
}

export const keyCases: readonly ContractCase[] = [
  {
    name: 'keys: text, int, long',
    title: 'puts every text, int and long key of the vectors on the partition that Kafka chose for it',
    group: 'keys',
    topics: [TOPIC],
    write: async (context) => {
      const messages = textual.map((key, i): MessageLike<string, string> => {
        return { topic: TOPIC, key: key.text, partKey: partKeyOf(key), message: `${i}` }
      })
      await context.producer({ 'request.required.acks': -1 }).send(messages)
      const records = textual.map(({ text, partition }, i) => {
        return { partition, key: Buffer.from(text), value: Buffer.from(`${i}`) }
      })
      expectEveryPartition(records)
      return { topics: [{ topic: TOPIC, records }] }
    },
  },
  {
    name: 'keys: bytes',
    title: 'puts every binary key of the vectors on the partition that Kafka chose for it',
    group: 'keys',
    topics: [BINARY_TOPIC],
    write: async (context) => {
      const producer = context.producer<Buffer, Buffer>({
        'serializer.class': 'kafka.serializer.DefaultEncoder',
        'partitioner.class': 'kafka.producer.ByteArrayPartitioner',
      })
      const records = binary.map(({ text, partition }) => {
        const key = Buffer.from(text, 'base64')
        return { partition, key, value: Buffer.from(key).reverse() }
      })
      await producer.send(records.map(({ key, value }) => ({ topic: BINARY_TOPIC, key, message: value })))
      expectEveryPartition(records)
      return { topics: [{ topic: BINARY_TOPIC, records }] }
    },
  },
]
