/**
 * Which topics a producer uses, and when it asks for metadata: at once for topics that were never asked for, and after a
 * back-off where answers fail or bring nothing new; for all topics in use when `metadata.max.age.ms` has passed. Topics that are
 * not used for `metadata.max.idle.ms` are forgotten.
 *
 * Has no timer: {@link ProducerMetadata.nextDueMs} says when {@link ProducerMetadata.poll} is to be called next.
 *
 * @see Kafka's ProducerMetadata and Metadata 4.3; KIP-526, KIP-580
 */
import type { ClusterMetadata, ClusterTopic } from '../cluster/cluster-metadata.js'
import type { MetadataFetcher } from '../cluster/metadata-refresher.js'
import type { KafkaError } from '../errors.js'
import type { MetadataResponse } from '../protocol/messages/index.js'
import { type RetryBackoffOptions, retryBackoffMs } from './retry-backoff.js'

export interface ProducerMetadataOptions {
  readonly cluster: ClusterMetadata
  readonly source: MetadataFetcher
  readonly retryBackoff: RetryBackoffOptions
  /** `metadata.max.age.ms`. */
  readonly maxAgeMs: number
  /** `metadata.max.idle.ms`. */
  readonly maxIdleMs: number
  /** An answer was taken, or nobody answered. */
  onUpdate(error: KafkaError | null): void
}

/** A topic in use. */
export interface UsedTopic {
  /** null while nothing is known of it. */
  view: ClusterTopic | null
  usedMs: number
  /** Whether an answer has come for it, good or bad. */
  isAnswered: boolean
}

export class ProducerMetadata {
  readonly #options: ProducerMetadataOptions
  readonly #topics = new Map<string, UsedTopic>()
  #isFetching = false
  #hasAnswer = false
  #isClosed = false
  /** Something may have changed: all topics are to be asked for. */
  #isWanted = false
  /** There are topics without an answer. */
  #hasNew = false
  #lastFullMs = Number.NEGATIVE_INFINITY
  #retryAtMs = 0
  /** Fetches in a row that nobody answered. */
  #failures = 0
  /** Answers in a row that brought nothing new. */
  #fruitless = 0
  #lastError: KafkaError | null = null

  constructor(options: ProducerMetadataOptions) {
    this.#options = options
  }

  /** The topic, which is in use from now on. */
  use(name: string, nowMs: number): UsedTopic {
    let topic = this.#topics.get(name)
    if (topic === undefined) {
      topic = { view: this.#options.cluster.topic(name), usedMs: nowMs, isAnswered: false }
      this.#topics.set(name, topic)
      this.#hasNew = true
    }
    topic.usedMs = nowMs
    return topic
  }

  /** Topics are in use, and nobody has answered for any yet. */
  get isFirstWanted(): boolean {
    return this.#topics.size > 0 && !this.#hasAnswer
  }

  get names(): Iterable<string> {
    return this.#topics.keys()
  }

  /** Why nobody answered the last time; null where somebody did. */
  get lastError(): KafkaError | null {
    return this.#lastError
  }

  /** When all topics were asked for and answered the last time; −Infinity for never. */
  get lastFullMs(): number {
    return this.#lastFullMs
  }

  /** What is known may be out of date. */
  requestUpdate(): void {
    this.#isWanted = true
  }

  /** When to ask next; Infinity while a fetch is under way, and where no topic is in use. */
  nextDueMs(): number {
    if (this.#isFetching || this.#isClosed || this.#topics.size === 0) return Number.POSITIVE_INFINITY
    if (this.#hasNew && this.#failures === 0) return 0
    const ageMs = this.#lastFullMs + this.#options.maxAgeMs
    return Math.max(this.#retryAtMs, this.#isWanted || this.#hasNew ? 0 : ageMs)
  }

  /** Asks if that is due. */
  poll(nowMs: number): void {
    if (this.nextDueMs() > nowMs) return
    const isPartial = this.#hasNew && !this.#isWanted && this.#lastFullMs + this.#options.maxAgeMs > nowMs
    if (!isPartial) this.#forgetIdle(nowMs)
    const names = [...this.#topics].flatMap(([name, { isAnswered }]) =>
      isPartial && isAnswered ? [] : [name],
    )
    this.#isWanted = false
    this.#hasNew = false
    if (names.length > 0) void this.#fetch(new Set(names), isPartial)
  }

  close(): void {
    this.#isClosed = true
  }

  #forgetIdle(nowMs: number): void {
    const { cluster, maxIdleMs } = this.#options
    for (const [name, { usedMs, isAnswered }] of this.#topics) {
      if (!isAnswered || nowMs - usedMs < maxIdleMs) continue
      this.#topics.delete(name)
      cluster.forget(name)
    }
  }

  /** Never rejects. */
  async #fetch(names: ReadonlySet<string>, isPartial: boolean): Promise<void> {
    const { source, onUpdate } = this.#options
    this.#isFetching = true
    try {
      const response = await source.fetch([...names])
      this.#isFetching = false
      this.#take(names, response, isPartial)
    } catch (error) {
      this.#isFetching = false
      this.#failed(error as KafkaError)
    }
    if (!this.#isClosed) onUpdate(this.#lastError)
  }

  #take(names: ReadonlySet<string>, response: MetadataResponse, isPartial: boolean): void {
    const { cluster } = this.#options
    const isChanged = cluster.take(names, response)
    const nowMs = performance.now()
    this.#lastError = null
    this.#hasAnswer = true
    this.#failures = 0
    this.#fruitless = isChanged ? 0 : this.#fruitless + 1
    if (!isPartial) this.#lastFullMs = nowMs
    this.#backOff(this.#fruitless, nowMs)
    for (const name of names) {
      const topic = this.#topics.get(name)
      if (!topic) continue
      topic.isAnswered = true
      topic.view = cluster.topic(name)
    }
  }

  /** A produce answer has named new leaders. */
  refreshViews(): void {
    for (const [name, topic] of this.#topics) topic.view = this.#options.cluster.topic(name)
  }

  #failed(error: KafkaError): void {
    this.#lastError = error
    this.#failures++
    this.#isWanted = true
    this.#backOff(this.#failures, performance.now())
  }

  #backOff(times: number, nowMs: number): void {
    this.#retryAtMs = times === 0 ? 0 : nowMs + retryBackoffMs(times - 1, this.#options.retryBackoff)
  }
}
