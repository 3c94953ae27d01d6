/**
 * Chooses the partition of records without a key, for one topic: the same one until `batch.size` bytes went to it, then
 * another, at random among those with a leader; partitions with longer queues are chosen less often.
 *
 * Switches only where the last batch of the partition is full, so that no half-filled batch stays behind to linger; but
 * after twice the bytes in any case.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-794
 */
import type { TopicView } from './partitioner.js'

/** Queue lengths, in batches, of the partitions that may be chosen. */
export interface PartitionLoad {
  /** Of the partition at the same position; same length. */
  readonly queueSizes: readonly number[]
  readonly partitions: readonly number[]
  /** Whether partitions with a leader were left out, because their brokers are slow. */
  readonly hasExcluded: boolean
}

export interface BuiltInPartitionerOptions {
  /** `batch.size`. */
  readonly stickyBytes: number
  /** An integer from 0 to 2³¹ − 1. */
  random(): number
  /** Looked at with each switch; null: each partition is as likely. */
  load(): PartitionLoad | null
}

const NONE = -1

export class BuiltInPartitioner {
  readonly #stickyBytes: number
  readonly #options: BuiltInPartitionerOptions
  #partition = NONE
  #producedBytes = 0

  constructor(options: BuiltInPartitionerOptions) {
    this.#options = options
    this.#stickyBytes = Math.max(1, options.stickyBytes)
  }

  /** The partition for the next record. */
  current(topic: TopicView): number {
    if (this.#partition === NONE) this.#partition = this.#next(topic)
    return this.#partition
  }

  /**
   * Counts bytes that went to the current partition, and switches where they are enough.
   *
   * @param bytes - by which the batch grew, its head included where it is new; 0 to make up for a switch that was put off.
   * @param maySwitch - whether the last batch of the partition is full, or there is none.
   * @returns whether it switched, though perhaps to the same partition.
   */
  produced(bytes: number, maySwitch: boolean, topic: TopicView): boolean {
    this.#producedBytes += bytes
    const isEnough =
      (this.#producedBytes >= this.#stickyBytes && maySwitch) || this.#producedBytes >= this.#stickyBytes * 2
    if (!isEnough) return false
    this.#partition = this.#next(topic)
    this.#producedBytes = 0
    return true
  }

  #next({ available, partitionCount }: TopicView): number {
    const random = this.#options.random()
    const load = this.#options.load()
    const weights = load && cumulativeWeights(load)
    if (load && weights) return load.partitions[indexOf(random % weights.at(-1)!, weights)]!
    return available.length > 0 ? available[random % available.length]! : random % partitionCount
  }
}

/**
 * Running sums of the weights (longest queue + 1 − own queue): queues of 0, 3, 1 are 4, 5, 8. null where all are as likely.
 */
export function cumulativeWeights({ queueSizes, hasExcluded }: PartitionLoad): number[] | null {
  const count = queueSizes.length
  if (count === 0 || (count === 1 && !hasExcluded)) return null
  let longest = queueSizes[0]!
  let areEqual = true
  for (let i = 1; i < count; i++) {
    const size = queueSizes[i]!
    if (size !== longest) areEqual = false
    if (size > longest) longest = size
  }
  if (areEqual && !hasExcluded) return null
  const sums: number[] = new Array(count)
  let sum = 0
  for (let i = 0; i < count; i++) {
    sum += longest + 1 - queueSizes[i]!
    sums[i] = sum
  }
  return sums
}

/** The first index whose sum is above the number. */
function indexOf(number: number, sums: readonly number[]): number {
  let from = 0
  let to = sums.length - 1
  while (from < to) {
    const middle = (from + to) >>> 1
    if (sums[middle]! > number) to = middle
    else from = middle + 1
  }
  return from
}
