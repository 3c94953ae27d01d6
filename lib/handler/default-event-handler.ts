/**
 * Serializes messages and lets them through their cycles until each has its outcome, whatever happens in a cycle.
 *
 * One cycle at a time keeps the order; more may overlap where that is allowed, and keep it per partition: one that has a
 * message in flight is held. What a cycle does is in `cycle-attempts.ts`; here it is built, guarded and ended.
 *
 * @see docs/reference/classic-producer.md#the-cycle; docs/decisions/0000-classic-producer.md#d1, #d3, #d6
 */

import { counted } from '../counted.js'
import { ConfigError, type KafkaError } from '../errors.js'
import { EventLoopYield } from '../event-loop.js'
import { FailedToSendMessageError, type MessageFailure } from '../failure.js'
import { KeyedMessage } from '../keyed-message.js'
import { guarded, type Logger } from '../logger.js'
import { unexpected } from '../name-of-thrown.js'
import type { ProducerPool } from '../pool/producer-pool.js'
import type { Unconfirmed } from '../pool/unconfirmed-writes.js'
import type { Compression } from '../protocol/records/compression.js'
import type { BrokerPartitionInfo } from './broker-partition-info.js'
import { bindToPartition, type CollateContext } from './choose-partition.js'
import { CycleAttempts } from './cycle-attempts.js'
import { type CycleListener, guardedListener } from './cycle-listener.js'
import { CycleLog } from './cycle-log.js'
import { CycleMetadata } from './cycle-metadata.js'
import { CycleSequence } from './cycle-sequence.js'
import type { EventHandler } from './event-handler.js'
import { areSettled } from './in-flight-messages.js'
import { LeaderDispatch } from './leader-dispatch.js'
import { NumberedBatches } from './numbered-batches.js'
import { Outcomes } from './outcomes.js'
import { type OnProgress, OverlappingDispatch } from './overlapping-dispatch.js'
import type { MessageGroup } from './partition-and-collate.js'
import type { Partitioner } from './partitioners/partitioner.js'
import { PendingMessage } from './pending-message.js'
import { type Encoders, Serialization, serialize } from './serialize.js'
import { expiryOf, TimeLimits } from './time-limits.js'
import { UnprovenPartitions } from './unproven-partitions.js'

export interface DefaultEventHandlerOptions {
  readonly pool: ProducerPool
  readonly brokerPartitionInfo: BrokerPartitionInfo
  readonly partitioner: Partitioner
  readonly encoders: Encoders
  readonly logger: Logger
  readonly listener: CycleListener
  /** `request.required.acks`. */
  readonly acks: number
  /** `request.timeout.ms`: how long the broker may take. */
  readonly requestTimeoutMs: number
  readonly compression: Compression | null
  /** Topics whose batches are compressed; empty means all topics. */
  readonly compressedTopics: ReadonlySet<string>
  /** `headers.on.old.brokers`. Default: fail. */
  readonly headersOnOldBrokers?: 'fail' | 'drop'
  /** The id that newer brokers know a topic by; all zero where it is not known, as it is by default. */
  readonly topicIdOf?: (topic: string) => Uint8Array
  /** `message.send.max.retries`; attempts are one more. */
  readonly maxRetries: number
  readonly retryBackoffMs: number
  /** `topic.metadata.refresh.interval.ms`: > 0 periodic, 0 before every attempt, < 0 only when needed. */
  readonly refreshIntervalMs: number
  /** `max.in.flight.requests.per.connection`: above 1, cycles may overlap. Default 1: the caller sees to it. */
  readonly maxInFlight?: number
  /** `enable.idempotence`: no retry stores a message twice. Needs acks −1 and Kafka 0.11 or newer. Default false. */
  readonly enableIdempotence?: boolean
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
  readonly #unproven = new UnprovenPartitions()
  readonly #serialization: Serialization
  readonly #numbers: NumberedBatches | null
  readonly #collateContext: CollateContext
  readonly #attempts: CycleAttempts
  readonly #cycles: OverlappingDispatch | CycleSequence
  #closed: Promise<void> | null = null

