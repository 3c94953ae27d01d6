/** Policy: what the user gave → what goes into a message, once for each. Foreign exceptions become an EncodeError here. */
import { isBytes } from '../bytes.js'
import { asKafkaError, EncodeError, type KafkaError, printable } from '../errors.js'
import { checkTopic } from '../keyed-message.js'
import { nameOfThrown } from '../name-of-thrown.js'
import type { Serialized } from '../protocol/writer.js'
import type { Encoder } from './encoders/encoder.js'
import type { PendingMessage } from './pending-message.js'

export interface Encoders {
  readonly key: Encoder
  readonly value: Encoder
}

/**
 * Fills in the bytes of a message, once. The key encoder is not called for a message without a key.
 *
 * @returns null, or why the message can never be sent. Its text names no payload.
 */
export function serialize(pending: PendingMessage, encoders: Encoders): KafkaError | null {
  if (pending.isSerialized) return null
  try {
    checkTopic(pending.topic)
    const { givenKey } = pending
    const key = givenKey === null ? null : checked(encoders.key.toBytes(givenKey), 'key')
    pending.setBytes(key, checked(encoders.value.toBytes(pending.givenValue), 'message'))
    return null
  } catch (cause) {
    return encodeError(pending.topic, cause)
  }
}

/** Messages that an encoder has refused, and why. */
export type Refusals = ReadonlyMap<PendingMessage, KafkaError>

const noRefusals: Refusals = new Map()

/** Serializes lists of messages, one of them ahead of its turn. */
export class Serialization {
  readonly #encoders: Encoders
  /** What {@link ahead} was called with last; kept for one turn. */
  #messages: readonly PendingMessage[] | null = null
  #refused = noRefusals

  constructor(encoders: Encoders) {
    this.#encoders = encoders
  }

  /** Of messages that {@link all} is called with next, perhaps with more behind them. @returns whether each has its bytes. */
  ahead(messages: readonly PendingMessage[]): boolean {
    this.#refused = this.#refusals(messages)
    this.#messages = messages
    return this.#refused.size === 0
  }

  /** Fills in the bytes that are not there; each encoder is called once for a message. */
  all(messages: readonly PendingMessage[]): Refusals {
    const refused = messages === this.#messages ? this.#refused : this.#refusals(messages)
    this.#messages = null
    this.#refused = noRefusals
    return refused
  }

  #refusals(messages: readonly PendingMessage[]): Refusals {
    let refused: Map<PendingMessage, KafkaError> | null = null
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]!
      if (message.isSerialized) continue
      const known = this.#refused.size > 0 ? this.#refused.get(message) : undefined
      const error = known ?? serialize(message, this.#encoders)
      if (error) refused = (refused ?? new Map()).set(message, error)
    }
    return refused ?? noRefusals
  }
}

function encodeError(topic: string, cause: unknown): KafkaError {
  const why = asKafkaError(cause)?.message ?? `the encoder threw ${nameOfThrown(cause)}`
  return new EncodeError(`a message to ${printable(topic)} cannot be serialized: ${why}`, { topic, cause })
}

function checked(bytes: Serialized | undefined, what: string): Serialized {
  if (bytes === null || typeof bytes === 'string' || isBytes(bytes)) return bytes
  throw new EncodeError(`the ${what} encoder returned ${typeof bytes}, not bytes, a string or null`)
}
