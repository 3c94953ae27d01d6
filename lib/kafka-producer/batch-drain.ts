/**
 * Policy: which brokers can be sent to, which batches go into the next request to one, and that their partitions are in flight from
 * then on: the half of the accumulator that the sender drains.
 */
import type { DuePartitions } from './due-partitions.js'
import type { PartitionQueue } from './partition-queue.js'
import type { ProducerBatch } from './producer-batch.js'

/** Who can be sent to. */
export interface ReadyCheck {
  readonly nodes: readonly number[]
  /** When another partition will be due; Infinity where none will. */
  readonly nextDueMs: number
  /** Topics with batches whose partitions have no leader: their metadata is needed. */
  readonly leaderlessTopics: readonly string[]
}

export class BatchDrain {
  readonly #due: DuePartitions
  #isMutedInFlight: boolean

  /** @param isMutedInFlight - whether a partition has at most one batch in flight. */
  constructor(due: DuePartitions, isMutedInFlight: boolean) {
    this.#due = due
    this.#isMutedInFlight = isMutedInFlight
  }

  /** From now on a partition has at most one batch in flight. */
  muteInFlight(): void {
    this.#isMutedInFlight = true
  }

  /** @param isAllDue - whether nothing has to wait for its time. */
  ready(nowMs: number, isAllDue: boolean): ReadyCheck {
    this.#due.advance(nowMs)
    return {
      nodes: this.#due.nodes(isAllDue),
      nextDueMs: this.#due.nextDueMs,
      leaderlessTopics: this.#due.leaderlessTopics,
    }
  }

  /**
   * Takes at most one batch of each partition of a broker, as long as they fit into a request; lingering ones go along. The
   * first one goes whatever its size, and the next call begins where this one stopped.
   *
   * @param mayDrain - asked about each batch; false leaves its partition out this time.
   */
  drain(
    nodeId: number,
    maxBytes: number,
    nowMs: number,
    mayDrain: (batch: ProducerBatch) => boolean,
  ): ProducerBatch[] {
    const partitions = this.#due.partitionsOf(nodeId)
    const drained: ProducerBatch[] = []
    let bytes = 0
    let link = partitions?.first ?? null
    for (let left = partitions?.size ?? 0; link && left > 0; left--) {
      const queue: PartitionQueue = link.item
      const head = queue.batches.peek()!
      link = link.next
      if (drained.length > 0 && bytes + head.estimatedBytes > maxBytes) break
      if (!mayDrain(head)) continue
      bytes += head.estimatedBytes
      drained.push(this.#take(queue, nowMs))
    }
    return drained
  }

  #take(queue: PartitionQueue, nowMs: number): ProducerBatch {
    const batch = queue.shift()!
    batch.close()
    batch.drainedMs = nowMs
    batch.isInFlight = true
    batch.leaderEpoch = queue.leaderEpoch
    queue.isMuted = this.#isMutedInFlight
    this.#due.place(queue, nowMs)
    this.#due.rotate(queue)
    return batch
  }
}
