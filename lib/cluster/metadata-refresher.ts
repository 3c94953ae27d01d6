/**
 * Asks for metadata: one request at a time, shared by all who wait for it. Those that only repeat what failed are
 * limited.
 *
 * Decides nothing about when metadata is due; what the answers say is kept by {@link TopicMetadata}.
 *
 * @see docs/decisions/0000-classic-producer.md#d4, #d5
 */
import type { KafkaError } from '../errors.js'
import type { MetadataResponse } from '../protocol/messages/index.js'
import { RefreshLimiter } from './refresh-limiter.js'
import { RepeatedFailures } from './repeated-failures.js'
import type { MetadataUpdate, TopicMetadata } from './topic-metadata.js'

/** Fetches metadata; a MetadataSource, or a stand-in. */
export interface MetadataFetcher {
  fetch(topics: readonly string[]): Promise<MetadataResponse>
  /** Whether asking again would tell more. Default: no. */
  readonly lacksTopicIds?: boolean
}

export interface MetadataRefresherOptions {
  readonly metadata: TopicMetadata
  readonly source: MetadataFetcher
  /** Called with what each answer brought, before those who wait go on. */
  readonly onUpdate: (update: MetadataUpdate) => void
  /** Called after each refresh. */
  readonly onRefresh?: (topics: readonly string[], error: KafkaError | null) => void
  /** Default: Math.random. */
  readonly random?: () => number
}

interface Refresh {
  readonly topics: Set<string>
  /** Those that were asked for because an attempt has failed. */
  readonly retried: Set<string>
  /** Nothing was asked for but topics that are repeated failures: the limit applies. */
  isRepeat: boolean
  /** Once it is, further topics have to go into the next one. */
  isSent: boolean
  /** Asks again for what a short answer left out; not followed by another one. */
  isFollowUp: boolean
  done: Promise<void>
}

export class MetadataRefresher {
  readonly #options: MetadataRefresherOptions
  readonly #limiter: RefreshLimiter
  readonly #repeatedFailures = new RepeatedFailures()
  #endTurn = (): void => {}
  #isClosed = false
  #running: Refresh | null = null
  #next: Refresh | null = null

  constructor(options: MetadataRefresherOptions) {
    this.#options = options
    this.#limiter = new RefreshLimiter(options.random)
  }

  /** Lets no request wait for its turn any more; what is asked for after this fails by its source. */
  close(): void {
    this.#isClosed = true
    this.#endTurn()
  }

  /** The topic's failures count no longer. */
  forget(topic: string): void {
    this.#repeatedFailures.forget(topic)
  }

  /**
   * Fetches these topics. A refresh under way that covers them all is shared; else one more follows it, which is
   * shared by all who ask meanwhile.
   *
   * @param isRetry - an attempt has failed with what is known. Where the answers go on being the same, they are
   *   asked for less often.
   * @throws {MetadataError} when no broker answered. A topic's own error is no failure here: see
   *   {@link TopicMetadata.lookUp}.
   */
  refresh(topics: Iterable<string>, isRetry = false): Promise<void> {
    const wanted = [...topics]
    if (wanted.length === 0) return Promise.resolve()
    const nowMs = performance.now()
    const isRepeat = wanted.every((topic) => this.#repeatedFailures.isRepeat(topic, isRetry, nowMs))
    this.#running ??= this.#start(Promise.resolve())
    const running = this.#running
    const isTooLate = running.isSent && !wanted.every((topic) => running.topics.has(topic))
    if (isTooLate) this.#next ??= this.#start(running.done)
    const refresh = isTooLate ? this.#next! : running
    for (const topic of wanted) refresh.topics.add(topic)
    if (isRetry) for (const topic of wanted) refresh.retried.add(topic)
    if (!isRepeat) this.#endWaiting(refresh)
    return refresh.done
  }

  /** @param previous - ends before this one begins, well or badly. */
  #start(previous: Promise<void>): Refresh {
    const refresh: Refresh = {
      topics: new Set(),
      retried: new Set(),
      isRepeat: true,
      isSent: false,
      isFollowUp: false,
      done: previous,
    }
    refresh.done = previous
      .catch(() => {})
      .then(() => this.#fetch(refresh))
      .finally(() => {
        this.#running = this.#next
        this.#next = null
      })
    return refresh
  }

  /** Somebody asks for something new: a request that waits for its turn as a repetition waits no longer. */
  #endWaiting(refresh: Refresh): void {
    if (!refresh.isRepeat) return
    refresh.isRepeat = false
    if (refresh === this.#running) this.#endTurn()
  }

  async #fetch(refresh: Refresh): Promise<void> {
    await this.#turn(refresh)
    // Read after the wait: whoever asked meanwhile for other topics is served as well.
    refresh.isSent = true
    const { topics } = refresh
    const names = [...topics]
    const { metadata, source, onUpdate, onRefresh } = this.#options
    try {
      const response = await source.fetch(names)
      this.#limiter.succeeded()
      const update = metadata.take(topics, response)
      this.#count(update, refresh)
      onUpdate(update)
    } catch (error) {
      this.#limiter.failed(performance.now())
      metadata.failed(names, error as KafkaError)
      if (!this.#isClosed) onRefresh?.(names, error as KafkaError)
      throw error
    }
    onRefresh?.(names, null)
    if (source.lacksTopicIds && !refresh.isFollowUp) void refresh.done.then(() => this.#followUp(names))
  }

  /** Beside the traffic, for the topic ids that the first answer of a broker has no room for. */
  #followUp(names: readonly string[]): void {
    if (this.#isClosed) return
    // Another refresh that has begun meanwhile asks over the same connection, and tells as much.
    const isFirst = this.#running === null
    this.refresh(names).catch(() => {})
    if (isFirst) this.#running!.isFollowUp = true
  }

  /** Waits until the limiter lets a request start, or until nobody wants it any more. */
  async #turn(refresh: Refresh): Promise<void> {
    for (;;) {
      // Looked at anew after each wait: somebody may have asked for something that is not to wait.
      const waitMs = this.#limiter.waitMs(performance.now(), refresh.isRepeat)
      if (waitMs === 0 || this.#isClosed) break
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs)
        this.#endTurn = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#limiter.started(performance.now(), refresh.isRepeat)
  }

  /** Which topics have failed again; after a repetition, whether the next one has to wait longer. */
  #count(update: MetadataUpdate, { topics, retried, isRepeat }: Refresh): void {
    const nowMs = performance.now()
    const failures = this.#repeatedFailures
    for (const { topic, hasError, isChanged } of update.topics) {
      if (hasError) {
        failures.hadError(topic, nowMs)
        continue
      }
      failures.wasAnswered(topic, isChanged)
      if (!isChanged && retried.has(topic)) failures.wasUnchanged(topic, nowMs)
    }
    if (!isRepeat) return
    const isFruitless = [...topics].some((topic) => failures.isRepeat(topic, retried.has(topic), nowMs))
    if (isFruitless) this.#limiter.wasFruitless(nowMs)
    else this.#limiter.wasFruitful()
  }
}
