/**
 * One accepted message on its way to its outcome: what the user gave, its bytes, where it goes, what happened to it.
 *
 * What decides where it goes is read once, when it is accepted: the message is the user's, and its class may be as well.
 * Settles exactly once. A plain object on the hot path: no promise, closure or timer belongs to it; whoever waits for
 * the outcome hangs on `waiter`.
 */
import type { Persistence } from '../errors.js'
import type { FailedAttempt, MessageFailure } from '../failure.js'
import { checkPlain, checkTopicAndMessage, KeyedMessage, type MessageLike } from '../keyed-message.js'
import type { RecordHeaders } from '../protocol/records/record-body.js'
import type { Serialized } from '../protocol/writer.js'
import type { Chunk } from './overlapping-call.js'

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

/** When a message was accepted; shared by messages that were accepted together. */
export interface Acceptance {
  /** Milliseconds since the epoch. */
  readonly timestampMs: number
  /** When its time limit passes, on the monotonic clock; 0 where `delivery.timeout.ms` is off. */
  readonly deadlineMs: number
}

/** A call that waits for its messages. */
export interface OutcomeWaiter {
  /** True where `delivered` reads no argument: an offset is a BigInt, which would be made for nobody. */
  readonly ignoresOffsets?: boolean
  /** @param timestampMs - where the broker stamps messages itself, else null. */
  delivered(message: PendingMessage, offset: bigint, broker: string, timestampMs: number | null): void
  failed(failure: MessageFailure, message: PendingMessage): void
}

interface History {
  /** Failed attempts in all. */
  count: number
  readonly kept: FailedAttempt[]
}

const noAttempts: readonly FailedAttempt[] = []

/** Kept beside the first one: with unlimited retries an outage would fill the memory otherwise. */
const LAST_ATTEMPTS_KEPT = 4

export class PendingMessage {
  readonly topic: string
  /** Null: any partition will do. */
  readonly partitionKey: unknown
  readonly headers: RecordHeaders | null
  readonly waiter: OutcomeWaiter | null
  /** Shared, since two numbers of their own would take twice the place of a pointer each. */
  readonly #accepted: Acceptance
  /** Null for a plain message, until somebody asks for the instance. */
  #message: KeyedMessage | null
  /** Of a plain message that is not serialized: what the user gave. */
  key: Serialized
  value: Serialized
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
  /** Where cycles overlap: what it waits with, or is in a run with; null when it is settled and no request with it is in flight. */
  chunk: Chunk<PendingMessage> | null = null
  /** Null until an attempt has failed. */
  #history: History | null = null

  /**
   * A plain message is read here and made no instance of: most have no reader, and a queue of them would take a third
   * more memory.
   *
   * @param accepted - default: now, without a time limit.
   * @throws {ConfigError} as `KeyedMessage.from`.
   */
  constructor(
    given: KeyedMessage | MessageLike,
    waiter: OutcomeWaiter | null,
    accepted: Acceptance = { timestampMs: Date.now(), deadlineMs: 0 },
  ) {
    this.waiter = waiter
    let message = given instanceof KeyedMessage ? KeyedMessage.from(given) : null
    if (message === null) {
      checkPlain(given)
      // Each of them once: they may be getters.
      const { topic, key = null, partKey = null, message: value, headers, timestampMs } = given as MessageLike
      const isPlain = (headers ?? null) === null && (timestampMs ?? null) === null
      if (isPlain) {
        checkTopicAndMessage(topic, value)
        this.topic = topic
        this.partitionKey = partKey ?? key
        this.headers = null
        this.#accepted = accepted
        this.key = key as Serialized
        this.value = value as Serialized
        this.#message = null
        return
      }
      message = KeyedMessage.from({
        topic,
        key,
        partKey,
        message: value,
        headers,
        timestampMs,
      } as MessageLike)
    }
    const { timestampMs } = message
    this.topic = message.topic
    this.partitionKey = message.partitionKey
    this.headers = message.headers
    this.#accepted = timestampMs === null ? accepted : { timestampMs, deadlineMs: accepted.deadlineMs }
    this.key = null
    this.value = null
    this.#message = message
  }

  /** The instance that the user gave, or one of what they gave. */
  get message(): KeyedMessage {
    this.#message ??= new KeyedMessage(this.topic, this.key, this.partitionKey, this.value)
    return this.#message
  }

  /** What the user gave as key; null for none. */
  get givenKey(): unknown {
    if (this.#message === null) return this.key
    return this.#message.hasKey ? this.#message.key : null
  }

  /** What the user gave as message. */
  get givenValue(): unknown {
    return this.#message === null ? this.value : this.#message.message
  }

  /** Sets what goes to the wire. */
  setBytes(key: Serialized, value: Serialized): void {
    // What was given stays what `message` shows.
    if (key !== this.key || value !== this.value) void this.message
    this.key = key
    this.value = value
    this.isSerialized = true
  }

  /** On the monotonic clock; 0 where `delivery.timeout.ms` is off. */
  get deadlineMs(): number {
    return this.#accepted.deadlineMs
  }

  /** Milliseconds since the epoch: what the user gave, else when the message was handed over. */
  get timestampMs(): number {
    return this.#accepted.timestampMs
  }

  /** The first failed attempt and the last few, oldest first. */
  get attempts(): readonly FailedAttempt[] {
    return this.#history?.kept ?? noAttempts
  }

  /** Failed attempts in all. */
  get attemptCount(): number {
    return this.#history?.count ?? 0
  }

  get persistence(): Persistence {
    return this.isAmbiguous ? 'possibly-persisted' : 'not-persisted'
  }

  /** @param attempt - shared by all messages it happened to. */
  addAttempt(attempt: FailedAttempt): void {
    this.#history ??= { count: 0, kept: [] }
    const { kept } = this.#history
    this.#history.count++
    if (kept.length > LAST_ATTEMPTS_KEPT) kept.splice(1, 1)
    kept.push(attempt)
    if (attempt.error.persistence !== 'not-persisted') this.isAmbiguous = true
  }
}
