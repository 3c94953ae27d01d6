/**
 * Writes record batches (magic 2): a head of 61 bytes, then the records, compressed together or plain. Written in one pass;
 * the lengths that stand in front are counted first, since their width depends on them.
 *
 * The checksum is CRC-32C from the attributes to the end. Timestamps are kept relative to the first record's.
 *
 * @see docs/reference/wire-protocol.md#record-batches; https://kafka.apache.org/documentation/#recordbatch
 */
import { byteLengthOf } from '../../bytes.js'
import type { Payload } from '../types.js'
import { type Serialized, utf8Bytes, type Writer } from '../writer.js'
import { crc32c } from './crc32c.js'
import {
  type BatchSummary,
  type RecordBody,
  type RecordHeaders,
  summaryOf,
  writeError,
} from './record-body.js'

const MAGIC_2 = 2
const NO_LEADER_EPOCH = -1
const NO_PRODUCER = { id: -1, epoch: -1, sequence: -1 }

/** Records as one plain batch, at least one. */
export class PlainRecordBatch implements Payload {
  readonly #records: readonly RecordBody[]

  constructor(records: readonly RecordBody[]) {
    this.#records = records
  }

  writeTo(writer: Writer): void {
    const summary = summaryOf(this.#records)
    const at = beginBatch(writer, 0, summary)
    writeRecords(writer, this.#records, summary.baseTimestampMs)
    endBatch(writer, at)
  }
}

/** Records that have been compressed together. */
export class CompressedRecordBatch implements Payload {
  readonly #codecId: number
  readonly #summary: BatchSummary
  readonly #compressed: Uint8Array

  /**
   * @param codecId - 1 gzip, 2 snappy, 3 lz4, 4 zstd.
   * @param compressed - what {@link writeRecords} wrote, compressed.
   */
  constructor(codecId: number, summary: BatchSummary, compressed: Uint8Array) {
    this.#codecId = codecId
    this.#summary = summary
    this.#compressed = compressed
  }

  writeTo(writer: Writer): void {
    const at = beginBatch(writer, this.#codecId, this.#summary)
    writer.bytes(this.#compressed)
    endBatch(writer, at)
  }
}

interface OpenBatch {
  readonly lengthAt: number
  readonly crcAt: number
}

function beginBatch(writer: Writer, attributes: number, summary: BatchSummary): OpenBatch {
  writer.int64FromNumber(0)
  const lengthAt = writer.beginLength()
  writer.int32(NO_LEADER_EPOCH)
  writer.int8(MAGIC_2)
  const crcAt = writer.skip(4)
  writer.int16(attributes)
  writer.int32(summary.count - 1)
  writer.int64FromNumber(summary.baseTimestampMs)
  writer.int64FromNumber(summary.maxTimestampMs)
  writer.int64FromNumber(NO_PRODUCER.id)
  writer.int16(NO_PRODUCER.epoch)
  writer.int32(NO_PRODUCER.sequence)
  writer.int32(summary.count)
  return { lengthAt, crcAt }
}

function endBatch(writer: Writer, { lengthAt, crcAt }: OpenBatch): void {
  writer.patchInt32(crcAt, writer.checksum(crcAt + 4, crc32c))
  writer.endLength(lengthAt)
}

/**
 * The records alone: what is compressed.
 *
 * @throws {UnreadableRecordError} when the bytes of a record are not there any more.
 */
export function writeRecords(writer: Writer, records: readonly RecordBody[], baseTimestampMs: number): void {
  let i = 0
  try {
    for (; i < records.length; i++) writeRecord(writer, i, records[i]!, baseTimestampMs)
  } catch (thrown) {
    throw writeError(records[i]!, thrown)
  }
}

function writeRecord(
  writer: Writer,
  offsetDelta: number,
  { key, value, timestampMs, headers }: RecordBody,
  baseTimestampMs: number,
): void {
  const timestampDelta = timestampMs - baseTimestampMs
  const keyBytes = sizeOf(key)
  const valueBytes = sizeOf(value)
  writer.varint(
    1 +
      varlongBytes(timestampDelta) +
      varintBytes(offsetDelta) +
      sizedBytes(keyBytes) +
      sizedBytes(valueBytes) +
      headersBytes(headers),
  )
  writer.int8(0)
  writer.varlong(timestampDelta)
  writer.varint(offsetDelta)
  writeSized(writer, key, keyBytes)
  writeSized(writer, value, valueBytes)
  if (headers) writeHeaders(writer, headers)
  else writer.varint(0)
}

function writeHeaders(writer: Writer, headers: RecordHeaders): void {
  writer.varint(headers.length)
  for (const [name, value] of headers) {
    writeSized(writer, name, utf8Bytes(name))
    writeSized(writer, value, sizeOf(value))
  }
}

function headersBytes(headers: RecordHeaders | null): number {
  if (!headers) return 1
  let bytes = varintBytes(headers.length)
  for (const [name, value] of headers) bytes += sizedBytes(utf8Bytes(name)) + sizedBytes(sizeOf(value))
  return bytes
}

/** −1 for null. */
function sizeOf(value: Serialized): number {
  if (value === null) return -1
  return typeof value === 'string' ? utf8Bytes(value) : byteLengthOf(value)
}

/** Bytes of a length and what it announces. */
function sizedBytes(length: number): number {
  return length < 0 ? 1 : varintBytes(length) + length
}

function writeSized(writer: Writer, value: Serialized, length: number): void {
  writer.varint(length)
  if (value === null) return
  if (typeof value === 'string') writer.utf8(value)
  else writer.bytes(value, length)
}

/** Bytes of a zig-zag varint of 32 bits. */
function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  if (zigzag < 0x200000) return 3
  return zigzag < 0x10000000 ? 4 : 5
}

/** As {@link varintBytes}, of an integer of at most 53 bits. */
function varlongBytes(value: number): number {
  if (value === value >> 0) return varintBytes(value)
  let bytes = 1
  // Below zero zig-zag counts from −1.
  for (let rest = (value < 0 ? -1 - value : value) / 64; rest >= 1; rest /= 128) bytes++
  return bytes
}
