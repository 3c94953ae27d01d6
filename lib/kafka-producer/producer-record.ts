/**
 * What users of KafkaProducer send: a topic and a value, and where wanted partition, timestamp, key and headers.
 *
 * A record never changes, but for its headers until it is sent; it may be sent again. Key and value are shown neither
 * by `inspect` nor in JSON, because such objects end up in logs.
 */
import { inspect } from 'node:util'
import { printable } from '../errors.js'
import { IllegalArgumentError } from './record-errors.js'
import { type HeadersLike, RecordHeaders } from './record-headers.js'

/** The plain form of a record: `{ topic: 'orders', key: 'user-7', value: 'hello' }`. */
export interface RecordLike<K = unknown, V = unknown> {
  readonly topic: string
  /** Default: the partitioner chooses. */
  readonly partition?: number | null
  /** Milliseconds since the epoch. Default: when the record is sent. */
  readonly timestamp?: number | null
  readonly key?: K | null
  /** null is a tombstone, which deletes the key in a compacted topic. */
  readonly value: V | null
  readonly headers?: HeadersLike | null
}

/**
 * The constructor takes the forms of the Java client: `(topic, value)`, `(topic, key, value)`,
 * `(topic, partition, key, value)`, `(topic, partition, timestamp, key, value)`, the last two also with headers at the
 * end (in the shorter one as `RecordHeaders`); or one plain object.
 */
export class ProducerRecord<K = unknown, V = unknown> implements RecordLike<K, V> {
  readonly #topic: string
  readonly #partition: number | null
  readonly #timestamp: number | null
  readonly #key: K | null
  readonly #value: V | null
  #headers: RecordHeaders | null

  constructor(record: RecordLike<K, V>)
  constructor(topic: string, value: V | null)
  constructor(topic: string, key: K | null, value: V | null)
  constructor(topic: string, partition: number | null, key: K | null, value: V | null)
  constructor(topic: string, partition: number | null, key: K | null, value: V | null, headers: RecordHeaders)
  constructor(
    topic: string,
    partition: number | null,
    timestamp: number | null,
    key: K | null,
    value: V | null,
    headers?: HeadersLike | null,
  )
  /**
   * @throws {IllegalArgumentError} for a topic that is no string or empty, a negative partition or timestamp, headers
   *   that are none, and for a value that is undefined: null deletes, and nothing should be deleted by a slip.
   */
  constructor(...given: unknown[]) {
    const { topic, partition, timestamp, key, value, headers } = fieldsOf(given) as RecordLike<K, V>
    checkRecord(topic, partition, timestamp, value)
    this.#topic = topic
    this.#partition = partition ?? null
    this.#timestamp = timestamp ?? null
    this.#key = key ?? null
    this.#value = value
    this.#headers = headers === null || headers === undefined ? null : RecordHeaders.from(headers)
  }

  /** The plain form as an instance; an instance as itself. @throws {IllegalArgumentError} when it is neither. */
  static from<K, V>(record: RecordLike<K, V>): ProducerRecord<K, V> {
    if (record instanceof ProducerRecord) return record
    checkFields(record)
    return new ProducerRecord(record)
  }

  get topic(): string {
    return this.#topic
  }

  /** null: the partitioner chooses. */
  get partition(): number | null {
    return this.#partition
  }

  /** Milliseconds since the epoch; null: when the record is sent. */
  get timestamp(): number | null {
    return this.#timestamp
  }

  get key(): K | null {
    return this.#key
  }

  get value(): V | null {
    return this.#value
  }

  /** Whether somebody has given or asked for headers. */
  get hasHeaders(): boolean {
    return this.#headers !== null
  }

  /** May be changed until the record is sent. */
  get headers(): RecordHeaders {
    this.#headers ??= RecordHeaders.from(null)
    return this.#headers
  }

  toJSON(): { topic: string; partition: number | null; timestamp: number | null } {
    return { topic: this.topic, partition: this.partition, timestamp: this.timestamp }
  }

