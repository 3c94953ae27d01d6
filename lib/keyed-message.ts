/**
 * What users send: a topic, an optional key, an optional partition key, a message.
 *
 * Key and message are held privately and shown neither by `inspect` nor in JSON, because such objects end up in logs.
 */
import { inspect } from 'node:util'
import { copyOf, isBytes } from './bytes.js'
import { ConfigError, EncodeError, printable } from './errors.js'
import { type HeaderPair, type HeaderValue, headerPairs } from './header-pairs.js'
import {
  checkedPartition,
  checkedTimestamp,
  checkPlain,
  checkTopicAndMessage,
  describeType,
} from './message-fields.js'

export type { HeaderValue } from './header-pairs.js'

/** The plain form of a message: `{ topic: 'logs', key: 'user-7', message: 'hello' }`. */
export interface MessageLike<K = unknown, V = unknown> {
  topic: string
  key?: K | null
  /** Decides the partition in place of `key`; never stored. */
  partKey?: unknown
  /** In place of what a partitioner would choose; that is not asked. Default: it chooses. */
  partition?: number | null
  /** Bytes are not copied, see `Producer.send`. */
  message: V | null
  /** Needs Kafka 0.11 or newer; see `headers.on.old.brokers`. */
  headers?: HeadersLike | null
  /** Milliseconds since the epoch; stored from Kafka 0.10 on. Default: when the message is sent. */
  timestampMs?: number | null
}

/**
 * By name, where an array is several headers of one name; or anything iterable, such as an array, a Map or the Headers of
 * fetch, that yields `[name, value]` or `{ key, value }`. Text is stored as UTF-8.
 */
export type HeadersLike =
  | Iterable<HeaderPair | { readonly key: string; readonly value: HeaderValue }>
  | Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>

/**
 * `(topic, message)`, `(topic, key, message)` or `(topic, key, partKey, message)`, as in the original.
 *
 * The two-argument form has no key, the three-argument form partitions by its key, the four-argument form by
 * `partKey`, or by the key where that is null.
 */
export class KeyedMessage<K = unknown, V = unknown> {
  readonly topic: string
  readonly #key: K | null
  readonly #partKey: unknown
  readonly #message: V | null
  #headers: Headers | null = null
  #timestampMs: number | null = null
  #partition: number | null = null

  constructor(topic: string, message: V | null)
  constructor(topic: string, key: K | null, message: V | null)
  constructor(topic: string, key: K | null, partKey: unknown, message: V | null)
  /**
   * @throws {ConfigError} when the topic is not a string, or the message is undefined: null deletes in a compacted
   *   topic, and nothing should be deleted by a slip.
   */
  constructor(topic: string, ...rest: unknown[]) {
    const count = rest.length
    const message = rest[count - 1]
    checkTopicAndMessage(topic, message)
    this.topic = topic
    this.#message = message as V | null
    this.#key = (count > 1 ? (rest[0] ?? null) : null) as K | null
    this.#partKey = count > 2 ? (rest[1] ?? null) : this.#key
  }

  /**
   * The plain form as an instance; an instance as itself.
   *
   * @throws {ConfigError} when it is neither, or has a field that no message has.
   */
  static from<K, V>(message: KeyedMessage<K, V> | MessageLike<K, V>): KeyedMessage<K, V> {
    if (message instanceof KeyedMessage) return withTopic(message)
    checkPlain(message)
    const { topic, key = null, partKey = null, message: value, headers, timestampMs, partition } = message
    const keyed = new KeyedMessage<K, V>(topic, key, partKey ?? key, value)
    if (headers !== undefined && headers !== null) keyed.#headers = checkedHeaders(headers)
    if (timestampMs !== undefined && timestampMs !== null) keyed.#timestampMs = checkedTimestamp(timestampMs)
    if (partition !== undefined && partition !== null) keyed.#partition = checkedPartition(partition)
    return keyed
  }

  /** The same message with these headers in place of its own. @throws {ConfigError} when they are none. */
  withHeaders(headers: HeadersLike | null): KeyedMessage<K, V> {
    const copy = this.#copy()
    copy.#headers = headers === null ? null : checkedHeaders(headers)
    return copy
  }

