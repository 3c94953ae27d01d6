/**
 * Records of one partition that are sent together: their bytes, their futures, and what is known of its attempts. Kafka's
 * class of that name.
 *
 * Open for records → closed (full, drained, or a record did not fit) → sent, perhaps several times → completed, once. It
 * knows no queue and no memory; whoever completes it calls the callbacks with what it returns.
 */
import type { NumberedBatch } from '../produce/partition-sequences.js'
import type { Compression } from '../protocol/records/compression.js'
import { type BatchProducer, NO_PRODUCER } from '../protocol/records/record-batch.js'
import { RecordBatchBuilder } from '../protocol/records/record-batch-builder.js'
import type { RecordHeaders } from '../protocol/records/record-body.js'
import { BATCH_HEAD_BYTES, NO_HEADERS_BYTES } from '../protocol/records/record-sizes.js'
import type { Serialized } from '../protocol/writer.js'
import type { DueItem } from './due-heap.js'
import { IllegalStateError } from './errors.js'
import type { FlushGeneration } from './flush-generations.js'
import type { FutureRecordMetadata } from './record-future.js'

export type BatchState = 'pending' | 'succeeded' | 'failed' | 'aborted' | 'split'

/** What the first completion leaves to later ones: nothing is to be ignored after a success, it would be a mistake. */
const moves: Readonly<Record<BatchState, Partial<Record<BatchState, 'completes' | 'ignored'>>>> = {
  pending: { succeeded: 'completes', failed: 'completes', aborted: 'completes', split: 'completes' },
  succeeded: {},
  failed: { succeeded: 'ignored', failed: 'ignored' },
  aborted: { succeeded: 'ignored', failed: 'ignored' },
  split: {},
}

/** Compressed sizes are guessed a little too large rather than too small. */
const RATIO_FACTOR = 1.05

export interface ProducerBatchOptions {
  readonly topic: string
  readonly partition: number
  readonly createdMs: number
  /** When it expires. */
  readonly dueMs: number
  readonly builder: RecordBatchBuilder
  /** Bytes of the buffer; records are refused above it, but for the first one. */
  readonly writeLimitBytes: number
  /** What compression is expected to leave of the bytes; null without compression. */
  readonly compressionRatio: number | null
  /** Of `buffer.memory`; 0 for a part of a split batch. */
  readonly accountedBytes: number
  readonly isSplit: boolean
  readonly generation: FlushGeneration
}

let batches = 0

export class ProducerBatch implements DueItem {
  /** Ascending, in the order in which batches began. */
  readonly number = ++batches
  readonly topic: string
  readonly partition: number
  readonly createdMs: number
  builder: RecordBatchBuilder
  readonly writeLimitBytes: number
  readonly isSplit: boolean
  /** Its numbers, once it was written with some. */
  numbered: NumberedBatch | null = null
  /** An attempt has ended without an answer, or with one that leaves it open. */
  mayBeStored = false
  /** Another thread reads the bytes. */
  isCompressing = false
  /** In the order of the records. */
  readonly futures: FutureRecordMetadata[] = []
  accountedBytes: number
  /** Most bytes of its largest record, see `record-sizes.ts`. */
  maxRecordBytes = 0
  /** Requests that failed. */
  attempts = 0
  /** Not to be sent again before; 0 before the first failure. */
  retryAtMs = 0
  /** When it left its queue the last time; −1 while it never has. */
  drainedMs = -1
  isInFlight = false
  /** Epoch of the leader that it was sent to last; −1 where it was not known. */
  leaderEpoch = -1
  /** What the last {@link encode} said; none before the first one. */
  producer: BatchProducer = NO_PRODUCER
  generation: FlushGeneration
  /** When `delivery.timeout.ms` has passed. */
  readonly dueMs: number
  heapIndex = -1
  readonly #expectedRatio: number | null
  #isClosed = false
  #state: BatchState = 'pending'
  #compressed: Uint8Array | null = null
  #codecId = 0

  constructor(options: ProducerBatchOptions) {
    this.topic = options.topic
    this.partition = options.partition
    this.createdMs = options.createdMs
    this.dueMs = options.dueMs
    this.builder = options.builder
    this.writeLimitBytes = options.writeLimitBytes
    this.accountedBytes = options.accountedBytes
    this.isSplit = options.isSplit
    this.generation = options.generation
    this.#expectedRatio = options.compressionRatio
  }

  get count(): number {
    return this.futures.length
  }

  get state(): BatchState {
    return this.#state
  }

