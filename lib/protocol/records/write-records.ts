/**
 * Writes the records of a batch (magic 2), in one pass over each: a record is a varint length, then attributes, deltas,
 * key, value and headers, each part with a varint length in front.
 *
 * The width of such a length depends on what it counts, and the bytes of a text are known only when it is written. So
 * text is taken for ASCII, what stands behind a length is written first, and moved where the gap for the length was too
 * narrow or too wide: never for ASCII, and by a byte or two where other text happens to lie at a limit of widths.
 *
 * @see docs/reference/wire-protocol.md#record-batches
 */
import { putBytes, putUtf8, putVarint, putVarlong, varintBytes, varlongBytes } from '../primitives.js'
import { lengthOf, roomOf, type Serialized } from '../serialized.js'
import type { Writer } from '../writer.js'
import { type RecordBody, type RecordHeaders, writeError } from './record-body.js'

/** Most bytes of a record beside key, value and headers: lengths 5, 5 and 5, attributes 1, deltas 10 and 5, header count 1. */
const OVERHEAD_BYTES = 32
const MAX_LENGTH_BYTES = 5

/**
 * The records alone: what is compressed.
 *
 * @throws {UnreadableRecordError} when the bytes of a record are not there any more.
 */
export function writeRecords(writer: Writer, records: readonly RecordBody[], baseTimestampMs: number): void {
  let i = 0
  try {
    for (; i < records.length; i++) {
      const record = records[i]!
      writeRecord(writer, i, record, record.timestampMs - baseTimestampMs)
    }
  } catch (thrown) {
    throw writeError(records[i]!, thrown)
  }
}

function writeRecord(
  writer: Writer,
  offsetDelta: number,
  { key, value, headers }: RecordBody,
  timestampDelta: number,
): void {
  const keyLength = lengthOf(key)
  const valueLength = lengthOf(value)
  const keyRoom = OVERHEAD_BYTES + roomOf(key, keyLength, writer.free - OVERHEAD_BYTES)
  const buffer = writer.room(keyRoom + roomOf(value, valueLength, writer.free - keyRoom))
  const from = writer.length
  const gap = varintBytes(
    1 +
      varlongBytes(timestampDelta) +
      varintBytes(offsetDelta) +
      sizedBytes(keyLength) +
      sizedBytes(valueLength) +
      headersLength(headers),
  )
  let at = from + gap
  buffer[at++] = 0
  at = putVarlong(buffer, timestampDelta, at)
  at = putVarint(buffer, offsetDelta, at)
  at = putSized(buffer, key, keyLength, at)
  at = putSized(buffer, value, valueLength, at)
  if (headers === null) {
    buffer[at++] = 0
    writer.advanceTo(putLength(buffer, from, gap, at))
  } else {
    writer.advanceTo(at)
    writeHeaders(writer, headers)
    closeRecord(writer, from, gap)
  }
}

function writeHeaders(writer: Writer, headers: RecordHeaders): void {
  writer.varint(headers.length)
  for (const [name, value] of headers) {
    writeSized(writer, name)
    writeSized(writer, value)
  }
}

function writeSized(writer: Writer, part: Serialized): void {
  const length = lengthOf(part)
  const buffer = writer.room(MAX_LENGTH_BYTES + roomOf(part, length, writer.free - MAX_LENGTH_BYTES))
  writer.advanceTo(putSized(buffer, part, length, writer.length))
}

function closeRecord(writer: Writer, from: number, gap: number): void {
  const buffer = writer.room(MAX_LENGTH_BYTES)
  writer.advanceTo(putLength(buffer, from, gap, writer.length))
}

/** Bytes of a length and what it announces. */
function sizedBytes(length: number): number {
  return length < 0 ? 1 : varintBytes(length) + length
}

function headersLength(headers: RecordHeaders | null): number {
  if (headers === null) return 1
  let bytes = varintBytes(headers.length)
  for (const [name, value] of headers) bytes += sizedBytes(name.length) + sizedBytes(lengthOf(value))
  return bytes
}

function putSized(buffer: Buffer, part: Serialized, length: number, at: number): number {
  if (part === null) {
    buffer[at] = 1
    return at + 1
  }
  if (typeof part === 'string') {
    const gap = varintBytes(length)
    return putLength(buffer, at, gap, putUtf8(buffer, part, at + gap))
  }
  return putBytes(buffer, part, length, putVarint(buffer, length, at))
}

/** Puts a length in front of what was written behind a gap for it, up to `end`; moves that where the gap does not fit. */
function putLength(buffer: Buffer, at: number, gap: number, end: number): number {
  const length = end - at - gap
  const width = varintBytes(length)
  if (width !== gap) buffer.copyWithin(at + width, at + gap, end)
  putVarint(buffer, length, at)
  return at + width + length
}
