/**
 * The errors that list messages: accepted ones that failed, each with what is known about it; and those that the
 * queue did not accept.
 *
 * Messages are referred to, never printed.
 */

import { inspect } from 'node:util'
import { counted } from './counted.js'
import { type ErrorContext, KafkaError, type Persistence, printable } from './errors.js'
import type { KeyedMessage } from './keyed-message.js'

/** One attempt that did not succeed. */
export interface FailedAttempt {
  /** Milliseconds since the epoch. */
  readonly atMs: number
  /** `host:port`; absent when no broker was reached or chosen. */
  readonly broker?: string
  readonly error: KafkaError
}

export interface MessageFailure<K = unknown, V = unknown> {
  readonly message: KeyedMessage<K, V>
  readonly topic: string
  /** −1 when none was chosen. */
  readonly partition: number
  /** The failure that decided. */
  readonly cause: KafkaError
  readonly persistence: Persistence
  /** The first failed attempt and the last four, oldest first; empty when none was made. */
  readonly attempts: readonly FailedAttempt[]
  /** Failed attempts in all. */
  readonly attemptCount: number
}

/** What `deliver()` rejects with: the failure of that one message. `code` is that of its cause. */
export class DeliveryError extends KafkaError {
  /** The first failed attempt and the last four, oldest first; empty when none was made. */
  readonly attempts: readonly FailedAttempt[]
  /** Failed attempts in all. */
  readonly attemptCount: number

  constructor(failure: MessageFailure) {
    const { cause, topic, partition, persistence, attempts, attemptCount } = failure
    super(cause.code, `${place(failure)}: ${cause.message}${afterAttempts(attemptCount)}`, {
      cause,
      retriable: cause.retriable,
      persistence,
      topic,
      ...(partition >= 0 && { partition }),
      ...(cause.broker !== undefined && { broker: cause.broker }),
    })
    this.attempts = attempts
    this.attemptCount = attemptCount
  }
}

const MAX_CAUSES_PRINTED = 5

/** What `send()` rejects with in sync mode: some of its messages failed, each named in `failures`. */
export class FailedToSendMessageError extends KafkaError {
  readonly #failures: readonly MessageFailure[]

  /** @param accepted - messages of the call, failed or not. */
  constructor(failures: readonly MessageFailure[], accepted: number) {
    super('KAFKA_FAILED_TO_SEND', summary(failures, accepted), {
      cause: failures[0]?.cause,
      retriable: failures.every((failure) => failure.cause.retriable),
      persistence: persistenceOfAll(failures),
    })
    this.#failures = failures
  }

  /** One entry per failed message, in the order of the call. */
  get failures(): readonly MessageFailure[] {
    return this.#failures
  }

  [inspect.custom](): string {
    return this.stack ?? this.message
  }
}

/** Which messages of a call the queue accepted: the first ones, and none after the first that it refused. */
export interface PartlyAccepted {
  /** How many. Each of them has its outcome later, as if it had been sent alone. Default 0. */
  readonly accepted?: number
  /** All others, in the order of the call. Default none. */
  readonly rejected?: readonly KeyedMessage[]
}

/** Some messages of a call are in the queue and the others are not: send `rejected` again, and nothing else. */
abstract class NotAcceptedError extends KafkaError {
  /** How many messages of the call were accepted, from its first on. Each has its outcome later. */
  readonly accepted: number
  readonly #rejected: readonly KeyedMessage[]

  constructor(code: string, message: string, context: ErrorContext & PartlyAccepted) {
    super(code, message, context)
    this.accepted = context.accepted ?? 0
    this.#rejected = context.rejected ?? []
  }

  /** The messages of the call that were not accepted, in its order; they will never be stored. */
  get rejected(): readonly KeyedMessage[] {
    return this.#rejected
  }
}

/**
 * The asynchronous queue had no room within `queue.enqueue.timeout.ms`. `accepted` says how many messages of the call
 * are in it all the same; `rejected` has the others.
 */
export class QueueFullError extends NotAcceptedError {
  constructor(message: string, context: ErrorContext & PartlyAccepted = {}) {
    super('KAFKA_QUEUE_FULL', message, { retriable: true, ...context })
  }
}

/**
 * The caller's AbortSignal ended the wait for room in the queue; `cause` is its reason. `accepted` says how many
 * messages of the call are in the queue all the same; `rejected` has the others.
 */
export class SendAbortedError extends NotAcceptedError {
  constructor(message: string, context: ErrorContext & PartlyAccepted = {}) {
    super('KAFKA_SEND_ABORTED', message, context)
  }
}

/** The persistence that all of them share; `possibly-persisted` where they differ. */
function persistenceOfAll(failures: readonly MessageFailure[]): Persistence {
  const [first = 'not-persisted', ...others] = new Set(failures.map(({ persistence }) => persistence))
  return others.length === 0 ? first : 'possibly-persisted'
}

function place({ topic, partition }: MessageFailure): string {
  return partition >= 0 ? `${printable(topic)}/${partition}` : printable(topic)
}

function afterAttempts(count: number): string {
  return count > 1 ? ` (after ${count} attempts)` : ''
}

/** "3 of 200 messages failed: logs/2: … (2 messages, 4 attempts); …" */
function summary(failures: readonly MessageFailure[], accepted: number): string {
  const groups = new Map<string, { count: number; attempts: number }>()
  for (const failure of failures) {
    const text = `${place(failure)}: ${failure.cause.message}`
    const group = groups.get(text) ?? { count: 0, attempts: 0 }
    group.count++
    group.attempts = Math.max(group.attempts, failure.attemptCount)
    groups.set(text, group)
  }
  const parts = [...groups].map(
    ([text, { count, attempts }]) =>
      `${text} (${counted(count, 'message')}${attempts > 1 ? `, ${attempts} attempts` : ''})`,
  )
  const hidden = parts.length - MAX_CAUSES_PRINTED
  const more = hidden > 0 ? `; and ${counted(hidden, 'other cause')}` : ''
  return `${failures.length} of ${counted(accepted, 'message')} failed: ${parts.slice(0, MAX_CAUSES_PRINTED).join('; ')}${more}`
}
