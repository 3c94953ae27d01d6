/**
 * What users send: a topic, an optional key, an optional partition key, a message.
 *
 * Key and message are held privately and shown neither by `inspect` nor in JSON, because such objects end up in logs.
 */
import { inspect } from 'node:util'
import { copyOf, isBytes } from './bytes.js'
import { ConfigError, EncodeError, printable } from './errors.js'

/** The plain form of a message: `{ topic: 'logs', key: 'user-7', message: 'hello' }`. */
export interface MessageLike<K = unknown, V = unknown> {
  topic: string
  key?: K | null
  /** Decides the partition in place of `key`; never stored. */
  partKey?: unknown
  /** Bytes are not copied, see `Producer.send`. */
  message: V | null
  /** Needs Kafka 0.11 or newer; see `headers.on.old.brokers`. */
  headers?: HeadersLike | null
  /** Milliseconds since the epoch; stored from Kafka 0.10 on. Default: when the message is sent. */
  timestampMs?: number | null
}

/** By name, or as pairs where a name repeats. Text is stored as UTF-8. */
export type HeadersLike =
  | Readonly<Record<string, HeaderValue>>
  | readonly (readonly [name: string, value: HeaderValue])[]

export type HeaderValue = string | Uint8Array | null

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

  /** The plain form as an instance; an instance as itself. @throws {ConfigError} when it is neither. */
  static from<K, V>(message: KeyedMessage<K, V> | MessageLike<K, V>): KeyedMessage<K, V> {
    if (message instanceof KeyedMessage) return withTopic(message)
    checkPlain(message)
    const { topic, key = null, partKey = null, message: value, headers, timestampMs } = message
    const keyed = new KeyedMessage<K, V>(topic, key, partKey ?? key, value)
    if (headers !== undefined && headers !== null) keyed.#headers = checkedHeaders(headers)
    if (timestampMs !== undefined && timestampMs !== null) keyed.#timestampMs = checkedTimestamp(timestampMs)
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
    return copy
  }

  #copy(): KeyedMessage<K, V> {
    const copy = new KeyedMessage<K, V>(this.topic, this.#key, this.#partKey, this.#message)
    copy.#headers = this.#headers
    copy.#timestampMs = this.#timestampMs
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

/** @throws {ConfigError} for what is no message in its plain form. */
export function checkPlain(message: unknown): void {
  if (message !== null && typeof message === 'object' && 'topic' in message) return
  throw new ConfigError(
    `send() takes KeyedMessage instances or { topic, key?, partKey?, message } objects, not ${describeType(message)}`,
  )
}

/** @throws {ConfigError} as the constructor of {@link KeyedMessage}. */
export function checkTopicAndMessage(topic: unknown, message: unknown): void {
  if (typeof topic !== 'string') {
    throw new ConfigError(`the topic of a message must be a string, not ${describeType(topic)}`)
  }
  if (message === undefined) {
    throw new ConfigError('the message is undefined; write null where a null value is meant')
  }
}

type Headers = readonly (readonly [name: string, value: HeaderValue])[]

function ownBytes<T>(value: T): T {
  return isBytes(value) ? (copyOf(value) as T) : value
}

/** A copy, so that nobody changes it on the way; not of the bytes in it. */
function checkedHeaders(headers: HeadersLike): Headers | null {
  if (typeof headers !== 'object') throw noHeaders(describeType(headers))
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers)
  if (pairs.length === 0) return null
  return pairs.map((pair: unknown): Headers[number] => {
    if (!Array.isArray(pair) || pair.length !== 2) throw noHeaders('something that is no [name, value] pair')
    const [name, value] = pair
    if (typeof name !== 'string') throw noHeaders(`a name that is ${describeType(name)}`)
    if (value !== null && typeof value !== 'string' && !isBytes(value)) {
      throw noHeaders(`${describeType(value)} as the value of ${printable(name)}`)
    }
    return [name, value]
  })
}

function noHeaders(what: string): ConfigError {
  return new ConfigError(`headers are names with strings, bytes or null as values; got ${what}`)
}

/** The last moment that a Date can name. */
const LAST_TIMESTAMP_MS = 8.64e15

function checkedTimestamp(timestampMs: number): number {
  if (Number.isInteger(timestampMs) && timestampMs >= 0 && timestampMs <= LAST_TIMESTAMP_MS)
    return timestampMs
  const found = typeof timestampMs === 'number' ? timestampMs : describeType(timestampMs)
  throw new ConfigError(`timestampMs must be whole milliseconds since the epoch, not ${found}`)
}

/** Never throws; Array.isArray does, on a revoked proxy. */
function describeType(value: unknown): string {
  if (value === null) return 'null'
  try {
    return Array.isArray(value) ? 'an array' : typeof value
  } catch {
    return typeof value
  }
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
