/**
 * Bytes that records of magic 2 take, counted before they are written: exactly, and at most.
 *
 * @see https://kafka.apache.org/documentation/#record
 */
import { byteLengthOf } from '../../bytes.js'
import { utf8Bytes, varintBytes, varlongBytes } from '../primitives.js'
import type { Serialized } from '../serialized.js'
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