  constructor(given: DefaultEventHandlerOptions) {
    const logger = guarded(given.logger)
    const options = { ...given, logger, listener: guardedListener(given.listener, logger) }
    this.#options = options
    const { brokerPartitionInfo, partitioner, maxInFlight = 1, random = Math.random } = options
    const { enableIdempotence = false, acks } = options
    if (enableIdempotence && acks !== -1)
      throw new ConfigError(`enableIdempotence needs acks -1, and it is ${acks}`, 'request.required.acks')
    this.#eventLoop = options.eventLoop ?? new EventLoopYield()
    this.#outcomes = new Outcomes(options.listener)
    this.#log = new CycleLog(options.logger)
    this.#serialization = new Serialization(options.encoders)
    this.#numbers = enableIdempotence
      ? new NumberedBatches({ outcomes: this.#outcomes, logger: options.logger })
      : null
    this.#collateContext = {
      partitioner,
      topic: (name) => brokerPartitionInfo.lookUp(name),
      stickyPartitions: new Map(),
      // A batch that may be stored has its numbers in that partition alone.
      keepsPartitions: maxInFlight > 1 || enableIdempotence,
      random,
    }
    this.#attempts = this.#makeAttempts(options)
    this.#cycles = maxInFlight > 1 ? this.#makeOverlapping(maxInFlight) : this.#makeSequence()
  }

  /** Sends plain messages; each cycle through `Producer` goes by {@link dispatch}. */
  async handle(messages: readonly KeyedMessage[]): Promise<void> {
    const failureByMessage = new Map<PendingMessage, MessageFailure>()
    const waiter = {
      delivered: (): void => {},
      failed: (failure: MessageFailure, message: PendingMessage) =>
        void failureByMessage.set(message, failure),
    }
    const pending = messages.map((message) => new PendingMessage(KeyedMessage.from(message), waiter))
    await this.dispatch(pending)
    if (failureByMessage.size === 0) return
    const failures = pending.flatMap((message) => failureByMessage.get(message) ?? [])
    throw new FailedToSendMessageError(failures, messages.length)
  }

  /** Fills in the bytes; @returns why a message can never be sent, or null. */
  serialize(message: PendingMessage): KafkaError | null {
    return serialize(message, this.#options.encoders)
  }

  /**
   * Does what needs no answer for messages that {@link dispatch} is called with next, while a cycle is under way. A hint: they
   * are sent as if it had not been given.
   */
  prepare(messages: readonly PendingMessage[]): void {
    try {
      if (this.#serialization.ahead(messages)) this.#attempts.prepare(messages, null)
    } catch {
      // Their cycle will find the same, and has an outcome for it.
    }
  }

  /** Sends messages until every one is settled. Never rejects. */
  async dispatch(messages: readonly PendingMessage[]): Promise<void> {
    try {
      const serialized = this.#serializeAll(messages)
      this.#options.listener.onSerialized?.(serialized)
      await this.#cycles.dispatch(serialized)
    } catch (thrown) {
      this.#breakOff(messages, thrown)
    }
  }

  /** Nothing should throw in a cycle; whatever does, its messages get an outcome and the next cycle begins. */
  async #guardedCycle(
    messages: readonly PendingMessage[],
    limits: TimeLimits | null,
    onProgress?: OnProgress,
    groups?: readonly MessageGroup[],
  ): Promise<void> {
    try {
      await this.#attempts.run(messages, limits, onProgress, groups)
      // A message that were neither settled nor returned for a retry would leave its caller waiting for ever.
      if (!areSettled(messages)) this.#breakOff(messages, new Error('no outcome'))
    } catch (thrown) {
      this.#breakOff(messages, thrown)
    } finally {
      limits?.end()
      this.#numbers?.dropSettled()
    }
    // With acks 0 nothing of a cycle has waited for the event loop.
    const turn = this.#eventLoop.due()
    if (turn) await turn
  }

  #breakOff(messages: readonly PendingMessage[], thrown: unknown): void {
    const error = unexpected(thrown)
    const open = messages.filter(({ isSettled }) => !isSettled)
    this.#options.logger.error(`${error.message}; ${counted(open.length, 'message')} failed`)
    const attempt = { atMs: Date.now(), error }
    for (const message of open) message.addAttempt(attempt)
    this.#outcomes.failed(open, () => error)
  }

  #makeAttempts(options: DefaultEventHandlerOptions & { listener: Required<CycleListener> }): CycleAttempts {
    const { brokerPartitionInfo, refreshIntervalMs } = options
    const { stickyPartitions } = this.#collateContext
    const metadata = new CycleMetadata({
      brokerPartitionInfo,
      refreshIntervalMs,
      onRefreshing: () => {
        stickyPartitions.clear()
        this.#attempts.forgetPrepared()
      },
      onForgotten: (topic) => stickyPartitions.delete(topic),
      onFailed: (error) => {
        if (!this.#attempts.isAborted && !this.#closed) this.#log.refreshFailed(error)
      },
    })
    const leaders = new LeaderDispatch({
      ...options,
      outcomes: this.#outcomes,
      leaderOf: (topic, partition) => brokerPartitionInfo.leaderOf(topic, partition),
      unproven: this.#unproven,
      numbers: this.#numbers,
    })
    const collateContext = this.#collateContext
    return new CycleAttempts({
      brokerPartitionInfo,
      metadata,
      collateContext,
      leaders,
      outcomes: this.#outcomes,
      log: this.#log,
      listener: options.listener,
      maxRetries: options.maxRetries,
      retryBackoffMs: options.retryBackoffMs,
    })
  }

  #makeSequence(): CycleSequence {
    return new CycleSequence({
      run: (messages, limits) =>
        this.#guardedCycle(messages, limits, limits ? () => limits.check() : undefined),
      expire: (messages) => this.#expire(messages),
    })
  }

