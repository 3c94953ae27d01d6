/** What `send()` and `deliver()` are called with: any value at all, until it has been looked at. */
import { byteLengthOf, isBytes } from '../bytes.js'
import { asKafkaError, ConfigError, type KafkaError, printable } from '../errors.js'
import type { PendingMessage } from '../handler/pending-message.js'

/** Options have no topic; every message has. */
export function isSendOptions(argument: unknown): boolean {
  return typeof argument === 'object' && argument !== null && !('topic' in argument) && 'signal' in argument
}

/**
 * The signal among the options of a call; undefined for none.
 *
 * @throws {ConfigError} for options that are none, and for a signal that is none: it would never end anything.
 */
export function signalOf(options: unknown): AbortSignal | undefined {
  if (options === undefined || options === null) return undefined
  if (typeof options !== 'object') throw noOptions(`a ${typeof options}`)
  for (const name in options) if (name !== 'signal') throw noOptions(`the option ${printable(name)}`)
  const { signal } = options as { signal?: Partial<AbortSignal> | null }
  if (signal === undefined || signal === null) return undefined
  const isSignal =
    typeof signal === 'object' &&
    typeof signal.aborted === 'boolean' &&
    typeof signal.addEventListener === 'function' &&
    typeof signal.removeEventListener === 'function'
  if (!isSignal) throw new ConfigError('the signal of send() or deliver() must be an AbortSignal')
  return signal as AbortSignal
}

function noOptions(what: string): ConfigError {
  return new ConfigError(`the only option of send() and deliver() is { signal }, an AbortSignal; got ${what}`)
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