  /** Bytes as they are, or, before they are compressed, as they are expected to be. */
  get estimatedBytes(): number {
    if (this.#compressed) return BATCH_HEAD_BYTES + this.#compressed.length
    const { length } = this.builder
    if (this.#expectedRatio === null) return length
    return BATCH_HEAD_BYTES + Math.floor((length - BATCH_HEAD_BYTES) * this.#expectedRatio * RATIO_FACTOR)
  }

  /** Whether it takes no more records. */
  get isFull(): boolean {
    return this.#isClosed || (this.count > 0 && this.estimatedBytes >= this.writeLimitBytes)
  }

  /** @param recordBytes - exactly, not compressed. The first record always fits. */
  hasRoomFor(recordBytes: number): boolean {
    if (this.#isClosed) return false
    if (this.count === 0) return true
    const { estimatedBytes } = this
    return estimatedBytes < this.writeLimitBytes && estimatedBytes + recordBytes <= this.writeLimitBytes
  }

  /**
   * Appends a record whose future has the bytes of its key and value.
   *
   * @param bound - most bytes that it takes, see `record-sizes.ts`.
   * @throws {TypeError} when bytes are not there any more that were counted; the batch is as before then.
   */
  append(
    future: FutureRecordMetadata,
    timestampMs: number,
    key: Serialized,
    value: Serialized,
    headers: RecordHeaders | null,
    ofHeaders: number,
    bound: number,
  ): void {
    this.builder.append(timestampMs, key, future.keyBytes, value, future.valueBytes, headers, ofHeaders)
    future.partition = this.partition
    future.timestampMs = timestampMs
    future.markAppended(this.futures.length)
    this.futures.push(future)
    if (bound > this.maxRecordBytes) this.maxRecordBytes = bound
  }

  /** The numbers that it has now, or was encoded with last. */
  get sequenced(): BatchProducer {
    if (!this.numbered) return this.producer
    const { identity, baseSequence } = this.numbered
    const { producerId, epoch: producerEpoch } = identity
    return { producerId, producerEpoch, baseSequence, isTransactional: this.producer.isTransactional }
  }

  /**
   * Takes out the records that have headers; the others close up. For a broker that has no place for headers.
   *
   * @returns the futures of those that are not in it any more.
   */
  takeRecordsWithHeaders(): FutureRecordMetadata[] {
    const records = this.builder.readRecords()
    if (records.every(({ headers }) => headers.length === 0)) return []
    const futures = this.futures.splice(0)
    this.builder = new RecordBatchBuilder(Buffer.allocUnsafe(this.builder.length))
    this.#compressed = null
    const taken: FutureRecordMetadata[] = []
    for (const [i, { key, value, headers, timestampMs }] of records.entries()) {
      const future = futures[i]!
      if (headers.length > 0) taken.push(future)
      else this.append(future, Number(timestampMs), key, value, null, NO_HEADERS_BYTES, this.maxRecordBytes)
    }
    return taken
  }

  /** Takes no more records from now on. */
  close(): void {
    this.#isClosed = true
  }

  /**
   * Compresses the records, once; for a batch that was drained.
   *
   * @throws {EncodeError} by rejection; another thread may still read the buffer of the batch then.
   */
  async compress(compression: Compression): Promise<void> {
    if (this.#compressed) return
    this.isCompressing = true
    try {
      this.#compressed = await compression.compress(this.builder.records, MAGIC_2)
      this.#codecId = compression.id
    } finally {
      this.isCompressing = false
    }
  }

  /** Compressed bytes by plain ones; 1 where they are not compressed. */
  get compressionRatio(): number {
    return this.#compressed ? this.#compressed.length / this.builder.records.length : 1
  }

  /** The bytes for a produce request: a view that must not be kept once the batch is complete. */
  encode(producer: BatchProducer): Buffer {
    // Where idempotence was given up meanwhile, the old numbers still say what comes before what.
    if (producer.baseSequence >= 0) this.producer = producer
    return this.builder.encode(producer, this.#codecId, this.#compressed)
  }

  /**
   * Completes the batch.
   *
   * @returns false where it has failed before: the answer came too late, and nothing is to be done.
   * @throws {IllegalStateError} when it has succeeded before, or is aborted twice.
   */
  complete(state: Exclude<BatchState, 'pending'>): boolean {
    const move = moves[this.#state][state]
    if (move === undefined)
      throw new IllegalStateError(`a batch that has ${this.#state} cannot become ${state}`)
    if (move === 'ignored') return false
    this.#state = state
    return true
  }
}

const MAGIC_2 = 2
