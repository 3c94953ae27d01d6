/**
 * A record batch (magic 2) that grows record by record, in one buffer that the caller provides: each record is written once,
 * when it comes, and is no object afterwards. Kafka's `MemoryRecordsBuilder`.
 *
 * The head is written by {@link RecordBatchBuilder.encode}, as often as producer id and sequence change. The buffer is
 * replaced by a larger one where it does not hold a record.
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
import type { Serialized } from '../serialized.js'
import { type ReadRecord, readRecordBatches, readRecords } from './read-record-batch.js'
import { type BatchProducer, NO_PRODUCER, putBatchHead } from './record-batch.js'
import type { RecordHeaders } from './record-body.js'
import { BATCH_HEAD_BYTES, bodyBytes, sizedBytes } from './record-sizes.js'
import { putRecord } from './write-records.js'

export class RecordBatchBuilder {
  #buffer: Buffer
  #at = BATCH_HEAD_BYTES
  #count = 0
  #baseTimestampMs = -1
  #maxTimestampMs = -1

  /** @param buffer - belongs to the batch from now on, whatever is in it. */
  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  /** Records so far. */
  get count(): number {
    return this.#count
  }

  /** Bytes so far, with the head, not compressed. */
  get length(): number {
    return this.#at
  }

  /** The one given, or the larger one that took its place. */
  get buffer(): Buffer {
    return this.#buffer
  }

  /** The largest timestamp so far; −1 before the first record. */
  get maxTimestampMs(): number {
    return this.#maxTimestampMs
  }

  /** Bytes that a record would take. @param ofKey - see `record-sizes.ts`. */
  bytesOf(timestampMs: number, ofKey: number, ofValue: number, ofHeaders: number): number {
    const delta = this.#count === 0 ? 0 : timestampMs - this.#baseTimestampMs
    return sizedBytes(bodyBytes(delta, this.#count, ofKey, ofValue, ofHeaders))
  }

  /**
   * Writes a record.
   *
   * @param ofKey - bytes of the key as they were counted, −1 for null; likewise of the value, and of the headers with their
   *   count.
   * @throws {TypeError} when bytes are not there any more that were counted; the batch is as before then.
   */
  append(
    timestampMs: number,
    key: Serialized,
    ofKey: number,
    value: Serialized,
    ofValue: number,
    headers: RecordHeaders | null,
    ofHeaders: number,
  ): void {
    if (this.#count === 0) this.#baseTimestampMs = timestampMs
    const delta = timestampMs - this.#baseTimestampMs
    const end = this.#at + sizedBytes(bodyBytes(delta, this.#count, ofKey, ofValue, ofHeaders))
    // Text that was counted exactly is written in place; what moves for a moment has its width in front.
    if (end > this.#buffer.length) this.#grow(end)
    const at = putRecord(
      this.#buffer,
      delta,
      this.#count,
      key,
      ofKey,
      value,
      ofValue,
      headers,
      ofHeaders,
      this.#at,
    )
    if (at !== end) throw new TypeError(`${end - this.#at} bytes were counted and ${at - this.#at} written`)
    this.#at = end
    this.#count++
    if (timestampMs > this.#maxTimestampMs) this.#maxTimestampMs = timestampMs
  }

  /** The records alone: what is compressed. A view. */
  get records(): Buffer {
    return this.#buffer.subarray(BATCH_HEAD_BYTES, this.#at)
  }

  /**
   * The batch with its head.
   *
   * @param codecId - 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.
   * @param compressed - {@link records} compressed by it; null where they are not.
   * @returns a view of the buffer where they are not compressed.
   */
  encode(producer: BatchProducer, codecId = 0, compressed: Uint8Array | null = null): Buffer {
    let batch = this.#buffer.subarray(0, this.#at)
    if (compressed !== null) {
      batch = Buffer.allocUnsafe(BATCH_HEAD_BYTES + compressed.length)
      batch.set(compressed, BATCH_HEAD_BYTES)
    }
    const count = this.#count
    putBatchHead(
      batch,
      0,
      batch.length,
      codecId,
      count,
      this.#baseTimestampMs,
      this.#maxTimestampMs,
      producer,
    )
    return batch
  }

  /** The records as they were appended: to split a batch, or to write it in an older format. Values are views. */
  readRecords(): ReadRecord[] {
    if (this.#count === 0) return []
    const [batch] = readRecordBatches(this.encode(NO_PRODUCER))
    return readRecords(batch!, batch!.records)
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }
}
