/**
 * One cycle: serialize → partitionAndCollate → one produce request per leader, in parallel → retry what failed, per
 * (topic, partition), until every message has its outcome.
 *
 * Metadata is refreshed where a topic is unknown, when `topic.metadata.refresh.interval.ms` is due (checked on the way
 * of a send, then beside the traffic when the topics are known), and between attempts. One cycle at a time keeps the
 * order; more may overlap where that is allowed, and keep it by lanes.
 *
 * @see docs/reference/classic-producer.md#the-cycle; docs/decisions/0000-classic-producer.md#d1, #d2, #d3, #d4, #d6
 */
import type { KafkaError } from '../errors.js'
import { EventLoopYield } from '../event-loop.js'
import { type FailedAttempt, FailedToSendMessageError, type MessageFailure } from '../failure.js'
import { guarded } from '../guarded-logger.js'
import { KeyedMessage } from '../keyed-message.js'
import type { Logger } from '../logger.js'
import type { ProducerPool } from '../pool/producer-pool.js'
import type { Unconfirmed } from '../pool/unconfirmed-writes.js'
import type { BrokerPartitionInfo } from './broker-partition-info.js'
import { CycleLog } from './cycle-log.js'
import { CycleMetadata } from './cycle-metadata.js'
import { CycleSequence } from './cycle-sequence.js'
import { CycleWaits } from './cycle-waits.js'
import { Envelope } from './envelope.js'
import type { EventHandler } from './event-handler.js'
import { expiry, lastError } from './give-up-reason.js'
import { guardedListener } from './guarded-listener.js'
import { hasSettled } from './in-flight-messages.js'
import { LaneDispatch, type OnProgress } from './lane-dispatch.js'
import { LeaderDispatch, type LeaderDispatchOptions } from './leader-dispatch.js'
import { unexpected } from './name-of-thrown.js'
import { type OutcomeListener, Outcomes } from './outcomes.js'
import { bindToPartition, type CollateContext, partitionAndCollate } from './partition-and-collate.js'
import type { Partitioner } from './partitioners/partitioner.js'
import { type Encoders, serialize } from './serialize.js'
import { TimeLimits } from './time-limits.js'
import { UnprovenPartitions } from './unproven-partitions.js'

export interface RetryEvent {
  /** Attempts made so far. */
  readonly attempts: number
  /** Attempts left. */
  readonly remaining: number
  /** Messages that will be tried again. */
  readonly messages: number
  readonly topics: readonly string[]
  /** Milliseconds until the next attempt. */
  readonly backoffMs: number
}

export interface DefaultEventHandlerOptions
  extends Omit<LeaderDispatchOptions, 'outcomes' | 'leaderOf' | 'unproven'> {
  readonly pool: ProducerPool
  readonly brokerPartitionInfo: BrokerPartitionInfo
  readonly partitioner: Partitioner
  readonly encoders: Encoders
  readonly logger: Logger
  readonly listener: OutcomeListener & {
    onRetry(event: RetryEvent): void
    /** What is left of a cycle's messages after those that an encoder refused have failed. */
    onSerialized?(envelopes: readonly Envelope[]): void
    /** An attempt has left messages without an outcome, the last one allowed included. */
    onAttemptFailed?(): void
  }
  /** `message.send.max.retries`; attempts are one more. */
  readonly maxRetries: number
  readonly retryBackoffMs: number
  /** `topic.metadata.refresh.interval.ms`: > 0 periodic, 0 before every attempt, < 0 only when needed. */
  readonly refreshIntervalMs: number
  /** `max.in.flight.requests.per.connection`: above 1, cycles may overlap. Default 1: the caller sees to it. */
  readonly maxInFlight?: number
  /** Asked at the end of each cycle. Default: one of its own. */
  readonly eventLoop?: EventLoopYield
  /** Default: Math.random. */
  readonly random?: () => number
}

