/** The partitions of one topic that records were appended to, who chooses among them, and how well its records compress. */

import { PartitionQueue } from './partition-queue.js'
import { BuiltInPartitioner, type PartitionLoad } from './partitioners/built-in-partitioner.js'
import type { TopicView } from './partitioners/partitioner.js'

/** Kafka's `CompressionRatioEstimator`: rises fast and falls slowly, so that few batches have to be split. */
const RATIO_RISE = 0.05
const RATIO_FALL = 0.005

export interface TopicQueuesOptions {
  readonly batchBytes: number
  /** `partitioner.adaptive.partitioning.enable`. */
  readonly isAdaptive: boolean
  /** 0 ≤ n < 1. */
  random(): number
  /** Whether the broker of a partition has not taken anything for too long. */
  isSlow(queue: PartitionQueue): boolean
}

/** Of a topic that metadata does not have any more. */
const FORGOTTEN: TopicView = { partitionCount: 1, available: [] }

export class TopicQueues {
  readonly partitioner: BuiltInPartitioner
  readonly #topic: string
  readonly #options: TopicQueuesOptions
  readonly #queues = new Map<number, PartitionQueue>()
  #ratio = 1
  #view: TopicView

  constructor(topic: string, view: TopicView | null, options: TopicQueuesOptions) {
    this.#topic = topic
    this.#view = view ?? FORGOTTEN
    this.#options = options
    this.partitioner = new BuiltInPartitioner({
      stickyBytes: options.batchBytes,
      random: () => Math.floor(options.random() * 0x80000000),
      load: () => (options.isAdaptive ? this.#load() : null),
    })
  }

  get queues(): Iterable<PartitionQueue> {
    return this.#queues.values()
  }

  get view(): TopicView {
    return this.#view
  }

  /** What the newest metadata says; null keeps what was known. */
  updateView(view: TopicView | null): void {
    if (view) this.#view = view
  }

  queueOf(partition: number): PartitionQueue {
    let queue = this.#queues.get(partition)
    if (!queue) {
      queue = new PartitionQueue(this.#topic, partition)
      this.#queues.set(partition, queue)
    }
    return queue
  }

  find(partition: number): PartitionQueue | undefined {
    return this.#queues.get(partition)
  }

  /** Compressed bytes by plain ones, as expected of the next batch. */
  get compressionRatio(): number {
    return this.#ratio
  }

  /** What compression made of a batch. */
  observeRatio(observed: number): void {
    if (observed > this.#ratio) this.#ratio = Math.max(this.#ratio + RATIO_RISE, observed)
    else if (observed < this.#ratio) this.#ratio = Math.max(this.#ratio - RATIO_FALL, observed)
  }

  /** A batch was too large for the broker: the next ones are taken for as large as their records. */
  resetRatio(observed: number): void {
    this.#ratio = Math.max(1, observed)
  }

  #load(): PartitionLoad {
    const queueSizes: number[] = []
    const partitions: number[] = []
    for (const partition of this.#view.available) {
      const queue = this.#queues.get(partition)
      if (queue && this.#options.isSlow(queue)) continue
      partitions.push(partition)
      queueSizes.push(queue?.batches.size ?? 0)
    }
    return { queueSizes, partitions, hasExcluded: partitions.length < this.#view.available.length }
  }
}
