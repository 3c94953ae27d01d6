/** What `send()` and `deliver()` are called with: any value at all, until it has been looked at. */
import { byteLengthOf, isBytes } from '../bytes.js'
import { asKafkaError, ConfigError, type KafkaError } from '../errors.js'
import type { PendingMessage } from '../handler/pending-message.js'

/** Options have no topic; every message has. */
export function isSendOptions(argument: unknown): boolean {
  return typeof argument === 'object' && argument !== null && !('topic' in argument) && 'signal' in argument
}

/** Undefined counts as an empty list. */
export function isNoList(argument: unknown): boolean {
  return argument !== undefined && !Array.isArray(argument)
}

/** An argument threw when it was read; a KafkaError stays as it is. */
export function unreadable(thrown: unknown): KafkaError {
  const text = 'the argument of send() or deliver() cannot be read: reading it threw'
  return asKafkaError(thrown) ?? new ConfigError(text, undefined, { cause: thrown })
}

/** Bytes of the original value, without encoding it: precise enough to bound a queue. */
export function roughBytes({ givenKey, givenValue }: PendingMessage): number {
  return lengthOf(givenKey) + lengthOf(givenValue)
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  return isBytes(value) ? byteLengthOf(value) : 8
}
