/**
 * One accepted message on its way to its outcome: what the user gave, its bytes, where it goes, what happened to it.
 *
 * What decides where it goes is read once, when it is accepted: the message is the user's, and its class may be as well.
 * Settles exactly once. A plain object on the hot path: no promise, closure or timer belongs to it; whoever waits for
 * the outcome hangs on `waiter`.
 */
import type { Persistence } from '../errors.js'
import type { FailedAttempt, MessageFailure } from '../failure.js'
import type { KeyedMessage } from '../keyed-message.js'
import type { RecordHeaders } from '../protocol/records/record-body.js'
import type { Serialized } from '../protocol/writer.js'
import type { Hold } from './holds.js'
import type { Call } from './overlapping-call.js'

/** Where and when a message was stored. */
export interface Delivery {
  readonly topic: string
  readonly partition: number
  /** −1n with acks 0. */
  readonly offset: bigint
  /** Milliseconds since the epoch, where the broker stamps messages itself. */
  readonly timestampMs?: number
  /** `host:port`. */
  readonly broker: string
}

/** A call that waits for its messages. */
export interface OutcomeWaiter {
  /** @param timestampMs - where the broker stamps messages itself, else null. */
  delivered(message: PendingMessage, offset: bigint, broker: string, timestampMs: number | null): void
  failed(failure: MessageFailure, message: PendingMessage): void
}

const noAttempts: readonly FailedAttempt[] = []

/** Kept beside the first one: with unlimited retries an outage would fill the memory otherwise. */
const LAST_ATTEMPTS_KEPT = 4

export class PendingMessage {
  readonly message: KeyedMessage
  readonly topic: string
  /** Null: any partition will do. */
  readonly partitionKey: unknown
  readonly headers: RecordHeaders | null
  readonly waiter: OutcomeWaiter | null
  /** On the monotonic clock; 0 where `delivery.timeout.ms` is off. */
  readonly deadlineMs: number
  /** Milliseconds since the epoch: what the user gave, else when the message was handed over. */
  readonly timestampMs: number
  key: Serialized = null
  value: Serialized = null
  /** What counts against `queue.buffering.max.bytes`, where that is set. */
  queuedBytes = 0
  isSerialized = false
  /** Chosen partition, −1 while there is none. */
  partition = -1
  isSettled = false
  /** From the writing of a request with it to the end of that request; may be settled before, by its time limit. */
  isInFlight = false
  /** Set by an attempt that may have stored the message; stays set. */
  isAmbiguous = false
  /** Failed attempts in all. */
  attemptCount = 0
  /** Where cycles overlap: its call, until that call knows that it is settled. */
  call: Call<PendingMessage> | null = null
  /** Where cycles overlap: null while it waits, and when it is settled and no request with it is in flight. */
  hold: Hold<PendingMessage> | null = null
  #attempts: FailedAttempt[] | null = null

  constructor(message: KeyedMessage, waiter: OutcomeWaiter | null, deadlineMs = 0) {
    this.message = message
    this.topic = message.topic
    this.partitionKey = message.partitionKey
    this.headers = message.headers
    this.waiter = waiter
    this.deadlineMs = deadlineMs
    this.timestampMs = message.timestampMs ?? Date.now()
  }

  /** The first failed attempt and the last few, oldest first. */
  get attempts(): readonly FailedAttempt[] {
    return this.#attempts ?? noAttempts
  }

  get persistence(): Persistence {
    return this.isAmbiguous ? 'possibly-persisted' : 'not-persisted'
  }

  /** @param attempt - shared by all messages it happened to. */
  addAttempt(attempt: FailedAttempt): void {
    this.attemptCount++
    this.#attempts ??= []
    if (this.#attempts.length > LAST_ATTEMPTS_KEPT) this.#attempts.splice(1, 1)
    this.#attempts.push(attempt)
    if (attempt.error.persistence !== 'not-persisted') this.isAmbiguous = true
  }
}
