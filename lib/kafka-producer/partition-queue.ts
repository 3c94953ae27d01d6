/** The batches of one partition that wait to be sent, oldest first, and where the partition stands among the others. */
import { Fifo } from '../fifo.js'
import type { Link } from '../linked-list.js'
import type { ProducerBatch } from './producer-batch.js'

/**
 * - `idle`: it has no batch
 * - `muted`: its batch in flight must be answered first
 * - `backing off`: its first batch failed and waits for `retry.backoff.ms`
 * - `lingering`: its only batch has room and waits for `linger.ms`; it goes along when its broker is sent to anyway
 * - `due`: its first batch is to be sent
 */
export type Placement = 'idle' | 'muted' | 'backing off' | 'lingering' | 'due'

/** No leader is known. */
export const NO_LEADER = -1

export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly batches = new Fifo<ProducerBatch>()
  /** The last batch, while it takes records. */
  open: ProducerBatch | null = null
  isMuted = false
  placement: Placement = 'idle'
  leaderId = NO_LEADER
  leaderEpoch = -1
  /** Its place among the partitions of its leader, while it is lingering or due. */
  link: Link<PartitionQueue> | null = null
  /** When its linger or back-off ends. */
  dueMs = 0
  heapIndex = -1

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  /** Whether a record would begin a new batch. */
  get isFull(): boolean {
    return this.open === null || this.open.isFull
  }

  /** The last batch takes no more records. */
  closeOpen(): void {
    this.open?.close()
    this.open = null
  }

  /** Takes the first batch out; it takes no more records. */
  shift(): ProducerBatch | undefined {
    const batch = this.batches.shift()
    if (batch && batch === this.open) this.closeOpen()
    return batch
  }

  /** Puts a batch back: before those without sequence numbers, and behind those with lower ones. */
  reinsert(batch: ProducerBatch): void {
    const before: ProducerBatch[] = []
    for (let head = this.batches.peek(); head && isBefore(head, batch); head = this.batches.peek()) {
      before.push(this.batches.shift()!)
    }
    this.batches.unshift(batch)
    for (let i = before.length - 1; i >= 0; i--) this.batches.unshift(before[i]!)
  }

  /**
   * Takes batches out; the others keep their order. The oldest ones are taken without looking at others: a long queue
   * expires batch by batch.
   *
   * @param count - how many of them are in this queue.
   */
  removeAll(removed: ReadonlySet<ProducerBatch>, count: number): void {
    let left = count
    while (left > 0 && removed.has(this.batches.peek()!)) {
      this.shift()
      left--
    }
    if (left === 0) return
    for (const batch of this.batches.take(this.batches.size)) {
      if (!removed.has(batch)) this.batches.push(batch)
      else if (batch === this.open) this.closeOpen()
    }
  }
}

const MAX_SEQUENCE_DISTANCE = 0x40000000

/** Sequences begin again at 0 after 2³¹ − 1, and with another producer or epoch. */
function isBefore(queued: ProducerBatch, batch: ProducerBatch): boolean {
  const producer = batch.sequenced
  const theirs = queued.sequenced
  if (theirs.baseSequence < 0 || producer.baseSequence < 0) return false
  if (theirs.producerId !== producer.producerId) return false
  if (theirs.producerEpoch !== producer.producerEpoch) return theirs.producerEpoch < producer.producerEpoch
  const distance = producer.baseSequence - theirs.baseSequence
  return distance > 0 ? distance < MAX_SEQUENCE_DISTANCE : distance < -MAX_SEQUENCE_DISTANCE
}
