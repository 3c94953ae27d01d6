/**
 * The records that wait to be sent: topic → partition → batches, oldest first. A record goes to the last batch of its
 * partition, batches are sent from the first one, and one to be tried again goes back in front. Kafka's class of that name.
 *
 * Synchronous and without timers: it is given the time, and says when it is due next. It sends nothing, settles no future
 * and calls no callback; what it takes out or refuses it returns. Its costs per record do not depend on how many
 * partitions there are.
 */
import type { RecordHeaders } from '../protocol/records/record-body.js'
import type { Serialized } from '../protocol/writer.js'
import { BatchDrain, type ReadyCheck } from './batch-drain.js'
import { BatchStore } from './batch-store.js'
import { type ClusterView, DuePartitions } from './due-partitions.js'
import type { FlushGeneration } from './flush-generations.js'
import { NodeLatency } from './node-latency.js'
import type { ProducerBatch } from './producer-batch.js'
import { type Failed, RecordAdmission } from './record-admission.js'
import { RecordAppender } from './record-appender.js'
import type { FutureRecordMetadata } from './record-future.js'
import { type RetryBackoffOptions, retryBackoffMs } from './retry-backoff.js'
import { numberParts, splitBatch } from './split-batch.js'

export { UNASSIGNED } from './record-admission.js'
export { Appended } from './record-appender.js'

export interface RecordAccumulatorOptions {
  /** `batch.size`. */
  readonly batchBytes: number
  readonly lingerMs: number
  readonly deliveryTimeoutMs: number
  /** `buffer.memory`. */
  readonly bufferBytes: number
  /** `max.request.size`. */
  readonly maxRequestBytes: number
  readonly isCompressed: boolean
  readonly retryBackoff: RetryBackoffOptions
  /** Whether a partition has at most one batch in flight, which keeps its order without sequence numbers. */
  readonly isMutedInFlight: boolean
  /** `partitioner.adaptive.partitioning.enable`. */
  readonly isAdaptive: boolean
  /** `partitioner.availability.timeout.ms`. */
  readonly availabilityTimeoutMs: number
  readonly cluster: ClusterView
  /** Called when a batch begins: its partition belongs to the transaction now. Default: nothing. */
  readonly onBatch?: (topic: string, partition: number) => void
  /** Records have waited for memory, this long all together. */
  readonly onMemoryWait?: (waitedMs: number) => void
  /** 0 ≤ n < 1. */
  random(): number
}

/** What was taken out, oldest first. */
export interface Aborted {
  readonly batches: readonly ProducerBatch[]
  /** Records that were waiting for memory. */
  readonly waiting: readonly FutureRecordMetadata[]
}

export class RecordAccumulator {
  readonly latency: NodeLatency
  readonly #options: RecordAccumulatorOptions
  readonly #due: DuePartitions
  readonly #drain: BatchDrain
  readonly #store: BatchStore
  readonly #admission: RecordAdmission
  #isClosed = false
  #isCompleting = false

