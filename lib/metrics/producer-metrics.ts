/**
 * Counts what one producer does. Belongs to its producer; there is no registry in the process.
 *
 * Always on, so it must cost next to nothing: a message is two increments, its meters follow at the next look; the rest is counted per batch or per
 * request. The clock is looked at per request, per batch, and at some of the messages.
 *
 * @see docs/reference/classic-producer.md#metrics; docs/WHERE-WE-DIFFER.md#metrics
 */
import { version } from '../version.js'
import { EntriesInUse } from './entries-in-use.js'
import { Meter, RateClock } from './meter.js'
import { FailureMetrics, LatencyMetrics, type OutcomeName } from './outcome-metrics.js'
import { RequestMetrics } from './request-metrics.js'
import {
  type CounterSeries,
  frozen,
  type GaugeSeries,
  type MeterSeries,
  type MetricName,
  type MetricsSnapshot,
  series,
} from './snapshot.js'
import { TopicMetrics } from './topic-metrics.js'

/** Number of messages between two looks at the clock; a power of two. */
const MESSAGES_PER_LOOK = 64
/** Topics and brokers that are kept whether they are used or not; more than that only those in use. */
const KEPT_TOPICS = 5000
const KEPT_BROKERS = 200
/** The original left the length field and the API key out of a request's size. */
const UNCOUNTED_BYTES = 6

export interface ProducerMetricsOptions {
  readonly clientId: string
  /** Messages in the queue, or null in sync mode. */
  readonly queueSize: (() => number) | null
  /** How many it holds. */
  readonly queueCapacity?: number
  /** Milliseconds on a monotonic clock. Default: performance.now. */
  readonly now?: () => number
}

export class ProducerMetrics {
  readonly #clientId: string
  readonly #queueSize: (() => number) | null
  readonly #queueCapacity: number
  readonly #now: () => number
  readonly #clock: RateClock
  readonly #allTopics: TopicMetrics
  readonly #topics: EntriesInUse<TopicMetrics>
  readonly #allBrokers: RequestMetrics
  readonly #brokers: EntriesInUse<RequestMetrics>
  readonly #serializationErrors: Meter
  readonly #resends: Meter
  readonly #failedSends: Meter
  readonly #deliveredLatency: LatencyMetrics
  readonly #failedLatency: LatencyMetrics
  readonly #failuresByCode: FailureMetrics
  /** The topic of the last message: the next one is often of the same. */
  #lastTopic = ''
  #lastTopicMetrics: TopicMetrics | null = null
  /** Messages of that topic that its meter has not counted yet. */
  #lastTopicMessages = 0
  #messages = 0
  /** Of these, how many the meter of all topics has counted. */
  #markedMessages = 0
  /** Messages that were handed on to cycles. */
  #handedOn = 0
  #delivered = 0
  /** Of the cycle under way: messages that fail before it has serialized were refused by an encoder. */
  #hasSerialized = false
  #hasCycleFailed = false
  #failed = 0
  #unconfirmed = 0

