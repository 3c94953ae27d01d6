/**
 * When a cycle asks for metadata, and for which topics: before its first attempt for what is unknown or due, between
 * attempts for what is left. Knows no messages; who waits for an answer, and how long, is the cycle's affair.
 *
 * @see docs/reference/classic-producer.md#when-metadata-is-refreshed; docs/decisions/0000-classic-producer.md#d4, #d5
 */

import { IdleTopics } from '../cluster/idle-topics.js'
import { RefreshSchedule } from '../cluster/refresh-schedule.js'
import type { BrokerPartitionInfo } from './broker-partition-info.js'

export interface CycleMetadataOptions {
  readonly brokerPartitionInfo: BrokerPartitionInfo
  /** `topic.metadata.refresh.interval.ms`: > 0 periodic, 0 before every attempt, < 0 only when needed. */
  readonly refreshIntervalMs: number
  /** Partitions that stay until the next refresh are to be chosen anew. */
  onRefreshing(): void
  /** The topic was not used for minutes: nothing is to be kept of it. */
  onForgotten(topic: string): void
  /** A failing refresh stops nothing: what is known goes on being used, what is not fails its messages. */
  onFailed(error: Error): void
}

export class CycleMetadata {
  readonly #options: CycleMetadataOptions
  readonly #schedule: RefreshSchedule
  readonly #idle = new IdleTopics()

  constructor(options: CycleMetadataOptions) {
    this.#options = options
    this.#schedule = new RefreshSchedule(options.refreshIntervalMs)
  }

  /**
   * Before the first attempt: what is merely due is asked for beside the traffic, but with an interval of 0, where
   * the answer comes before the send.
   *
   * @returns what is to be waited for, as topics are unknown or not to be relied on, or the interval is 0; else null.
   *   Never rejects.
   */
  prepare(topics: ReadonlySet<string>): Promise<void> | null {
    const { brokerPartitionInfo, refreshIntervalMs } = this.#options
    const missing = [...topics].filter((topic) => !brokerPartitionInfo.isFresh(topic))
    // What is stale was asked for before: where the answers go on being the same, that is a repeated failure.
    const isRetry = missing.some((topic) => brokerPartitionInfo.isCached(topic))
    const due = this.#due(topics, missing.length > 0)
    if (due.length === 0 && missing.length === 0 && refreshIntervalMs !== 0) return null
    if (due.length > 0) this.#options.onRefreshing()
    const refresh = this.#refresh(new Set([...due, ...missing]), isRetry)
    return missing.length > 0 || refreshIntervalMs === 0 ? refresh : null
  }

  /** Whether a cycle with these topics can begin without an answer, as far as can be said before it begins. */
  isKnown(topics: ReadonlySet<string>): boolean {
    const { brokerPartitionInfo, refreshIntervalMs } = this.#options
    return refreshIntervalMs !== 0 && [...topics].every((topic) => brokerPartitionInfo.isFresh(topic))
  }

  /** Between attempts: asks anew for the topics that are left. Never rejects. */
  askAnew(topics: ReadonlySet<string>): Promise<void> {
    this.#options.onRefreshing()
    return this.#refresh(new Set([...this.#due(topics, true), ...topics]), true)
  }

  /**
   * @param topics - in use now.
   * @param isAsking - metadata is asked for in any case.
   * @returns the topics that are due.
   */
  #due(topics: ReadonlySet<string>, isAsking: boolean): string[] {
    const nowMs = performance.now()
    this.#idle.used(topics, nowMs)
    const isDue = this.#schedule.isDue(topics, nowMs)
    if (isDue || isAsking) this.#forgetIdle(nowMs)
    return isDue ? this.#schedule.begin() : []
  }

  #forgetIdle(nowMs: number): void {
    const { brokerPartitionInfo, onForgotten } = this.#options
    for (const topic of this.#idle.takeIdle(nowMs)) {
      brokerPartitionInfo.forget(topic)
      this.#schedule.forget(topic)
      onForgotten(topic)
    }
  }

  async #refresh(topics: ReadonlySet<string>, isRetry: boolean): Promise<void> {
    try {
      await this.#options.brokerPartitionInfo.refresh(topics, isRetry)
    } catch (error) {
      this.#options.onFailed(error as Error)
    }
  }
}
