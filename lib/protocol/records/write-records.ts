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
import { putBytes, putUtf8, putVarint, putVarlong, varintBytes } from '../primitives.js'
import { lengthOf, roomOf, type Serialized } from '../serialized.js'
import type { Writer } from '../writer.js'
import { type RecordBody, type RecordHeaders, writeError } from './record-body.js'
import { bodyBytes, NO_HEADERS_BYTES, sizedBytes } from './record-sizes.js'

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
  let buffer = writer.room(0)
  let at = writer.length
  try {
    for (; i < records.length; i++) {
      const record = records[i]!
      const { key, value, headers } = record
      const keyLength = lengthOf(key)
      const valueLength = lengthOf(value)
      const free = buffer.length - at
      const headRoom = OVERHEAD_BYTES + (headers === null ? 0 : roomOfHeaders(headers))
      const keyRoom = headRoom + roomOf(key, keyLength, free - headRoom)
      const room = keyRoom + roomOf(value, valueLength, free - keyRoom)
      if (room > free) {
        writer.advanceTo(at)
        buffer = writer.room(room)
      }
      const ofHeaders = headers === null ? NO_HEADERS_BYTES : headersLength(headers)
      const delta = record.timestampMs - baseTimestampMs
      at = putRecord(buffer, delta, i, key, keyLength, value, valueLength, headers, ofHeaders, at)
    }
  } catch (thrown) {
    throw writeError(records[i]!, thrown)
  }
  writer.advanceTo(at)
}

/**
 * Writes one record; the buffer has room for it.
 *
 * @param keyLength - its bytes, or of text what it takes where it is ASCII; −1 for null. Likewise of the value.
 * @param ofHeaders - bytes of the headers with their count, likewise.
 * @throws {TypeError} as {@link putBytes}.
 */
export function putRecord(
  buffer: Buffer,
  timestampDelta: number,
  offsetDelta: number,
  key: Serialized,
  keyLength: number,
  value: Serialized,
  valueLength: number,
  headers: RecordHeaders | null,
  ofHeaders: number,
  from: number,
): number {
  const gap = varintBytes(bodyBytes(timestampDelta, offsetDelta, keyLength, valueLength, ofHeaders))
  let at = from + gap
  buffer[at++] = 0
  at = putVarlong(buffer, timestampDelta, at)
  at = putVarint(buffer, offsetDelta, at)
  at = putSized(buffer, key, keyLength, at)
  at = putSized(buffer, value, valueLength, at)
  if (headers === null) buffer[at++] = 0
  else at = putHeaders(buffer, headers, at)
  return putLength(buffer, from, gap, at)
}

function putHeaders(buffer: Buffer, headers: RecordHeaders, from: number): number {
  let at = putVarint(buffer, headers.length, from)
  for (const [name, value] of headers) {
    at = putSized(buffer, name, name.length, at)
    at = putSized(buffer, value, lengthOf(value), at)
  }
  return at
}

/** Bytes of headers where their text is ASCII. */
function headersLength(headers: RecordHeaders): number {
  let bytes = varintBytes(headers.length)
  for (const [name, value] of headers) bytes += sizedBytes(name.length) + sizedBytes(lengthOf(value))
  return bytes
}

/** Most bytes of headers. */
function roomOfHeaders(headers: RecordHeaders): number {
  let bytes = MAX_LENGTH_BYTES
  for (const [name, value] of headers) {
    bytes += 2 * MAX_LENGTH_BYTES + roomOf(name, name.length, 0) + roomOf(value, lengthOf(value), 0)
  }
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