  /** Of messages that wait, serialized and bound to their partitions. */
  #prepareGroups(messages: readonly PendingMessage[], groups: readonly MessageGroup[]): void {
    try {
      this.#attempts.prepare(messages, groups)
    } catch {
      // As in `prepare`.
    }
  }

  #makeOverlapping(maxInFlight: number): OverlappingDispatch {
    const { brokerPartitionInfo } = this.#options
    return new OverlappingDispatch({
      maxInFlight,
      run: (messages, onProgress, groups) => {
        const limits = TimeLimits.of(messages, (over) => {
          this.#expire(over)
          onProgress([{ messages: over }])
        })
        return this.#guardedCycle(messages, limits, onProgress, groups)
      },
      bind: (message) => {
        if (brokerPartitionInfo.isCached(message.topic)) bindToPartition(message, this.#collateContext)
      },
      prepare: (messages, groups) => {
        if (messages) this.#prepareGroups(messages, groups)
        else this.#attempts.forgetPrepared()
      },
      expire: (messages) => this.#expire(messages),
    })
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
    this.#attempts.abort(reason)
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

  #serializeAll(messages: readonly PendingMessage[]): readonly PendingMessage[] {
    const refused = this.#serialization.all(messages)
    if (refused.size === 0) return messages
    this.#log.refused(refused.size)
    this.#outcomes.failed([...refused.keys()], (message) => refused.get(message)!)
    return messages.filter((message) => !refused.has(message))
  }

  /** Fails the messages whose time limit has passed. What is in flight may be stored: nobody knows before the answer. */
  #expire(messages: readonly PendingMessage[]): void {
    const nowMs = performance.now()
    const over = messages.filter(
      ({ deadlineMs, isSettled }) => !isSettled && deadlineMs > 0 && deadlineMs <= nowMs,
    )
    for (const message of over) message.isAmbiguous ||= message.isInFlight
    this.#outcomes.failed(over, (message) => expiryOf(message))
  }
}
