/**
 * A record batch (magic 2) that grows record by record, in one buffer that the caller provides: each record is written once,
 * when it comes, and is no object afterwards. Kafka's `MemoryRecordsBuilder`.
 *
 * The head is written by {@link RecordBatchBuilder.encode}, as often as producer id and sequence change. The buffer is
 * replaced by a larger one where it does not hold a record.
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
import {
  putBigInt64,
  putBytes,
  putInt16,
  putInt32,
  putInt64,
  putUtf8,
  putVarint,
  putVarlong,
  varintBytes,
} from '../primitives.js'
import type { Serialized } from '../serialized.js'
import { crc32c } from './crc32c.js'
import { type ReadRecord, readRecordBatches, readRecords } from './read-record-batch.js'
import { type BatchProducer, NO_PRODUCER } from './record-batch.js'
import type { RecordHeaders } from './record-body.js'
import { BATCH_HEAD_BYTES, bodyBytes, partBytes, utf8Bytes } from './record-sizes.js'

const MAGIC_2 = 2
const NO_LEADER_EPOCH = -1
const TRANSACTIONAL = 0x10
/** The checksum stands in front of what it counts. */
const CRC_AT = 17
/** What the length field does not count: offset 8, itself 4. */
const BEFORE_LENGTH_END = 12

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
    const body = bodyBytes(delta, this.#count, ofKey, ofValue, ofHeaders)
    return varintBytes(body) + body
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
    const body = bodyBytes(delta, this.#count, ofKey, ofValue, ofHeaders)
    const end = this.#at + varintBytes(body) + body
    if (end > this.#buffer.length) this.#grow(end)
    const buffer = this.#buffer
    let at = putVarint(buffer, body, this.#at)
    buffer[at++] = 0
    at = putVarlong(buffer, delta, at)
    at = putVarint(buffer, this.#count, at)
    at = putPart(buffer, at, key, ofKey)
    at = putPart(buffer, at, value, ofValue)
    if (headers === null) buffer[at++] = 0
    else at = putHeaders(buffer, at, headers)
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
    this.#writeHead(batch, producer, codecId)
    return batch
  }

  /** The records as they were appended: to split a batch, or to write it in an older format. Values are views. */
  readRecords(): ReadRecord[] {
    if (this.#count === 0) return []
    const [batch] = readRecordBatches(this.encode(NO_PRODUCER))
    return readRecords(batch!, batch!.records)
  }

  #writeHead(batch: Buffer, producer: BatchProducer, codecId: number): void {
    let at = putInt64(batch, 0, 0)
    at = putInt32(batch, batch.length - BEFORE_LENGTH_END, at)
    at = putInt32(batch, NO_LEADER_EPOCH, at)
    batch[at] = MAGIC_2
    at = putInt16(batch, producer.isTransactional ? codecId | TRANSACTIONAL : codecId, CRC_AT + 4)
    at = putInt32(batch, this.#count - 1, at)
    at = putInt64(batch, this.#baseTimestampMs, at)
    at = putInt64(batch, this.#maxTimestampMs, at)
    at = putBigInt64(batch, producer.producerId, at)
    at = putInt16(batch, producer.producerEpoch, at)
    at = putInt32(batch, producer.baseSequence, at)
    putInt32(batch, this.#count, at)
    putInt32(batch, crc32c(batch, CRC_AT + 4, batch.length), CRC_AT)
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }
}

/** Length and bytes. */
function putPart(buffer: Buffer, from: number, value: Serialized, length: number): number {
  const at = putVarint(buffer, length, from)
  if (value === null) return at
  return typeof value === 'string' ? putUtf8(buffer, value, at) : putBytes(buffer, value, length, at)
}

function putHeaders(buffer: Buffer, from: number, headers: RecordHeaders): number {
  let at = putVarint(buffer, headers.length, from)
  for (const [name, value] of headers) {
    at = putPart(buffer, at, name, utf8Bytes(name))
    at = putPart(buffer, at, value, partBytes(value))
  }
  return at
}
