/**
 * Bytes that records of magic 2 take, counted before they are written: exactly, and at most.
 *
 * @see https://kafka.apache.org/documentation/#record
 */
import { byteLengthOf } from '../../bytes.js'
import { type Serialized, utf8Bytes } from '../writer.js'
import type { RecordHeaders } from './record-body.js'

/** Bytes of a batch before its records. */
export const BATCH_HEAD_BYTES = 61

/** Most bytes of a record beside key, value and headers: length, attributes, timestamp and offset. */
const MAX_RECORD_OVERHEAD = 21

/** Of no headers: their count. */
export const NO_HEADERS_BYTES = 1

/** Bytes of a key or value; −1 for null. */
export function partBytes(value: Serialized): number {
  if (value === null) return -1
  return typeof value === 'string' ? utf8Bytes(value) : byteLengthOf(value)
}

/** Bytes of headers with their count. */
export function headersBytes(headers: RecordHeaders | null): number {
  if (headers === null) return NO_HEADERS_BYTES
  let bytes = varintBytes(headers.length)
  for (const [name, value] of headers) bytes += sizedBytes(utf8Bytes(name)) + sizedBytes(partBytes(value))
  return bytes
}

/**
 * Bytes of a record without the length in front.
 *
 * @param ofKey, ofValue - as {@link partBytes} counts them; `ofHeaders` as {@link headersBytes}.
 */
export function bodyBytes(
  timestampDelta: number,
  offsetDelta: number,
  ofKey: number,
  ofValue: number,
  ofHeaders: number,
): number {
  return (
    1 +
    varlongBytes(timestampDelta) +
    varintBytes(offsetDelta) +
    sizedBytes(ofKey) +
    sizedBytes(ofValue) +
    ofHeaders
  )
}

/** Most bytes of a batch with this record alone: what `max.request.size` and `buffer.memory` count in the Java client. */
export function upperBoundBytes(ofKey: number, ofValue: number, ofHeaders: number): number {
  return BATCH_HEAD_BYTES + MAX_RECORD_OVERHEAD + sizedBytes(ofKey) + sizedBytes(ofValue) + ofHeaders
}

/** Bytes of a length and what it announces. */
export function sizedBytes(length: number): number {
  return length < 0 ? 1 : varintBytes(length) + length
}

/** Bytes of a zig-zag varint of 32 bits. */
export function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  if (zigzag < 0x200000) return 3
  return zigzag < 0x10000000 ? 4 : 5
}

/** As {@link varintBytes}, of an integer of at most 53 bits. */
export function varlongBytes(value: number): number {
  if (value === value >> 0) return varintBytes(value)
  let bytes = 1
  // Below zero zig-zag counts from −1.
  for (let rest = (value < 0 ? -1 - value : value) / 64; rest >= 1; rest /= 128) bytes++
  return bytes
}