  toString(): string {
    const where =
      this.partition === null ? printable(this.topic) : `${printable(this.topic)}/${this.partition}`
    return `ProducerRecord(${where}, ${this.key === null ? 'no key' : 'keyed'})`
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

function fieldsOf(given: readonly unknown[]): Partial<Record<keyof RecordLike, unknown>> {
  const [topic, a, b, c, d, e] = given
  switch (given.length) {
    case 1:
      return topic as RecordLike
    case 2:
      return { topic, value: a }
    case 3:
      return { topic, key: a, value: b }
    case 4:
      return { topic, partition: a, key: b, value: c }
    case 5:
      if (d instanceof RecordHeaders) return { topic, partition: a, key: b, value: c, headers: d }
      return { topic, partition: a, timestamp: b, key: c, value: d }
    case 6:
      return { topic, partition: a, timestamp: b, key: c, value: d, headers: e }
    default:
      throw new IllegalArgumentError(`a record has 2 to 6 arguments, not ${given.length}`)
  }
}

/** A string of the protocol has a length of 16 bits. Which names are valid is for the broker to say. */
const MAX_TOPIC_CHARACTERS = 32767

/**
 * What can never be sent.
 *
 * @throws {IllegalArgumentError} see {@link ProducerRecord}.
 */
export function checkRecord(topic: unknown, partition: unknown, timestamp: unknown, value: unknown): void {
  if (typeof topic !== 'string' || topic === '') {
    throw new IllegalArgumentError(`the topic of a record must be a text, not ${described(topic)}`)
  }
  if (topic.length > MAX_TOPIC_CHARACTERS) {
    throw new IllegalArgumentError(
      `the topic ${printable(topic)} has more than ${MAX_TOPIC_CHARACTERS} characters`,
    )
  }
  if (partition !== null && partition !== undefined && !isPartition(partition)) {
    throw new IllegalArgumentError(
      `the partition of a record must be an integer from 0 on, not ${described(partition)}`,
      {
        topic,
      },
    )
  }
  if (timestamp !== null && timestamp !== undefined && !isTimestamp(timestamp)) {
    const text = `the timestamp of a record must be whole milliseconds since the epoch, not ${described(timestamp)}`
    throw new IllegalArgumentError(text, { topic })
  }
  if (value === undefined) {
    throw new IllegalArgumentError(
      'the value of a record is undefined; write null where a tombstone is meant',
      { topic },
    )
  }
}

const MAX_INT32 = 0x7fffffff

const isPartition = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_INT32

const isTimestamp = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

const FIELDS: ReadonlySet<string> = new Set(['topic', 'partition', 'timestamp', 'key', 'value', 'headers'])

/** What a record is called, or has, in the classic producer and in other clients. */
const instead: ReadonlyMap<string, string> = new Map([
  ['message', 'value'],
  ['messages', 'value, and call send() once for each'],
  ['timestampMs', 'timestamp'],
  ['partKey', 'partition, or a partitioner.class'],
  ['partitionKey', 'partition, or a partitioner.class'],
  ['payload', 'value'],
])

/** A misspelt field would be left out of what is stored. @throws {IllegalArgumentError} naming the right one. */
export function checkFields(record: unknown): void {
  if (typeof record !== 'object' || record === null) {
    const text = `send() takes a ProducerRecord or { topic, key?, value, … }, not ${described(record)}`
    throw new IllegalArgumentError(text)
  }
  for (const field in record) {
    if (FIELDS.has(field)) continue
    const right = instead.get(field)
    const advice = right === undefined ? `it has ${[...FIELDS].join(', ')}` : `write ${right}`
    throw new IllegalArgumentError(`a record has no field ${printable(field)}; ${advice}`)
  }
}

/** Never shows a text: it may be a payload in the wrong place. */
function described(value: unknown): string {
  if (typeof value === 'number' || value === null || value === undefined) return String(value)
  return value === '' ? 'empty' : typeof value
}
