/**
 * One accepted message on its way to its outcome: what the user gave, its bytes, where it goes, what happened to it.
 *
 * What decides where it goes is read once, when it is accepted: the message is the user's, and its class may be as well.
 * Settles exactly once. A plain object on the hot path: no promise, closure or timer belongs to it; whoever waits for
 * the outcome hangs on `waiter`.
 */
import type { Persistence } from '../errors.js'
import type { FailedAttempt, MessageFailure } from '../failure.js'
import { KeyedMessage, type MessageLike } from '../keyed-message.js'
import { checkedPartition, checkPlain, checkTopicAndMessage } from '../message-fields.js'
import type { RecordHeaders } from '../protocol/records/record-body.js'
import type { Serialized } from '../protocol/writer.js'
import { MessageDetails } from './message-details.js'
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
  /** The same on the monotonic clock. */
  readonly acceptedMs: number
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

/** Bits of a state. */
const SERIALIZED = 1
const SETTLED = 2
const IN_FLIGHT = 4
const AMBIGUOUS = 8
const PARTITION_GIVEN = 16

/**
 * A queue of 10,000 of these is copied by the garbage collector: what few of them have is in an object of its own, and flags are
 * bits of one field. 96 bytes instead of 152: CPU.
 */
export class PendingMessage {
  readonly topic: string
  readonly waiter: OutcomeWaiter | null
  /** Shared, since two numbers of their own would take twice the place of a pointer each. */
  readonly #accepted: Acceptance
  /** Of a message without details that is not serialized: what the user gave. */
  key: Serialized
  value: Serialized
  /** The given or the chosen one, −1 while there is none. */
  partition = -1
  #state = 0
  /** Where cycles overlap: what it waits with, or is in a run with; null when it is settled and no request with it is in flight. */
  chunk: Chunk<PendingMessage> | null = null
  /** Null for a plain message with which nothing has gone wrong. */
  #details: MessageDetails | null = null

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
    accepted: Acceptance = { timestampMs: Date.now(), acceptedMs: performance.now(), deadlineMs: 0 },
  ) {
    this.waiter = waiter
    this.#accepted = accepted
    let message = given instanceof KeyedMessage ? KeyedMessage.from(given) : null
    if (message === null) {
      checkPlain(given)
      // Each of them once: they may be getters.
      const {
        topic,
        key = null,
        partKey = null,
        message: value,
        headers = null,
        timestampMs = null,
        partition = null,
      } = given as MessageLike
      const isPlain =
        headers === null &&
        timestampMs === null &&
        partition === null &&
        (partKey === null || partKey === key)
      if (isPlain) {
        checkTopicAndMessage(topic, value)
        this.topic = topic
        this.key = key as Serialized
        this.value = value as Serialized
        return
      }
      const read = { topic, key, partKey, message: value, headers, timestampMs, partition }
      message = KeyedMessage.from(read as MessageLike)
    }
    const { timestampMs, partitionKey, headers, partition = null } = message
    this.topic = message.topic
    if (timestampMs !== null) this.#accepted = { ...accepted, timestampMs }
    this.key = null
    this.value = null
    this.#details = new MessageDetails(message, partitionKey, headers)
    if (partition === null) return
    this.partition = checkedPartition(partition)
    this.#state = PARTITION_GIVEN
  }

  /** The instance that the user gave, or one of what they gave. */
  get message(): KeyedMessage {
    const details = this.#detailed()
    details.message ??= new KeyedMessage(this.topic, this.key, this.key, this.value)
    return details.message
  }

  /** Null: any partition will do. */
  get partitionKey(): unknown {
    return this.#details === null ? this.key : this.#details.partitionKey
  }

  get headers(): RecordHeaders | null {
    return this.#details === null ? null : this.#details.headers
  }

  /** What the user gave as key; null for none. */
  get givenKey(): unknown {
    const message = this.#details?.message ?? null
    if (message === null) return this.key
    return message.hasKey ? message.key : null
  }

  /** What the user gave as message. */
  get givenValue(): unknown {
    const message = this.#details?.message ?? null
    return message === null ? this.value : message.message
  }

  /** Sets what goes to the wire. */
  setBytes(key: Serialized, value: Serialized): void {
    // What was given stays what `message` shows.
    if (key !== this.key || value !== this.value) void this.message
    this.key = key
    this.value = value
    this.isSerialized = true
  }

  get isSerialized(): boolean {
    return (this.#state & SERIALIZED) !== 0
  }

  set isSerialized(is: boolean) {
    this.#set(SERIALIZED, is)
  }

  get isSettled(): boolean {
    return (this.#state & SETTLED) !== 0
  }

  set isSettled(is: boolean) {
    this.#set(SETTLED, is)
  }

  /** From the writing of a request with it to the end of that request; may be settled before, by its time limit. */
  get isInFlight(): boolean {
    return (this.#state & IN_FLIGHT) !== 0
  }

  set isInFlight(is: boolean) {
    this.#set(IN_FLIGHT, is)
  }

  /** Set by an attempt that may have stored the message; stays set. */
  get isAmbiguous(): boolean {
    return (this.#state & AMBIGUOUS) !== 0
  }

  set isAmbiguous(is: boolean) {
    this.#set(AMBIGUOUS, is)
  }

  /** The user has named the partition: it is this one or none. */
  get isPartitionGiven(): boolean {
    return (this.#state & PARTITION_GIVEN) !== 0
  }

  /** Whether no retry may take it to another partition than the one it has. */
  get isBound(): boolean {
    if (this.partition < 0) return false
    return this.partitionKey !== null || (this.#state & (AMBIGUOUS | PARTITION_GIVEN)) !== 0
  }

  #set(flag: number, is: boolean): void {
    if (is) this.#state |= flag
    else this.#state &= ~flag
  }

  /** What counts against `queue.buffering.max.bytes`, where that is set. */
  get queuedBytes(): number {
    return this.#details?.queuedBytes ?? 0
  }

  set queuedBytes(bytes: number) {
    this.#detailed().queuedBytes = bytes
  }

  /** When it was accepted; the same object for messages that were accepted together and have no time of their own. */
  get accepted(): Acceptance {
    return this.#accepted
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
    return this.#details?.attempts ?? []
  }

  /** Failed attempts in all. */
  get attemptCount(): number {
    return this.#details?.attemptCount ?? 0
  }

  get persistence(): Persistence {
    return this.isAmbiguous ? 'possibly-persisted' : 'not-persisted'
  }

  /** @param attempt - shared by all messages it happened to. */
  addAttempt(attempt: FailedAttempt): void {
    this.#detailed().addAttempt(attempt)
    if (attempt.error.persistence !== 'not-persisted') this.isAmbiguous = true
  }

  #detailed(): MessageDetails {
    this.#details ??= new MessageDetails(null, this.key, null)
    return this.#details
  }
}
