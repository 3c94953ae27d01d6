/**
 * When a cycle asks for metadata, and for which topics: before its first attempt for what is unknown or due, between
 * attempts for what is left. Knows no messages; who waits for an answer, and how long, is the cycle's affair.
 *
 * @see classic-producer reference §3.2; design D4, D5
 */
import type { BrokerPartitionInfo } from './broker-partition-info.js'
import { RefreshSchedule } from './refresh-schedule.js'

export interface CycleMetadataOptions {
  readonly brokerPartitionInfo: BrokerPartitionInfo
  /** `topic.metadata.refresh.interval.ms`: > 0 periodic, 0 before every attempt, < 0 only when needed. */
  readonly refreshIntervalMs: number
  /** Partitions that stay until the next refresh are to be chosen anew. */
  onRefreshing(): void
  /** A failing refresh stops nothing: what is known goes on being used, what is not fails its messages. */
  onFailed(error: Error): void
}

export class CycleMetadata {
  readonly #options: CycleMetadataOptions
  readonly #schedule: RefreshSchedule

  constructor(options: CycleMetadataOptions) {
    this.#options = options
    this.#schedule = new RefreshSchedule(options.refreshIntervalMs)
  }

  /**
   * Before the first attempt: what is merely due is asked for beside the traffic, but with an interval of 0, where
   * the answer comes before the send.
   *
   * @returns what is to be waited for; null for nothing. Never rejects.
   */
  prepare(topics: ReadonlySet<string>): Promise<void> | null {
    const { brokerPartitionInfo, onRefreshing, refreshIntervalMs } = this.#options
    const missing = [...topics].filter((topic) => !brokerPartitionInfo.isCached(topic))
    const due = this.#isDue(topics) ? this.#schedule.begin() : []
    if (due.length > 0) onRefreshing()
    const refresh = this.#refresh(new Set([...due, ...missing]), false)
    return missing.length > 0 || refreshIntervalMs === 0 ? refresh : null
  }

  /** Between attempts: asks anew for the topics that are left. Never rejects. */
  askAnew(topics: ReadonlySet<string>): Promise<void> {
    this.#options.onRefreshing()
    const due = this.#isDue(topics) ? this.#schedule.begin() : []
    return this.#refresh(new Set([...due, ...topics]), true)
  }

  #isDue(topics: ReadonlySet<string>): boolean {
    return this.#schedule.isDue(topics, performance.now())
  }

  async #refresh(topics: ReadonlySet<string>, isRetry: boolean): Promise<void> {
    try {
      await this.#options.brokerPartitionInfo.refresh(topics, isRetry)
    } catch (error) {
      this.#options.onFailed(error as Error)
    }
  }
}
