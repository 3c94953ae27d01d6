/**
 * Reads record batches (magic 2); see `record-batch.ts` for what they are. For servers and for whoever checks.
 *
 * @see docs/reference/wire-protocol.md#record-batches
 */
import { counted } from '../../counted.js'
import { DecodeError } from '../../errors.js'
import { Reader } from '../reader.js'
import { crc32c } from './crc32c.js'

const MAGIC_2 = 2
const CODEC_MASK = 0x07
const LOG_APPEND_TIME = 0x08
/** Bytes before the records. */
const BATCH_HEAD_BYTES = 61
/** What the length field does not count: offset 8, itself 4. */
const BEFORE_LENGTH_END = 12

/** One record as read; `key`, `value` and header values are views. */
export interface ReadRecord {
  readonly offset: bigint
  readonly timestampMs: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

/** A batch as read, its records still compressed if they are. */
export interface ReadBatch {
  readonly baseOffset: bigint
  readonly leaderEpoch: number
  readonly codecId: number
  readonly isLogAppendTime: boolean
  readonly attributes: number
  readonly lastOffsetDelta: number
  readonly baseTimestampMs: bigint
  readonly maxTimestampMs: bigint
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly count: number
  readonly isChecksumValid: boolean
  readonly records: Buffer
}

/**
 * Reads the batches of a partition; an incomplete one at the end is left out.
 *
 * @throws {DecodeError} on a length that is too short or a magic other than 2.
 */
export function readRecordBatches(bytes: Buffer): ReadBatch[] {
  const reader = new Reader(bytes)
  const batches: ReadBatch[] = []
  while (reader.remaining >= BEFORE_LENGTH_END) {
    const baseOffset = reader.int64()
    const length = reader.int32()
    if (length < BATCH_HEAD_BYTES - BEFORE_LENGTH_END) {
      throw new DecodeError(
        `record batch of ${counted(length, 'byte')} at byte ${reader.offset} is too short`,
      )
    }
    if (length > reader.remaining) break
    batches.push(readBatch(baseOffset, reader.bytes(length, 'record batch')))
  }
  return batches
}

function readBatch(baseOffset: bigint, bytes: Buffer): ReadBatch {
  const reader = new Reader(bytes)
  const leaderEpoch = reader.int32()
  const magic = reader.int8()
  if (magic !== MAGIC_2)
    throw new DecodeError(`record batch at offset ${baseOffset} has magic ${magic}, not 2`)
  const crc = reader.uint32()
  const isChecksumValid = crc32c(bytes, reader.offset) === crc
  const attributes = reader.int16()
  return {
    baseOffset,
    leaderEpoch,
    codecId: attributes & CODEC_MASK,
    isLogAppendTime: (attributes & LOG_APPEND_TIME) !== 0,
    attributes,
    lastOffsetDelta: reader.int32(),
    baseTimestampMs: reader.int64(),
    maxTimestampMs: reader.int64(),
    producerId: reader.int64(),
    producerEpoch: reader.int16(),
    baseSequence: reader.int32(),
    count: reader.int32(),
    isChecksumValid,
    records: reader.bytes(reader.remaining),
  }
}

/**
 * The records of a batch.
 *
 * @param plain - its `records`, decompressed.
 * @throws {DecodeError} when they are not what the head announces.
 */
export function readRecords(batch: ReadBatch, plain: Buffer): ReadRecord[] {
  const reader = new Reader(plain)
  reader.checkCount(batch.count, MIN_RECORD_BYTES)
  const records: ReadRecord[] = []
  for (let i = 0; i < batch.count; i++) records.push(readRecord(batch, sized(reader)))
  if (reader.remaining > 0)
    throw new DecodeError(`found ${counted(reader.remaining, 'byte')} after the last record of a batch`)
  return records
}

/** Length, attributes, two deltas, two lengths, a count. */
const MIN_RECORD_BYTES = 7
/** Two lengths. */
const MIN_HEADER_BYTES = 2

function sized(reader: Reader): Reader {
  return new Reader(reader.bytes(reader.varint(), 'record'))
}

function readRecord(batch: ReadBatch, reader: Reader): ReadRecord {
  reader.int8()
  const timestampDelta = reader.varlong()
  const offsetDelta = reader.varint()
  const key = readNullable(reader)
  const value = readNullable(reader)
  const headers = readHeaders(reader)
  if (reader.remaining > 0)
    throw new DecodeError(`found ${counted(reader.remaining, 'byte')} after the last field of a record`)
  return {
    offset: batch.baseOffset + BigInt(offsetDelta),
    timestampMs: batch.isLogAppendTime ? batch.maxTimestampMs : batch.baseTimestampMs + timestampDelta,
    key,
    value,
    headers,
  }
}

function readHeaders(reader: Reader): ReadRecord['headers'] {
  const count = reader.checkCount(reader.varint(), MIN_HEADER_BYTES)
  const headers: [string, Buffer | null][] = []
  for (let i = 0; i < count; i++) {
    const name = reader.varint()
    if (name < 0) throw new DecodeError(`the name of a header at byte ${reader.offset} is null`)
    headers.push([reader.utf8(name), readNullable(reader)])
  }
  return headers
}

function readNullable(reader: Reader): Buffer | null {
  const length = reader.varint()
  return length === -1 ? null : reader.bytes(length)
}