export class DefaultEventHandler implements EventHandler {
  readonly #options: DefaultEventHandlerOptions
  readonly #eventLoop: EventLoopYield
  readonly #outcomes: Outcomes
  readonly #log: CycleLog
  readonly #leaders: LeaderDispatch
  readonly #metadata: CycleMetadata
  readonly #unproven = new UnprovenPartitions()
  readonly #stickyPartitions = new Map<string, number>()
  readonly #collateContext: CollateContext
  #abortedFor: KafkaError | null = null
  readonly #waits = new CycleWaits()
  readonly #cycles: LaneDispatch | CycleSequence
  #closed: Promise<void> | null = null

  constructor(given: DefaultEventHandlerOptions) {
    const logger = guarded(given.logger)
    const options = { ...given, logger, listener: guardedListener(given.listener, logger) }
    this.#options = options
    const { brokerPartitionInfo, partitioner, maxInFlight = 1, random = Math.random } = options
    const doOverlap = maxInFlight > 1
    this.#eventLoop = options.eventLoop ?? new EventLoopYield()
    this.#outcomes = new Outcomes(options.listener)
    this.#log = new CycleLog(options.logger)
    this.#leaders = new LeaderDispatch({
      ...options,
      outcomes: this.#outcomes,
      leaderOf: (topic, partition) => brokerPartitionInfo.leaderOf(topic, partition),
      unproven: this.#unproven,
    })
    this.#metadata = new CycleMetadata({
      brokerPartitionInfo,
      refreshIntervalMs: options.refreshIntervalMs,
      onRefreshing: () => this.#stickyPartitions.clear(),
      onForgotten: (topic) => this.#stickyPartitions.delete(topic),
      onFailed: (error) => {
        if (!this.#abortedFor && !this.#closed) this.#log.refreshFailed(error)
      },
    })
    this.#collateContext = {
      partitioner,
      topic: (name) => brokerPartitionInfo.lookUp(name),
      stickyPartitions: this.#stickyPartitions,
      keepsPartitions: doOverlap,
      random,
    }
    this.#cycles = doOverlap ? this.#makeLanes(maxInFlight) : this.#makeSequence()
  }

  /** Sends plain messages; each cycle through `Producer` goes by {@link dispatch}. */
  async handle(messages: readonly KeyedMessage[]): Promise<void> {
    const failureByEnvelope = new Map<Envelope, MessageFailure>()
    const waiter = {
      delivered: (): void => {},
      failed: (failure: MessageFailure, envelope: Envelope) => void failureByEnvelope.set(envelope, failure),
    }
    const envelopes = messages.map((message) => new Envelope(KeyedMessage.from(message), waiter))
    await this.dispatch(envelopes)
    if (failureByEnvelope.size === 0) return
    const failures = envelopes.flatMap((envelope) => failureByEnvelope.get(envelope) ?? [])
    throw new FailedToSendMessageError(failures, messages.length)
  }

  /** Fills in the bytes; @returns why a message can never be sent, or null. */
  serialize(envelope: Envelope): KafkaError | null {
    return serialize(envelope, this.#options.encoders)
  }

  /** Sends messages until every one is settled. Never rejects. */
  async dispatch(envelopes: readonly Envelope[]): Promise<void> {
    try {
      const serialized = this.#serializeAll(envelopes)
      this.#options.listener.onSerialized?.(serialized)
      await this.#cycles.dispatch(serialized)
    } catch (thrown) {
      this.#breakOff(envelopes, thrown)
    }
  }

  /** Nothing should throw in a cycle; whatever does, its messages get an outcome and the next cycle begins. */
  async #guardedCycle(
    envelopes: readonly Envelope[],
    limits: TimeLimits | null,
    onProgress?: OnProgress,
  ): Promise<void> {
    try {
      await this.#cycle(envelopes, limits, onProgress)
    } catch (thrown) {
      this.#breakOff(envelopes, thrown)
    } finally {
      limits?.end()
    }
    // With acks 0 nothing of a cycle has waited for the event loop.
    const turn = this.#eventLoop.due()
    if (turn) await turn
  }

  #breakOff(envelopes: readonly Envelope[], thrown: unknown): void {
    const error = unexpected(thrown)
    const open = envelopes.filter(({ isSettled }) => !isSettled)
    this.#options.logger.error(`${error.message}; ${open.length} messages were given up`)
    const attempt = { atMs: Date.now(), error }
    for (const envelope of open) envelope.addAttempt(attempt)
    this.#outcomes.failed(open, () => error)
  }

  #makeSequence(): CycleSequence {
    return new CycleSequence({
      run: (envelopes, limits) =>
        this.#guardedCycle(envelopes, limits, limits ? () => limits.check() : undefined),
      expire: (envelopes) => this.#expire(envelopes),
    })
  }

  #makeLanes(maxRuns: number): LaneDispatch {
    const { brokerPartitionInfo } = this.#options
    return new LaneDispatch({
      maxRuns,
      run: (envelopes, onProgress) => {
        const limits = TimeLimits.of(envelopes, (over) => {
          this.#expire(over)
          onProgress([{ envelopes: over }])
        })
        return this.#guardedCycle(envelopes, limits, onProgress)
      },
      bind: (envelope) => {
        if (brokerPartitionInfo.isCached(envelope.topic)) bindToPartition(envelope, this.#collateContext)
      },
      expire: (envelopes) => this.#expire(envelopes),
    })
  }

  /**
   * Ends when every message is settled and nothing of them is under way.
   *
   * @param limits - of these messages; settles them whatever is waited for here.
   * @param onProgress - called whenever messages may have been settled or bound to a partition.
   */
  async #cycle(
    envelopes: readonly Envelope[],
    limits: TimeLimits | null,
    onProgress?: OnProgress,
  ): Promise<void> {
    limits?.check()
    let outstanding = limits ? unsettled(envelopes) : envelopes
    for (let attempts = 0; outstanding.length > 0; attempts++) {
      const remaining = this.#options.maxRetries + 1 - attempts
      if (this.#abortedFor || remaining <= 0) {
        this.#giveUp(outstanding, attempts)
        break
      }
      if (attempts > 0) await this.#pause(outstanding, attempts, remaining, limits)
      else await this.#prepareMetadata(outstanding, limits)
      if (limits) outstanding = unsettled(outstanding)
      if (outstanding.length > 0 && !this.#abortedFor) await this.#attempt(outstanding, onProgress)
      outstanding = unsettled(outstanding)
      if (outstanding.length > 0 && !this.#abortedFor) this.#options.listener.onAttemptFailed?.()
    }
  }

  /**
   * After acks 0: returns when every connected broker has answered something sent after all of those messages.
   *
   * @throws {ConnectionError | RequestTimeoutError} when a broker does not; what it has read is unknown then.
   */
  async confirm(): Promise<void> {
    const confirmed = this.#options.pool.members().map((producer) => producer.confirm())
    const failed = (await Promise.allSettled(confirmed)).find(({ status }) => status === 'rejected')
    if (failed) throw (failed as PromiseRejectedResult).reason
  }

  /**
   * A connection has ended with requests that have no answer. Its broker may not lead their partitions any more, so
   * their topics are asked for before anything more is sent, and the next request is sent so that it is answered.
   */
  unconfirmed(unconfirmed: Unconfirmed): void {
    this.#unproven.add(unconfirmed)
    this.#options.brokerPartitionInfo.markStale(unconfirmed.partitionsByTopic.keys())
  }

  /** Lets whatever is under way fail with this reason, now. */
  abort(reason: KafkaError): void {
    this.#abortedFor ??= reason
    this.#waits.end()
    void this.#options.pool.close(reason)
  }

  /** Closes all connections. A second call returns the same promise. */
  close(): Promise<void> {
    if (!this.#closed) {
      this.#log.closing()
      this.#closed = this.#options.pool.close()
    }
    return this.#closed
  }

  #serializeAll(envelopes: readonly Envelope[]): readonly Envelope[] {
    const refused = new Map<Envelope, KafkaError>()
    for (const envelope of envelopes) {
      if (envelope.isSerialized) continue
      const error = this.serialize(envelope)
      if (error) refused.set(envelope, error)
    }
    if (refused.size === 0) return envelopes
    this.#log.refused(refused.size)
    this.#outcomes.failed([...refused.keys()], (envelope) => refused.get(envelope)!)
    return envelopes.filter((envelope) => !refused.has(envelope))
  }

  async #attempt(outstanding: readonly Envelope[], onProgress?: OnProgress): Promise<void> {
    const { batchesByLeader, rejections } = partitionAndCollate(outstanding, this.#collateContext)
    const hopeless = new Map<Envelope, KafkaError>()
    const attemptByError = new Map<KafkaError, FailedAttempt>()
    for (const { envelope, error } of rejections) {
      if (!error.retriable) {
        hopeless.set(envelope, error)
        continue
      }
      const attempt = attemptByError.get(error) ?? { atMs: Date.now(), error }
      attemptByError.set(error, attempt)
      envelope.addAttempt(attempt)
    }
    this.#log.sending(outstanding.length, batchesByLeader.size)
    this.#log.unassigned(rejections)
    this.#outcomes.failed([...hopeless.keys()], (envelope) => hopeless.get(envelope)!)
    const sending = [...batchesByLeader].map(([leaderId, batches]) => {
      const sent = this.#leaders.dispatch(leaderId, batches)
      return onProgress ? sent.then(() => onProgress(batches)) : sent
    })
    onProgress?.()
    // All of them have ended before anything else happens to their messages, also when one of them failed.
    for (const sent of await Promise.allSettled(sending)) if (sent.status === 'rejected') throw sent.reason
  }

  async #prepareMetadata(outstanding: readonly Envelope[], limits: TimeLimits | null): Promise<void> {
    const refresh = this.#metadata.prepare(topicsOf(outstanding))
    if (refresh) await this.#waits.forAnswer(refresh, limits)
  }

  /** Between attempts: waits, then asks anew for the topics that are left. */
  async #pause(
    outstanding: readonly Envelope[],
    attempts: number,
    remaining: number,
    limits: TimeLimits | null,
  ): Promise<void> {
    const { listener, retryBackoffMs } = this.#options
    const topics = [...topicsOf(outstanding)]
    const messages = outstanding.length
    this.#log.retrying(messages, retryBackoffMs, remaining)
    listener.onRetry({ attempts, remaining, messages, topics, backoffMs: retryBackoffMs })
    await this.#waits.backOff(retryBackoffMs, limits)
    const left = limits ? unsettled(outstanding) : outstanding
    if (this.#abortedFor || left.length === 0) return
    await this.#waits.forAnswer(this.#metadata.askAnew(topicsOf(left)), limits)
  }

  /** Fails the messages whose time limit is over. What is in flight may be stored: nobody knows before the answer. */
  #expire(envelopes: readonly Envelope[]): void {
    const nowMs = performance.now()
    const over = envelopes.filter(
      ({ deadlineMs, isSettled }) => !isSettled && deadlineMs > 0 && deadlineMs <= nowMs,
    )
    for (const envelope of over) envelope.isAmbiguous ||= envelope.isInFlight
    this.#outcomes.failed(over, (envelope) => expiry(envelope))
  }

  #giveUp(outstanding: readonly Envelope[], attempts: number): void {
    const reason = this.#abortedFor
    if (!reason) {
      this.#log.gaveUp(outstanding, attempts, lastError(outstanding[0]!))
      // No attempt follows that would ask for them, but the next message should not meet the same leader.
      this.#options.brokerPartitionInfo.markStale(topicsOf(outstanding))
    }
    this.#outcomes.failed(outstanding, (envelope) => reason ?? lastError(envelope))
  }
}

/** The same list where none is settled. */
function unsettled(envelopes: readonly Envelope[]): readonly Envelope[] {
  if (!hasSettled(envelopes)) return envelopes
  return envelopes.filter(({ isSettled }) => !isSettled)
}

function topicsOf(envelopes: readonly Envelope[]): Set<string> {
  const topics = new Set<string>()
  for (const { topic } of envelopes) topics.add(topic)
  return topics
}
