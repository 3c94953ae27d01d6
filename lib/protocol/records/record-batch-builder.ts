/**
 * A record batch (magic 2) that grows record by record, in one buffer that the caller provides: each record is written once,
 * when it comes, and is no object afterwards. Kafka's `MemoryRecordsBuilder`.
 *
 * The head is written by {@link RecordBatchBuilder.encode}, as often as producer id and sequence change. The buffer is
 * replaced by a larger one where it does not hold a record.
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
import { type Serialized, utf8Bytes, wellFormed } from '../writer.js'
import { crc32c } from './crc32c.js'
import { type ReadRecord, readRecordBatches, readRecords } from './read-record-batch.js'
import type { RecordHeaders } from './record-body.js'
import { BATCH_HEAD_BYTES, bodyBytes, partBytes, varintBytes } from './record-sizes.js'

const MAGIC_2 = 2
const NO_LEADER_EPOCH = -1
const TRANSACTIONAL = 0x10
/** The checksum counts from there. */
const ATTRIBUTES_AT = 21
/** What the length field does not count: offset 8, itself 4. */
const BEFORE_LENGTH_END = 12
/** Up to this length a loop over char codes beats the call into native code. */
const SHORT_TEXT = 48
/** Likewise for bytes. */
const SHORT_BYTES = 24

/** What a batch says of its producer. Sequences number the records of a partition, see KIP-98. */
export interface BatchProducer {
  /** −1n for none. */
  readonly producerId: bigint
  readonly producerEpoch: number
  /** Of the first record. */
  readonly baseSequence: number
  readonly isTransactional: boolean
}

export const NO_PRODUCER: BatchProducer = {
  producerId: -1n,
  producerEpoch: -1,
  baseSequence: -1,
  isTransactional: false,
}

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
    let at = writeVarint(buffer, this.#at, body)
    buffer[at++] = 0
    at = writeVarlong(buffer, at, delta)
    at = writeVarint(buffer, at, this.#count)
    at = writePart(buffer, at, key, ofKey)
    at = writePart(buffer, at, value, ofValue)
    if (headers === null) buffer[at++] = 0
    else at = writeHeaders(buffer, at, headers)
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
    batch.fill(0, 0, 8)
    batch.writeInt32BE(batch.length - BEFORE_LENGTH_END, 8)
    batch.writeInt32BE(NO_LEADER_EPOCH, 12)
    batch[16] = MAGIC_2
    batch.writeInt16BE(codecId | (producer.isTransactional ? TRANSACTIONAL : 0), ATTRIBUTES_AT)
    batch.writeInt32BE(this.#count - 1, 23)
    batch.writeBigInt64BE(BigInt(this.#baseTimestampMs), 27)
    batch.writeBigInt64BE(BigInt(this.#maxTimestampMs), 35)
    batch.writeBigInt64BE(producer.producerId, 43)
    batch.writeInt16BE(producer.producerEpoch, 51)
    batch.writeInt32BE(producer.baseSequence, 53)
    batch.writeInt32BE(this.#count, 57)
    batch.writeInt32BE(crc32c(batch, ATTRIBUTES_AT, batch.length) | 0, 17)
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }
}

function writeVarint(buffer: Buffer, from: number, value: number): number {
  let at = from
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest > 0x7f) {
    buffer[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buffer[at++] = rest
  return at
}

/** Of at most 53 bits. */
function writeVarlong(buffer: Buffer, from: number, value: number): number {
  if (value === value >> 0) return writeVarint(buffer, from, value)
  let at = from
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  while (rest > 0x7fn) {
    buffer[at++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  buffer[at++] = Number(rest)
  return at
}

/** Length and bytes. */
function writePart(buffer: Buffer, from: number, value: Serialized, length: number): number {
  const at = writeVarint(buffer, from, length)
  if (value === null) return at
  return typeof value === 'string'
    ? writeText(buffer, at, value, length)
    : writeBytes(buffer, at, value, length)
}

function writeText(buffer: Buffer, at: number, text: string, length: number): number {
  if (length === text.length && length <= SHORT_TEXT) {
    let i = 0
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 0x80) break
      buffer[at + i] = unit
    }
    if (i === length) return at + length
  }
  return at + buffer.write(wellFormed(text), at, 'utf8')
}

function writeBytes(buffer: Buffer, at: number, bytes: Uint8Array, length: number): number {
  const found = bytes.length
  if (found < length) throw new TypeError(`${length} bytes were counted and ${found} are there`)
  if (length <= SHORT_BYTES) for (let i = 0; i < length; i++) buffer[at + i] = bytes[i]!
  // Memory shared with another thread may have grown since it was counted.
  else buffer.set(found === length ? bytes : bytes.subarray(0, length), at)
  return at + length
}

function writeHeaders(buffer: Buffer, from: number, headers: RecordHeaders): number {
  let at = writeVarint(buffer, from, headers.length)
  for (const [name, value] of headers) {
    at = writePart(buffer, at, name, utf8Bytes(name))
    at = writePart(buffer, at, value, partBytes(value))
  }
  return at
}
