/** Messages at the edges: nothing, one byte, almost the limit, any characters, any bytes. */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { ContractCase, ContractContext, ExpectedRecord } from '../contract-case.js'

export type Content = Buffer | string | null

const BINARY = { 'serializer.class': 'kafka.serializer.DefaultEncoder' }

/** What either producer is to store as it is. */
export interface ValueSet {
  /** Row of the table. */
  readonly name: string
  /** A sentence without its subject. */
  readonly title: string
  readonly topic: string
  readonly pairs: () => readonly (readonly [key: Content, value: Content])[]
  /** Bytes, not text. Default false. */
  readonly isBinary?: boolean
}

/** Just under what a message may have by default: 1,000,000 bytes with its overhead, up to 0.10. */
export const LARGE_BYTES = 900_000

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i))

/** Composed and decomposed, right to left, outside the first plane, joined, and the two ends of the range. */
const UNICODE = [
  'Grüße, Ærøskøbing, 한국어, Ελληνικά',
  'Å = Å',
  'שלום مرحبا',
  '𝄞 👩‍👩‍👧‍👦 🇦🇶',
  'line one\nline two\r\n\ttab \u0000 zero',
  '\u{10ffff}\uffff\u0001',
]

/** Delivers one after the other; records are where the producer says they are. */
async function deliverEach(
  context: ContractContext,
  topic: string,
  pairs: readonly (readonly [key: Content, value: Content])[],
  settings: Record<string, string> = {},
): Promise<ExpectedRecord[]> {
  const producer = context.producer<Content, Content>(settings)
  const records: ExpectedRecord[] = []
  for (const [key, message] of pairs) {
    const { partition, offset } = await producer.deliver({ topic, key, message })
    records.push({ partition, offset, key: bytesOf(key), value: bytesOf(message) })
  }
  return records
}

function bytesOf(content: Content): Buffer | null {
  return typeof content === 'string' ? Buffer.from(content) : content
}

/** Together they are larger than one set may be, whatever the format. */
async function sendTogether(context: ContractContext, topic: string): Promise<ExpectedRecord[]> {
  const producer = context.producer<Buffer, Buffer>({ ...BINARY, 'request.required.acks': -1 })
  const values = [
    Buffer.from('small'),
    randomBytes(LARGE_BYTES),
    randomBytes(LARGE_BYTES),
    Buffer.from('end'),
  ]
  const deliveries = await Promise.all(values.map((message) => producer.deliver({ topic, message })))
  expect(new Set(deliveries.map(({ partition }) => partition)).size, 'partitions in use').to.equal(1)
  return values.map((value, i) => {
    const { partition, offset } = deliveries[i]!
    return { partition, offset, key: null, value }
  })
}

export const valueSets: readonly ValueSet[] = [
  {
    name: 'null key',
    title: 'stores messages without a key',
    topic: 'null-key',
    pairs: () => [
      [null, 'one'],
      [null, 'two'],
    ],
  },
  {
    name: 'null value',
    title: 'stores null values, and tells them from empty ones',
    topic: 'null-value',
    pairs: () => [
      ['k', null],
      [null, null],
      ['k', ''],
    ],
  },
  {
    name: 'empty value',
    title: 'stores empty keys and values',
    topic: 'empty-value',
    pairs: () => [
      ['', ''],
      ['k', ''],
      ['', 'v'],
    ],
  },
  {
    name: '1 byte',
    title: 'stores values of one byte',
    topic: 'one-byte',
    pairs: () => [
      ['k', 'v'],
      [null, '0'],
    ],
  },
  {
    name: 'unicode',
    title: 'stores any characters, in keys and values',
    topic: 'unicode',
    pairs: () => UNICODE.map((text, i) => [text, UNICODE[UNICODE.length - 1 - i]!]),
  },
  {
    name: 'binary',
    title: 'stores any bytes, in keys and values',
    topic: 'binary',
    isBinary: true,
    pairs: () => [
      [ALL_BYTES, Buffer.from(ALL_BYTES).reverse()],
      [randomBytes(33), randomBytes(10_000)],
      [Buffer.of(0), Buffer.of(0xff)],
    ],
  },
]

function valueCase({ name, title, topic, pairs, isBinary = false }: ValueSet): ContractCase {
  const settings = isBinary
    ? { ...BINARY, 'partitioner.class': 'kafka.producer.ByteArrayPartitioner' }
    : undefined
  const write = async (context: ContractContext) => ({
    topics: [{ topic, records: await deliverEach(context, topic, pairs(), settings) }],
  })
  return { name, title, group: 'values', topics: [topic], write }
}

export const valueCases: readonly ContractCase[] = [
  ...valueSets.map(valueCase),
  {
    name: '900 KB',
    title: 'stores messages of 900 KB, also where two of them do not fit into one set',
    group: 'values',
    topics: ['large'],
    write: async (context) => ({
      topics: [{ topic: 'large', records: await sendTogether(context, 'large') }],
    }),
  },
]
