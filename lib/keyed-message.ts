/**
 * What users send: a topic, an optional key, an optional partition key, a message.
 *
 * Key and message are held privately and shown neither by `inspect` nor in JSON, because such objects end up in logs.
 */
import { inspect } from 'node:util'
import { ConfigError, EncodeError, printable } from './errors.js'

/** The plain form of a message: `{ topic: 'logs', key: 'user-7', message: 'hello' }`. */
export interface MessageLike<K = unknown, V = unknown> {
  topic: string
  key?: K | null
  /** Decides the partition in place of `key`; never stored. */
  partKey?: unknown
  message: V | null
}

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

  constructor(topic: string, message: V | null)
  constructor(topic: string, key: K | null, message: V | null)
  constructor(topic: string, key: K | null, partKey: unknown, message: V | null)
  /**
   * @throws {ConfigError} when the topic is not a string, or the message is undefined: null deletes in a compacted
   *   topic, and nothing should be deleted by a slip.
   */
  constructor(topic: string, ...rest: unknown[]) {
    if (typeof topic !== 'string') {
      throw new ConfigError(`the topic of a message must be a string, not ${describeType(topic)}`)
    }
    this.topic = topic
    const count = rest.length
    const message = rest[count - 1]
    if (message === undefined) {
      throw new ConfigError('the message is undefined; write null where a null value is meant')
    }
    this.#message = message as V | null
    this.#key = (count > 1 ? (rest[0] ?? null) : null) as K | null
    this.#partKey = count > 2 ? (rest[1] ?? null) : this.#key
  }

  /** The plain form as an instance; an instance as itself. @throws {ConfigError} when it is neither. */
  static from<K, V>(message: KeyedMessage<K, V> | MessageLike<K, V>): KeyedMessage<K, V> {
    if (message instanceof KeyedMessage) return message
    if (message === null || typeof message !== 'object' || !('topic' in message)) {
      throw new ConfigError(
        `send() takes KeyedMessage instances or { topic, key?, partKey?, message } objects, not ${describeType(message)}`,
      )
    }
    const { topic, key = null, partKey = null, message: value } = message
    return new KeyedMessage<K, V>(topic, key, partKey ?? key, value)
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

function describeType(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : typeof value
}

const MAX_TOPIC_BYTES = 32767

/** @throws {EncodeError} for a topic name that no request can carry. */
export function checkTopic(topic: string): void {
  if (topic.length * 3 <= MAX_TOPIC_BYTES) return
  if (Buffer.byteLength(topic) > MAX_TOPIC_BYTES) {
    throw new EncodeError(`the topic ${printable(topic)} has more than ${MAX_TOPIC_BYTES} bytes`)
  }
}