  constructor(options: ProducerMetricsOptions) {
    const { clientId, queueSize, queueCapacity = 0, now = () => performance.now() } = options
    this.#clientId = clientId
    this.#queueSize = queueSize
    this.#queueCapacity = queueCapacity
    this.#now = now
    const clock = new RateClock(now)
    this.#clock = clock
    this.#allTopics = new TopicMetrics(clock, { clientId })
    this.#topics = new EntriesInUse({
      create: (topic) => new TopicMetrics(clock, { clientId, topic }),
      usesOf: ({ messages }) => messages.count,
      kept: KEPT_TOPICS,
    })
    this.#allBrokers = new RequestMetrics(clock, { clientId })
    this.#brokers = new EntriesInUse({
      create: (broker) => new RequestMetrics(clock, { clientId, ...brokerTags(broker) }),
      usesOf: ({ count }) => count,
      kept: KEPT_BROKERS,
    })
    this.#serializationErrors = new Meter(clock)
    this.#resends = new Meter(clock)
    this.#failedSends = new Meter(clock)
    this.#deliveredLatency = new LatencyMetrics(clientId, 'delivered')
    this.#failedLatency = new LatencyMetrics(clientId, 'failed')
    this.#failuresByCode = new FailureMetrics(clientId)
  }

  /** A message was given to `send` or `deliver`. */
  sent(topic: string): void {
    // After a pause the clock is old; during one nothing is open.
    if ((this.#messages & (MESSAGES_PER_LOOK - 1)) === 0 || this.#isIdle) this.#look()
    this.#messages++
    if (topic !== this.#lastTopic || this.#lastTopicMetrics === null) this.#turnTo(topic)
    this.#lastTopicMessages++
  }

  /** Sync mode: this number of messages will have an outcome. In async mode those in the queue will. */
  accepted(messages: number): void {
    this.#handedOn += messages
  }

  /** Messages that were accepted have been taken back, and have no outcome. */
  takenBack(messages: number): void {
    this.#handedOn -= messages
  }

  /** A full queue refused a message. */
  dropped(topic: string): void {
    this.#look()
    this.#allTopics.dropped.mark()
    this.#of(topic).dropped.mark()
  }

  /** An encoder refused a message that had not been accepted yet. */
  refused(): void {
    this.#look()
    this.#serializationErrors.mark()
  }

  delivered(messages: number): void {
    this.#delivered += messages
  }

  /** The monotonic time, for {@link settledAfter}: to be asked once for messages that end together. */
  now(): number {
    return this.#now()
  }

  /** Messages that were accepted together have their outcome. @param nowMs - from {@link now}. */
  settledAfter(outcome: OutcomeName, durationMs: number, messages: number, nowMs: number): void {
    const latency = outcome === 'delivered' ? this.#deliveredLatency : this.#failedLatency
    latency.record(Math.max(0, durationMs), messages, nowMs)
  }

  /** Of those that {@link failed} counts: messages to one topic that failed with one code. */
  failedWith(topic: string, code: string, messages: number): void {
    this.#failuresByCode.record(topic, code, messages)
  }

  failed(messages: number): void {
    this.#failed += messages
    if (!this.#hasSerialized) {
      this.#serializationErrors.mark(messages)
    } else if (!this.#hasCycleFailed) {
      this.#hasCycleFailed = true
      this.#failedSends.mark()
    }
  }

  /** With acks 0: messages that a connection left unconfirmed at its end. */
  unconfirmed(messages: number): void {
    this.#unconfirmed += messages
  }

  /** An attempt left messages without an outcome. */
  attemptFailed(): void {
    this.#look()
    this.#resends.mark()
  }

  /** A cycle begins, after the one before has ended; in async mode its messages have left the queue. */
  cycleBegun(messages: number): void {
    if (this.#queueSize) {
      // Its messages may have lingered for long.
      this.#look()
      this.#handedOn += messages
    }
    this.#hasSerialized = false
    this.#hasCycleFailed = false
  }

  /** The messages of the cycle have bytes now; those that had none have failed. */
  serialized(): void {
    this.#hasSerialized = true
  }

  /** Bytes of serialized values. Called once for a run of messages to the same topic. */
  valueBytes(topic: string, bytes: number): void {
    if (bytes === 0) return
    this.#of(topic).bytes.mark(bytes)
    this.#allTopics.bytes.mark(bytes)
  }

  /**
   * A produce request to `host:port` has completed or failed. It passes the time in: looking at the clock is expensive.
   *
   * @param bytesOnWire - null when it was never encoded.
   * @param endMs - as `startMs` on the clock of these metrics.
   */
  requested(broker: string, bytesOnWire: number | null, startMs: number, endMs: number): void {
    const nowMs = this.#look(endMs)
    const durationMs = endMs - startMs
    const bytes = bytesOnWire === null ? null : bytesOnWire - UNCOUNTED_BYTES
    this.#allBrokers.record(bytes, durationMs, nowMs)
    this.#brokers.get(broker).record(bytes, durationMs, nowMs)
  }

  /** A broker held back an answer, or asks the client to throttle. */
  throttled(broker: string, throttleTimeMs: number): void {
    const nowMs = this.#look()
    this.#allBrokers.throttled(throttleTimeMs, nowMs)
    this.#brokers.get(broker).throttled(throttleTimeMs, nowMs)
  }

  /** All of it as plain values. */
  snapshot(): MetricsSnapshot {
    const nowMs = this.#look()
    const topics = [this.#allTopics, ...this.#topics.values()]
    const brokers = [this.#allBrokers, ...this.#brokers.values()]
    const queueSize = this.#queueSize?.() ?? 0
    return frozen({
      MessagesPerSec: topics.map((topic) => topic.messagesPerSec(nowMs)),
      BytesPerSec: topics.map((topic) => topic.bytesPerSec(nowMs)),
      DroppedMessagesPerSec: topics.map((topic) => topic.droppedPerSec(nowMs)),
      SerializationErrorsPerSec: this.#meter('SerializationErrorsPerSec', this.#serializationErrors),
      ResendsPerSec: this.#meter('ResendsPerSec', this.#resends),
      FailedSendsPerSec: this.#meter('FailedSendsPerSec', this.#failedSends),
      ProducerRequestRateAndTimeMs: brokers.map((broker) => broker.times()),
      ProducerRequestSize: brokers.map((broker) => broker.sizes()),
      ProducerRequestThrottleRateAndTimeMs: brokers.map((broker) => broker.throttleTimes()),
      ProducerQueueSize: this.#queueSize ? this.#gauge('ProducerQueueSize', queueSize) : [],
      ProducerQueueCapacity: this.#queueSize ? this.#gauge('ProducerQueueCapacity', this.#queueCapacity) : [],
      Version: [series('Version', 'gauge', {}, { value: version })],
      MessagesAccepted: this.#counter('MessagesAccepted', this.#handedOn + queueSize),
      MessagesDelivered: this.#counter('MessagesDelivered', this.#delivered),
      MessagesFailed: this.#counter('MessagesFailed', this.#failed),
      MessagesFailedByCode: this.#failuresByCode.read(),
      MessageLatencyMs: [this.#deliveredLatency.read(), this.#failedLatency.read()],
      MessagesUnconfirmed: this.#counter('MessagesUnconfirmed', this.#unconfirmed),
      MessagesOpen: this.#gauge('MessagesOpen', this.#inFlight + queueSize),
      MessagesInFlight: this.#gauge('MessagesInFlight', this.#inFlight),
    })
  }

  /** Looks at the clock. What came before belongs to the time before. */
  #look(nowMs?: number): number {
    if (this.#messages > this.#markedMessages) {
      this.#allTopics.messages.mark(this.#messages - this.#markedMessages)
      this.#markedMessages = this.#messages
      this.#markLastTopic()
    }
    return this.#clock.advance(nowMs)
  }

  get #inFlight(): number {
    return this.#handedOn - this.#delivered - this.#failed
  }

  get #isIdle(): boolean {
    return this.#inFlight === 0 && (this.#queueSize === null || this.#queueSize() === 0)
  }

  #of(topic: string): TopicMetrics {
    if (this.#lastTopicMetrics !== null && topic === this.#lastTopic) return this.#lastTopicMetrics
    return this.#turnTo(topic)
  }

  #turnTo(topic: string): TopicMetrics {
    // Before another one is made, which may forget those that nobody has used.
    this.#markLastTopic()
    this.#lastTopicMetrics = this.#topics.get(topic)
    this.#lastTopic = topic
    return this.#lastTopicMetrics
  }

  #markLastTopic(): void {
    if (this.#lastTopicMessages > 0) this.#lastTopicMetrics?.messages.mark(this.#lastTopicMessages)
    this.#lastTopicMessages = 0
  }

  #meter(name: MetricName, meter: Meter): MeterSeries[] {
    return [series(name, 'meter', { clientId: this.#clientId }, meter.read())]
  }

  #counter(name: MetricName, count: number): CounterSeries[] {
    return [series(name, 'counter', { clientId: this.#clientId }, { count })]
  }

  #gauge(name: MetricName, value: number): GaugeSeries<number>[] {
    return [series(name, 'gauge', { clientId: this.#clientId }, { value })]
  }
}

/** @param broker - `host:port`, `[host]:port` for IPv6. */
function brokerTags(broker: string): { brokerHost: string; brokerPort: string } {
  const colon = broker.lastIndexOf(':')
  const brokerHost = broker.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { brokerHost, brokerPort: broker.slice(colon + 1) }
}
