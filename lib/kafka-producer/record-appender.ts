/**
 * Where a record goes: into the last batch of its partition, or into a new one; and which partition that is where nobody has
 * chosen one. Policy; what it needs of memory and queues it is given.
 */
import type { RecordHeaders } from '../protocol/records/record-body.js'
import type { Serialized } from '../protocol/writer.js'
import type { BatchStore } from './batch-store.js'
import type { DuePartitions } from './due-partitions.js'
import type { FlushGeneration } from './flush-generations.js'
import type { PartitionQueue } from './partition-queue.js'
import type { FutureRecordMetadata } from './record-future.js'

/** What `append` did: some of these, added up. */
export const Appended = {
  /** The record is in a batch. */
  yes: 1,
  /** A batch began with it or is full, or it waits: look at `ready`. */
  wakesSender: 2,
  /** It waits for memory; `admit` appends it. */
  waits: 4,
  /** It would have begun a batch, which was not wanted: nothing was done. */
  needsNewBatch: 8,
} as const

/** A serialized record on its way into a batch. Its future has the sizes of key and value. */
export interface AppendableRecord {
  future: FutureRecordMetadata
  /** Whether the built-in partitioner chooses; else the future has the partition. */
  isUnassigned: boolean
  key: Serialized
  value: Serialized
  headers: RecordHeaders | null
  headersBytes: number
  /** Since the epoch. */
  timestampMs: number
  /** Most bytes that it takes. */
  bytes: number
}

export class RecordAppender {
  readonly #store: BatchStore
  readonly #due: DuePartitions

  constructor(store: BatchStore, due: DuePartitions) {
    this.#store = store
    this.#due = due
  }

  /**
   * @param beginsBatch - false: do nothing where a new batch would begin.
   * @param generation - of a flush that waits for the record since before it was appended.
   * @returns a sum of {@link Appended}; `waits` alone where there is no memory, and nothing was done.
   * @throws {TypeError} when bytes are not there any more; nothing was done then.
   */
  append(
    record: AppendableRecord,
    nowMs: number,
    beginsBatch: boolean,
    generation: FlushGeneration | null = null,
  ): number {
    const { future, isUnassigned, timestampMs, headersBytes } = record
    const topic = this.#store.topicOf(future.topic)
    for (;;) {
      const partition = isUnassigned ? topic.partitioner.current(topic.view) : future.partition
      const queue = topic.queueOf(partition)
      // A switch that was put off until the last batch is full.
      if (isUnassigned && queue.isFull && topic.partitioner.produced(0, true, topic.view)) continue
      const batch = queue.open
      if (batch === null) {
        const bytes = beginsBatch ? this.#begin(record, queue, nowMs, generation) : REFUSED
        if (bytes === REFUSED) return Appended.needsNewBatch
        if (bytes === NO_MEMORY) return Appended.waits
        if (isUnassigned) topic.partitioner.produced(bytes, queue.isFull, topic.view)
        return Appended.yes | Appended.wakesSender
      }
      const bytes = batch.builder.bytesOf(timestampMs, future.keyBytes, future.valueBytes, headersBytes)
      if (!batch.hasRoomFor(bytes) || !this.#store.extend(batch, bytes)) {
        queue.closeOpen()
        this.#due.place(queue, nowMs)
        continue
      }
      const before = batch.estimatedBytes
      batch.append(future, timestampMs, record.key, record.value, record.headers, headersBytes, record.bytes)
      if (generation) this.#store.makeOlder(batch, generation)
      if (isUnassigned) topic.partitioner.produced(batch.estimatedBytes - before, batch.isFull, topic.view)
      if (!batch.isFull) return Appended.yes
      queue.closeOpen()
      this.#due.place(queue, nowMs)
      return Appended.yes | Appended.wakesSender
    }
  }

  /** Begins a batch with a record. @returns its bytes, or {@link NO_MEMORY}. */
  #begin(
    { future, timestampMs, key, value, headers, headersBytes, bytes }: AppendableRecord,
    queue: PartitionQueue,
    nowMs: number,
    generation: FlushGeneration | null,
  ): number {
    const batch = this.#store.begin(queue, bytes, nowMs)
    if (!batch) return NO_MEMORY
    try {
      batch.append(future, timestampMs, key, value, headers, headersBytes, bytes)
    } catch (thrown) {
      this.#store.discard(batch)
      throw thrown
    }
    if (generation) this.#store.makeOlder(batch, generation)
    this.#store.add(batch)
    queue.batches.push(batch)
    if (batch.isFull) batch.close()
    else queue.open = batch
    this.#due.place(queue, nowMs)
    return batch.estimatedBytes
  }
}

const NO_MEMORY = -1
const REFUSED = -2
