/**
 * Keys, values and whatever else is bytes, text or null until it is written: how much there is of it, how much room it
 * takes, and its form in messages of magic 0 and 1.
 */
import { byteLengthOf } from '../bytes.js'
import { putBytes, putInt32, putUtf8, utf8Room } from './primitives.js'

/** What a value is before it is bytes on the wire: bytes, text to be written as UTF-8, or null. */
export type Serialized = Uint8Array | string | null

/** Bytes, text counted as if it were ASCII; −1 for null. */
export function lengthOf(part: Serialized): number {
  if (part === null) return -1
  return typeof part === 'string' ? part.length : byteLengthOf(part)
}

/**
 * Most bytes that a part takes, without a length in front.
 *
 * @param length - its {@link lengthOf}, taken once: memory shared with another thread may grow.
 * @param free - as for {@link utf8Room}.
 */
export function roomOf(part: Serialized, length: number, free: number): number {
  if (typeof part === 'string') return utf8Room(part, free)
  return length > 0 ? length : 0
}

/**
 * `int32 length, bytes`; −1 for null.
 *
 * @param length - its {@link lengthOf}.
 * @throws {TypeError} as {@link putBytes}.
 */
export function putNullableBytes(buffer: Buffer, part: Serialized, length: number, at: number): number {
  if (typeof part === 'string') {
    const end = putUtf8(buffer, part, at + 4)
    putInt32(buffer, end - at - 4, at)
    return end
  }
  const from = putInt32(buffer, length, at)
  return part === null ? from : putBytes(buffer, part, length, from)
}
