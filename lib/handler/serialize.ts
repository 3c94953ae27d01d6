/** Policy: what the user gave → what goes into a message. Foreign exceptions become an EncodeError here. */
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

function encodeError(topic: string, cause: unknown): KafkaError {
  const why = asKafkaError(cause)?.message ?? `the encoder threw ${nameOfThrown(cause)}`
  return new EncodeError(`a message to ${printable(topic)} cannot be serialized: ${why}`, { topic, cause })
}

function checked(bytes: Serialized | undefined, what: string): Serialized {
  if (bytes === null || typeof bytes === 'string' || isBytes(bytes)) return bytes
  throw new EncodeError(`the ${what} encoder returned ${typeof bytes}, not bytes, a string or null`)
}