  constructor(options: RecordAccumulatorOptions) {
    this.#options = options
    const { cluster } = options
    this.latency = new NodeLatency(options.availabilityTimeoutMs)
    this.#due = new DuePartitions({
      lingerMs: options.lingerMs,
      leaderOf: (topic, partition) => cluster.leaderOf(topic, partition),
    })
    this.#drain = new BatchDrain(this.#due, options.isMutedInFlight)
    this.#store = new BatchStore({
      bufferBytes: options.bufferBytes,
      batchBytes: options.batchBytes,
      deliveryTimeoutMs: options.deliveryTimeoutMs,
      isCompressed: options.isCompressed,
      isAdaptive: options.isAdaptive,
      due: this.#due,
      viewOf: (topic) => cluster.topic(topic),
      onBegin: options.onBatch ?? (() => {}),
      random: () => options.random(),
      isSlow: ({ leaderId }) => this.latency.isSlow(leaderId),
    })
    this.#admission = new RecordAdmission({
      appender: new RecordAppender(this.#store, this.#due),
      generations: this.#store.generations,
      bufferBytes: options.bufferBytes,
      maxRequestBytes: options.maxRequestBytes,
      onWaited: options.onMemoryWait ?? (() => {}),
    })
  }

  /** Bytes of `buffer.memory` that no batch has. */
  get availableBytes(): number {
    return this.#store.pool.availableBytes
  }

  /** Records that wait for memory. */
  get waitingRecords(): number {
    return this.#admission.waiting
  }

  /** Batches that are queued or in flight. */
  get incompleteBatches(): number {
    return this.#store.incomplete.size
  }

  /** When a batch expires or a record has waited long enough, the earlier one; Infinity where there is none. */
  get nextExpiryMs(): number {
    return Math.min(this.#store.incomplete.first?.dueMs ?? Infinity, this.#admission.nextDeadlineMs)
  }

  /**
   * Appends a record to the last batch of its partition, or begins one; where there is no memory for it, and where others
   * wait already, it waits. Its bytes are copied when it is appended.
   *
   * @param future - with its topic, and its partition, or {@link UNASSIGNED} for the built-in partitioner.
   * @param timestampMs - of the record; since the epoch, unlike all other times here.
   * @param deadlineMs - until when it may wait.
   * @param beginsBatch - false: do nothing where a new batch would begin, so that the partitioner may be asked again.
   * @param generation - of {@link enterFlush}: a flush that waits for it waits for the record.
   * @returns a sum of {@link Appended}.
   * @throws {RecordTooLargeError | BufferExhaustedError | ProducerClosedError} nothing has changed then.
   */
  append(
    future: FutureRecordMetadata,
    key: Serialized,
    value: Serialized,
    headers: RecordHeaders | null,
    timestampMs: number,
    deadlineMs: number,
    nowMs: number,
    beginsBatch = true,
    generation: FlushGeneration | null = null,
  ): number {
    return this.#admission.append(
      future,
      key,
      value,
      headers,
      timestampMs,
      deadlineMs,
      nowMs,
      beginsBatch,
      generation,
    )
  }

  /**
   * Appends records that wait for memory, first come, first served. To be called when memory was given back and when
   * {@link nextExpiryMs} has come.
   *
   * @returns those that failed, with their errors: they have waited too long, or their bytes are not there any more.
   */
  admit(nowMs: number): Failed[] {
    return this.#admission.admit(nowMs)
  }

  /** Which brokers there is something for. */
  ready(nowMs: number): ReadyCheck {
    const isAllDue =
      this.#admission.waiting > 0 ||
      this.#isClosed ||
      this.#isCompleting ||
      this.#store.generations.isFlushing
    return this.#drain.ready(nowMs, isAllDue)
  }

  /** As {@link BatchDrain.drain}. */
  drain(
    nodeId: number,
    maxBytes: number,
    nowMs: number,
    mayDrain: (batch: ProducerBatch) => boolean = () => true,
  ): ProducerBatch[] {
    return this.#drain.drain(nodeId, maxBytes, nowMs, mayDrain)
  }

  /** Puts a batch that failed back in front; its partition is still muted where it was. */
  reenqueue(batch: ProducerBatch, nowMs: number): void {
    batch.retryAtMs = nowMs + retryBackoffMs(batch.attempts, this.#options.retryBackoff)
    batch.attempts++
    batch.isInFlight = false
    const queue = this.#store.queueOf(batch)
    queue.reinsert(batch)
    this.#due.place(queue, nowMs)
  }

  /** The request with the batch of a partition has completed or failed. */
  unmute(topic: string, partition: number, nowMs: number): void {
    const queue = this.#store.find(topic, partition)
    if (!queue?.isMuted) return
    queue.isMuted = false
    this.#due.place(queue, nowMs)
  }

  /**
   * Divides a batch in flight that was refused for its size, and puts the parts in front of its partition. The batch is
   * complete then; its futures are those of the parts, and its sequence numbers go on in them.
   */
  split(batch: ProducerBatch, nowMs: number): ProducerBatch[] {
    const topic = this.#store.topicOf(batch.topic)
    topic.resetRatio(batch.compressionRatio)
    const parts = splitBatch(batch, this.#options.batchBytes, (limit) => this.#store.beginPart(batch, limit))
    for (const part of parts) this.#store.add(part)
    numberParts(batch, parts)
    const queue = topic.queueOf(batch.partition)
    for (let i = parts.length - 1; i >= 0; i--) queue.reinsert(parts[i]!)
    this.#due.place(queue, nowMs)
    batch.complete('split')
    this.#store.release(batch, true)
    return parts
  }

  /** Takes out what `delivery.timeout.ms` has passed for, oldest first. Of those in flight the requests go on. */
  expire(nowMs: number): ProducerBatch[] {
    const { incomplete } = this.#store
    const expired: ProducerBatch[] = []
    for (let batch = incomplete.first; batch && batch.dueMs <= nowMs; batch = incomplete.first) {
      incomplete.remove(batch)
      expired.push(batch)
    }
    return this.#store.remove(expired, nowMs)
  }

  /**
   * A batch is complete: its memory is given back; call {@link admit} afterwards.
   *
   * @param isBufferFree - whether no socket reads its bytes any more.
   */
  deallocate(batch: ProducerBatch, isBufferFree: boolean): void {
    this.#store.release(batch, isBufferFree)
  }

  /** A batch was compressed: the next ones of its topic are expected to come out like it. */
  observeCompression(batch: ProducerBatch): void {
    this.#store.topicOf(batch.topic).observeRatio(batch.compressionRatio)
  }

  /** Metadata has changed: partitions move to their new leaders, and retries to those need not wait. */
  updateCluster(nowMs: number): void {
    for (const [name, topic] of this.#store.topics) {
      topic.updateView(this.#options.cluster.topic(name))
      for (const queue of topic.queues) this.#due.updateLeader(queue, nowMs)
    }
  }

  /** All that is here now is due at once; resolves when it is completed. What comes later is not waited for. */
  flush(): Promise<void> {
    return this.#store.generations.flush()
  }

  /** While a transaction is being completed all batches are due. */
  setCompleting(isCompleting: boolean): void {
    this.#isCompleting = isCompleting
  }

  /** From now on a partition has at most one batch in flight: there are no sequence numbers that keep its order. */
  muteInFlight(): void {
    this.#drain.muteInFlight()
  }

  /** Something that a flush waits for, though it is not in the accumulator yet; {@link leaveFlush} ends that. */
  enterFlush(): FlushGeneration {
    return this.#store.generations.enter()
  }

  leaveFlush(generation: FlushGeneration): void {
    this.#store.generations.leave(generation)
  }

  /** Refuses records from now on, but those that wait; all batches are due. */
  close(): void {
    this.#isClosed = true
    this.#admission.close()
  }

  /** Takes out everything: of a producer that is closed at once. What is in flight may still be stored. */
  abortIncomplete(nowMs: number): Aborted {
    const { incomplete } = this.#store
    return { batches: this.#store.remove(incomplete.toArray(), nowMs), waiting: this.#admission.takeAll() }
  }

  /** Takes out what was never sent: of a transaction that is aborted. */
  abortUndrained(nowMs: number): Aborted {
    const undrained = this.#store.incomplete.toArray().filter(({ drainedMs }) => drainedMs < 0)
    return { batches: this.#store.remove(undrained, nowMs), waiting: this.#admission.takeAll() }
  }
}
