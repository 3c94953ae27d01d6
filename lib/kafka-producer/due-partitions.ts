/**
 * Policy: which partitions are to be sent now, by the broker that leads them, and when the next one will be. Decides as
 * Kafka's `RecordAccumulator.ready` does, without looking at each partition: what changes is placed anew, and each timer
 * of a partition stands in one heap.
 *
 * The partitions of a broker are in rotation: who was drained goes to the end.
 */
import { LinkedList } from '../linked-list.js'
import { DueHeap } from './due-heap.js'
import { NO_LEADER, type PartitionQueue, type Placement } from './partition-queue.js'
import type { TopicView } from './partitioners/partitioner.js'
import type { ProducerBatch } from './producer-batch.js'

/** The partitions of one broker that have something to send, lingering ones included. */
export interface NodePartitions {
  readonly partitions: LinkedList<PartitionQueue>
  /** How many of them are due. */
  due: number
}

/** Who leads a partition, by the newest metadata. */
export interface LeaderAndEpoch {
  readonly leaderId: number
  /** −1 where metadata has none. */
  readonly leaderEpoch: number
}

/** What the accumulator has to know of the cluster, by the newest metadata. */
export interface ClusterView {
  /** null where the topic is not known. */
  topic(name: string): TopicView | null
  /** null while no leader is known. */
  leaderOf(topic: string, partition: number): LeaderAndEpoch | null
}

export interface DuePartitionsOptions {
  readonly lingerMs: number
  /** null while no leader is known. */
  leaderOf(topic: string, partition: number): LeaderAndEpoch | null
}

const isListed = (placement: Placement): boolean => placement === 'lingering' || placement === 'due'
const isTimed = (placement: Placement): boolean => placement === 'lingering' || placement === 'backing off'

export class DuePartitions {
  readonly #options: DuePartitionsOptions
  readonly #nodes = new Map<number, NodePartitions>()
  /** Those that linger or back off. */
  readonly #waiting = new DueHeap<PartitionQueue>()
  /** Topics with batches for partitions without a leader → how many such partitions. */
  readonly #leaderless = new Map<string, number>()

  constructor(options: DuePartitionsOptions) {
    this.#options = options
  }

  /** Topics whose leaders have to be found. */
  get leaderlessTopics(): string[] {
    return [...this.#leaderless.keys()]
  }

  /** When the next partition will be due; Infinity where none will. */
  get nextDueMs(): number {
    return this.#waiting.first?.dueMs ?? Infinity
  }

  /** The brokers that have partitions which are due; all that have any, where `isAllDue`. */
  nodes(isAllDue: boolean): number[] {
    const ids: number[] = []
    for (const [id, { due, partitions }] of this.#nodes) {
      if (id !== NO_LEADER && (due > 0 || (isAllDue && partitions.size > 0))) ids.push(id)
    }
    return ids
  }

  partitionsOf(nodeId: number): LinkedList<PartitionQueue> | undefined {
    return this.#nodes.get(nodeId)?.partitions
  }

  /** Makes due what has waited long enough. */
  advance(nowMs: number): void {
    for (let queue = this.#waiting.first; queue && queue.dueMs <= nowMs; queue = this.#waiting.first) {
      this.place(queue, nowMs)
    }
  }

  /** To be called whenever the batches of a partition have changed, or whether it is muted. */
  place(queue: PartitionQueue, nowMs: number): void {
    const { placement } = queue
    const next = this.#placementOf(queue, nowMs)
    if (next === placement && !isTimed(next)) return
    if (isTimed(placement)) this.#waiting.remove(queue)
    if (placement === 'due') this.#nodes.get(queue.leaderId)!.due--
    if (isListed(placement) && !isListed(next)) this.#unlist(queue)
    queue.placement = next
    if (isListed(next) && !isListed(placement)) this.#list(queue)
    if (next === 'due') this.#nodes.get(queue.leaderId)!.due++
    if (isTimed(next)) {
      queue.dueMs = this.#dueMsOf(queue.batches.peek()!)
      this.#waiting.add(queue)
    }
  }

  /** Puts a partition behind all others of its broker, where it is in their list. */
  rotate(queue: PartitionQueue): void {
    if (!queue.link) return
    const { partitions } = this.#nodes.get(queue.leaderId)!
    partitions.remove(queue.link)
    queue.link = partitions.push(queue)
  }

  /** To be called for each partition when metadata has changed. */
  updateLeader(queue: PartitionQueue, nowMs: number): void {
    const { leaderId, leaderEpoch } = this.#leaderOf(queue)
    if (leaderId !== queue.leaderId) {
      const { placement } = queue
      if (isListed(placement)) this.#unlist(queue)
      if (placement === 'due') this.#nodes.get(queue.leaderId)!.due--
      queue.leaderId = leaderId
      if (isListed(placement)) this.#list(queue)
      if (placement === 'due') this.#nodes.get(leaderId)!.due++
    }
    queue.leaderEpoch = leaderEpoch
    if (queue.placement === 'backing off') this.place(queue, nowMs)
  }

  #placementOf(queue: PartitionQueue, nowMs: number): Placement {
    const head = queue.batches.peek()
    if (!head) return 'idle'
    if (queue.isMuted) return 'muted'
    if (head.attempts > 0) {
      return nowMs < head.retryAtMs && !this.#hasNewLeader(queue) ? 'backing off' : 'due'
    }
    const isDue = queue.batches.size > 1 || head.isFull || nowMs >= this.#dueMsOf(head)
    return isDue ? 'due' : 'lingering'
  }

  #dueMsOf({ attempts, retryAtMs, createdMs }: ProducerBatch): number {
    return attempts > 0 ? retryAtMs : createdMs + this.#options.lingerMs
  }

  /** A retry to a newer leader need not wait: the failure was that of the old one. */
  #hasNewLeader(queue: PartitionQueue): boolean {
    const { leaderEpoch } = queue.batches.peek()!
    return leaderEpoch >= 0 && queue.leaderEpoch > leaderEpoch
  }

  #list(queue: PartitionQueue): void {
    if (queue.leaderId === NO_LEADER) {
      const { leaderId, leaderEpoch } = this.#leaderOf(queue)
      queue.leaderId = leaderId
      queue.leaderEpoch = leaderEpoch
    }
    let node = this.#nodes.get(queue.leaderId)
    if (!node) {
      node = { partitions: new LinkedList(), due: 0 }
      this.#nodes.set(queue.leaderId, node)
    }
    queue.link = node.partitions.push(queue)
    if (queue.leaderId !== NO_LEADER) return
    this.#leaderless.set(queue.topic, (this.#leaderless.get(queue.topic) ?? 0) + 1)
  }

  #unlist(queue: PartitionQueue): void {
    this.#nodes.get(queue.leaderId)!.partitions.remove(queue.link!)
    queue.link = null
    if (queue.leaderId !== NO_LEADER) return
    const others = this.#leaderless.get(queue.topic)! - 1
    if (others > 0) this.#leaderless.set(queue.topic, others)
    else this.#leaderless.delete(queue.topic)
  }

  #leaderOf({ topic, partition }: PartitionQueue): LeaderAndEpoch {
    return this.#options.leaderOf(topic, partition) ?? UNKNOWN
  }
}

const UNKNOWN: LeaderAndEpoch = { leaderId: NO_LEADER, leaderEpoch: -1 }
