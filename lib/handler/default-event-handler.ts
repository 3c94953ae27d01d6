/**
 * One cycle: serialize → partitionAndCollate → one produce request per leader, in parallel → retry what failed, per
 * (topic, partition), until every message has its outcome.
 *
 * Metadata is refreshed where a topic is unknown, when `topic.metadata.refresh.interval.ms` is due (checked on the way
 * of a send, then beside the traffic when the topics are known), and between attempts. One cycle at a time keeps the
 * order; more may overlap where that is allowed, and keep it by lanes.
 *
 * @see classic-producer reference §3; design D1–D4, D6
 */
import type { KafkaError } from '../errors.js'
import { FailedToSendMessageError, type MessageFailure } from '../failure.js'
import { KeyedMessage } from '../keyed-message.js'
import type { Logger } from '../logger.js'
import type { ProducerPool } from '../pool/producer-pool.js'
import type { BrokerPartitionInfo } from './broker-partition-info.js'
import { CycleLog } from './cycle-log.js'
import { CycleMetadata } from './cycle-metadata.js'
import { CycleWaits } from './cycle-waits.js'
import { Envelope } from './envelope.js'
import type { EventHandler } from './event-handler.js'
import { expiry, lastError } from './give-up-reason.js'
import { LaneDispatch, type OnProgress } from './lane-dispatch.js'
import { LeaderDispatch, type LeaderDispatchOptions } from './leader-dispatch.js'
import { type OutcomeListener, Outcomes } from './outcomes.js'
import { bindToPartition, type CollateContext, partitionAndCollate } from './partition-and-collate.js'
import type { Partitioner } from './partitioners/partitioner.js'
import { type Encoders, serialize } from './serialize.js'

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

export interface DefaultEventHandlerOptions extends Omit<LeaderDispatchOptions, 'outcomes'> {
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
  /** Default: Math.random. */
  readonly random?: () => number
}

export class DefaultEventHandler implements EventHandler {
  readonly #options: DefaultEventHandlerOptions
  readonly #outcomes: Outcomes
  readonly #log: CycleLog
  readonly #leaders: LeaderDispatch
  readonly #metadata: CycleMetadata
  readonly #stickyPartitions = new Map<string, number>()
  readonly #collateContext: CollateContext
  #abortedFor: KafkaError | null = null
  readonly #waits = new CycleWaits((envelopes) => this.#expire(envelopes))
  /** Null where cycles do not overlap. */
  readonly #lanes: LaneDispatch | null
  #closed: Promise<void> | null = null