  /** The same message with this timestamp. @throws {ConfigError} when it is none. */
  withTimestamp(timestampMs: number | null): KeyedMessage<K, V> {
    const copy = this.#copy()
    copy.#timestampMs = timestampMs === null ? null : checkedTimestamp(timestampMs)
    return copy
  }

  /**
   * The same message for this partition of its topic, whatever its key; no partitioner is asked. null: it is asked again.
   * Where the topic has no such partition, the message fails with an `UnknownPartitionError`.
   *
   * @throws {ConfigError} when it is no partition.
   */
  withPartition(partition: number | null): KeyedMessage<K, V> {
    const copy = this.#copy()
    copy.#partition = partition === null ? null : checkedPartition(partition)
    return copy
  }

  /** The same message with copies of all bytes in it: keys, message, headers; itself where there are none. */
  withOwnBytes(): KeyedMessage<K, V> {
    const key = ownBytes(this.#key)
    const partKey = this.#partKey === this.#key ? key : ownBytes(this.#partKey)
    const message = ownBytes(this.#message)
    const headers = this.#headers?.some(([, value]) => isBytes(value))
      ? this.#headers.map(([name, value]) => [name, ownBytes(value)] as const)
      : this.#headers
    const isOwn = key === this.#key && partKey === this.#partKey && message === this.#message
    if (isOwn && headers === this.#headers) return this
    const copy = new KeyedMessage<K, V>(this.topic, key, partKey, message)
    copy.#headers = headers
    copy.#timestampMs = this.#timestampMs
    copy.#partition = this.#partition
    return copy
  }

  #copy(): KeyedMessage<K, V> {
    const copy = new KeyedMessage<K, V>(this.topic, this.#key, this.#partKey, this.#message)
    copy.#headers = this.#headers
    copy.#timestampMs = this.#timestampMs
    copy.#partition = this.#partition
    return copy
  }

  get key(): K | null {
    return this.#key
  }

  get message(): V | null {
    return this.#message
  }

  /** What the partitioner is given: `partKey`, else the key, else null. */
  get partitionKey(): unknown {
    return this.#partKey ?? this.#key
  }

  /** In their order; null for none. */
  get headers(): Headers | null {
    return this.#headers
  }

  /** Milliseconds since the epoch; null: when the message is sent. */
  get timestampMs(): number | null {
    return this.#timestampMs
  }

  /** What it is bound to, whatever its key; null: the partitioner chooses. */
  get partition(): number | null {
    return this.#partition
  }

  get hasKey(): boolean {
    return this.#key !== null
  }

  toJSON(): { topic: string; hasKey: boolean } {
    return { topic: this.topic, hasKey: this.hasKey }
  }

  toString(): string {
    return `KeyedMessage(topic=${printable(this.topic)}, ${this.hasKey ? 'keyed' : 'no key'})`
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

type Headers = readonly HeaderPair[]

function ownBytes<T>(value: T): T {
  return isBytes(value) ? (copyOf(value) as T) : value
}

function checkedHeaders(headers: HeadersLike): Headers | null {
  const pairs = headerPairs(headers, noHeaders)
  return pairs.length === 0 ? null : pairs
}

function noHeaders(what: string, cause?: unknown): ConfigError {
  const text = `headers are names with strings, bytes or null as values, as an object, a Map or pairs; got ${what}`
  return new ConfigError(text, undefined, { cause })
}

/** A class derived from KeyedMessage may say anything. */
function withTopic<K, V>(message: KeyedMessage<K, V>): KeyedMessage<K, V> {
  if (typeof message.topic === 'string') return message
  throw new ConfigError(`the topic of a message must be a string, not ${describeType(message.topic)}`)
}

const MAX_TOPIC_BYTES = 32767

/** @throws {EncodeError} for a topic name that no request can carry. */
export function checkTopic(topic: string): void {
  if (topic.length * 3 <= MAX_TOPIC_BYTES) return
  if (Buffer.byteLength(topic) > MAX_TOPIC_BYTES) {
    throw new EncodeError(`the topic ${printable(topic)} has more than ${MAX_TOPIC_BYTES} bytes`)
  }
}
