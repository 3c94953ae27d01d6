/**
 * The batches of an accumulator and their memory: which partition they wait in, and which are not completed yet. Decides
 * neither where a record goes nor what is sent.
 */
import { RecordBatchBuilder } from '../protocol/records/record-batch-builder.js'
import { BufferPool } from './buffer-pool.js'
import { DueHeap } from './due-heap.js'
import type { DuePartitions } from './due-partitions.js'
import { type FlushGeneration, FlushGenerations } from './flush-generations.js'
import type { PartitionQueue } from './partition-queue.js'
import type { TopicView } from './partitioners/partitioner.js'
import { ProducerBatch } from './producer-batch.js'
import { TopicQueues, type TopicQueuesOptions } from './topic-queues.js'

export interface BatchStoreOptions extends TopicQueuesOptions {
  readonly bufferBytes: number
  readonly deliveryTimeoutMs: number
  readonly isCompressed: boolean
  readonly due: DuePartitions
  viewOf(topic: string): TopicView | null
  /** A batch was begun with a record. */
  onBegin(topic: string, partition: number): void
}

export class BatchStore {
  readonly pool: BufferPool
  /** All that are not completed, by when they expire. */
  readonly incomplete = new DueHeap<ProducerBatch>()
  readonly generations = new FlushGenerations()
  readonly #options: BatchStoreOptions
  readonly #topics = new Map<string, TopicQueues>()

  constructor(options: BatchStoreOptions) {
    this.#options = options
    this.pool = new BufferPool(options.bufferBytes, options.batchBytes)
  }

  get topics(): Iterable<[string, TopicQueues]> {
    return this.#topics
  }

  topicOf(name: string): TopicQueues {
    let topic = this.#topics.get(name)
    if (!topic) {
      topic = new TopicQueues(name, this.#options.viewOf(name), this.#options)
      this.#topics.set(name, topic)
    }
    return topic
  }

  find(topic: string, partition: number): PartitionQueue | undefined {
    return this.#topics.get(topic)?.find(partition)
  }

  queueOf({ topic, partition }: ProducerBatch): PartitionQueue {
    return this.topicOf(topic).queueOf(partition)
  }

  /** An empty batch with memory for a record of this size; null where there is none. {@link add} it or {@link discard} it. */
  begin({ topic, partition }: PartitionQueue, recordBytes: number, nowMs: number): ProducerBatch | null {
    // A batch.size above buffer.memory could never be had.
    const bytes = Math.max(Math.min(this.#options.batchBytes, this.#options.bufferBytes), recordBytes)
    const buffer = this.pool.allocate(bytes)
    if (!buffer) return null
    const generation = this.generations.enter()
    return this.#batch({ topic, partition, createdMs: nowMs }, buffer, bytes, bytes, generation)
  }

  /** An empty batch for a part of another one: as old as that, and its memory is not counted. */
  beginPart(batch: ProducerBatch, writeLimitBytes: number): ProducerBatch {
    const buffer = Buffer.allocUnsafe(Math.min(writeLimitBytes, batch.builder.length))
    return this.#batch(batch, buffer, writeLimitBytes, 0, this.generations.enter(batch.generation), true)
  }

  add(batch: ProducerBatch): void {
    this.incomplete.add(batch)
    if (!batch.isSplit) this.#options.onBegin(batch.topic, batch.partition)
  }

  /** Gives the memory of a batch back that was never added. */
  discard(batch: ProducerBatch): void {
    this.release(batch, true)
  }

  /**
   * The plain bytes of a batch to be compressed may exceed the buffer that was counted.
   *
   * @returns false where there is no memory for another record.
   */
  extend(batch: ProducerBatch, recordBytes: number): boolean {
    const needed = batch.builder.length + recordBytes
    if (needed <= batch.builder.buffer.length) return true
    const more = Math.max(needed, batch.builder.buffer.length * 2) - batch.accountedBytes
    if (!this.pool.take(more)) return false
    batch.accountedBytes += more
    return true
  }

  /** A batch is done: nobody waits for it, and its memory is given back. */
  release(batch: ProducerBatch, isBufferFree: boolean): void {
    this.incomplete.remove(batch)
    this.pool.release(batch.accountedBytes, isBufferFree ? batch.builder.buffer : null)
    batch.accountedBytes = 0
    this.generations.leave(batch.generation)
  }

  /** A flush that waits for this generation waits for the batch as well. */
  makeOlder(batch: ProducerBatch, generation: FlushGeneration): void {
    const { generation: younger } = batch
    if (generation.number >= younger.number) return
    batch.generation = this.generations.enter(generation)
    this.generations.leave(younger)
  }

  /** Takes batches out, of their partitions as well where they are queued. @returns them, oldest first. */
  remove(batches: ProducerBatch[], nowMs: number): ProducerBatch[] {
    const removed = new Set(batches)
    const countByQueue = new Map<PartitionQueue, number>()
    for (const batch of batches) {
      this.incomplete.remove(batch)
      if (batch.isInFlight) continue
      const queue = this.queueOf(batch)
      countByQueue.set(queue, (countByQueue.get(queue) ?? 0) + 1)
    }
    for (const [queue, count] of countByQueue) {
      queue.removeAll(removed, count)
      this.#options.due.place(queue, nowMs)
    }
    return batches.sort((a, b) => a.createdMs - b.createdMs || a.number - b.number)
  }

  #batch(
    { topic, partition, createdMs }: Pick<ProducerBatch, 'topic' | 'partition' | 'createdMs'>,
    buffer: Buffer,
    writeLimitBytes: number,
    accountedBytes: number,
    generation: FlushGeneration,
    isSplit = false,
  ): ProducerBatch {
    return new ProducerBatch({
      topic,
      partition,
      createdMs,
      dueMs: createdMs + this.#options.deliveryTimeoutMs,
      builder: new RecordBatchBuilder(buffer),
      writeLimitBytes,
      compressionRatio: this.#options.isCompressed ? this.topicOf(topic).compressionRatio : null,
      accountedBytes,
      isSplit,
      generation,
    })
  }
}