  constructor(options: DefaultEventHandlerOptions) {
    this.#options = options
    const { brokerPartitionInfo, partitioner, maxInFlight = 1, random = Math.random } = options
    const doOverlap = maxInFlight > 1
    this.#outcomes = new Outcomes(options.listener)
    this.#log = new CycleLog(options.logger)
    this.#leaders = new LeaderDispatch({ ...options, outcomes: this.#outcomes })
    this.#metadata = new CycleMetadata({
      brokerPartitionInfo,
      refreshIntervalMs: options.refreshIntervalMs,
      onRefreshing: () => this.#stickyPartitions.clear(),
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
    this.#lanes = doOverlap ? this.#makeLanes(maxInFlight) : null
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
    const serialized = this.#serializeAll(envelopes)
    this.#options.listener.onSerialized?.(serialized)
    if (this.#lanes) await this.#lanes.dispatch(serialized)
    else await this.#cycle(serialized)
  }

  #makeLanes(maxRuns: number): LaneDispatch {
    const { brokerPartitionInfo } = this.#options
    return new LaneDispatch({
      maxRuns,
      run: (envelopes, onProgress) => this.#cycle(envelopes, onProgress),
      bind: (envelope) => {
        if (brokerPartitionInfo.isCached(envelope.topic)) bindToPartition(envelope, this.#collateContext)
      },
      expire: (envelopes) => this.#expire(envelopes),
    })
  }

  /** @param onProgress - called whenever messages may have been settled or bound to a partition. */
  async #cycle(envelopes: readonly Envelope[], onProgress?: OnProgress): Promise<void> {
    let outstanding = this.#expire(envelopes)
    for (let attempts = 0; outstanding.length > 0; attempts++) {
      const remaining = this.#options.maxRetries + 1 - attempts
      if (this.#abortedFor || remaining <= 0) {
        this.#giveUp(outstanding, attempts)
        return
      }
      outstanding =
        attempts > 0
          ? await this.#pause(outstanding, attempts, remaining)
          : await this.#prepareMetadata(outstanding)
      outstanding = this.#expire(outstanding)
      if (!this.#abortedFor) await this.#attempt(outstanding, onProgress)
      outstanding = outstanding.filter((envelope) => !envelope.isSettled)
      if (outstanding.length > 0 && !this.#abortedFor) this.#options.listener.onAttemptFailed?.()
    }
  }

  /**
   * After acks 0: returns when every connected broker has answered something sent after all of those messages (D9).
   *
   * @throws {ConnectionError | RequestTimeoutError} when a broker does not; what it has read is unknown then.
   */
  async confirm(): Promise<void> {
    await Promise.all(this.#options.pool.members().map((producer) => producer.confirm()))
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
    const atMs = Date.now()
    for (const { envelope, error } of rejections) {
      if (error.retriable) envelope.addAttempt({ atMs, error })
      else hopeless.set(envelope, error)
    }
    this.#log.sending(outstanding.length, batchesByLeader.size)
    this.#log.unassigned(rejections)
    this.#outcomes.failed([...hopeless.keys()], (envelope) => hopeless.get(envelope)!)
    const sending = [...batchesByLeader].map(([leaderId, batches]) => {
      const sent = this.#leaders.dispatch(leaderId, batches)
      return onProgress ? sent.then(() => onProgress(batches)) : sent
    })
    onProgress?.()
    await Promise.all(sending)
  }

  /** @returns the messages that are left: time limits may have ended. */
  async #prepareMetadata(outstanding: readonly Envelope[]): Promise<readonly Envelope[]> {
    const refresh = this.#metadata.prepare(topicsOf(outstanding))
    return refresh ? this.#waits.forAnswer(refresh, outstanding) : outstanding
  }

  /**
   * Between attempts: waits, then asks anew for the topics that are left.
   *
   * @returns the messages that are left: time limits may have ended.
   */
  async #pause(
    outstanding: readonly Envelope[],
    attempts: number,
    remaining: number,
  ): Promise<readonly Envelope[]> {
    const { listener, retryBackoffMs } = this.#options
    const topics = [...topicsOf(outstanding)]
    const messages = outstanding.length
    this.#log.retrying(messages, retryBackoffMs, remaining)
    listener.onRetry({ attempts, remaining, messages, topics, backoffMs: retryBackoffMs })
    const left = await this.#waits.backOff(retryBackoffMs, outstanding)
    if (this.#abortedFor || left.length === 0) return left
    return this.#waits.forAnswer(this.#metadata.askAnew(topicsOf(left)), left)
  }

  /** Fails the messages whose time limit is over. @returns the others. */
  #expire(outstanding: readonly Envelope[]): readonly Envelope[] {
    const nowMs = performance.now()
    const isOver = ({ deadlineMs }: Envelope): boolean => deadlineMs > 0 && deadlineMs <= nowMs
    if (!outstanding.some(isOver)) return outstanding
    this.#outcomes.failed(outstanding.filter(isOver), (envelope) => expiry(envelope))
    return outstanding.filter((envelope) => !envelope.isSettled)
  }

  #giveUp(outstanding: readonly Envelope[], attempts: number): void {
    const reason = this.#abortedFor
    if (!reason) this.#log.gaveUp(outstanding, attempts, lastError(outstanding[0]!))
    this.#outcomes.failed(outstanding, (envelope) => reason ?? lastError(envelope))
  }
}

function topicsOf(envelopes: readonly Envelope[]): Set<string> {
  const topics = new Set<string>()
  for (const { topic } of envelopes) topics.add(topic)
  return topics
}
