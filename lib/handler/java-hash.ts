/**
 * Java's `hashCode` for the values that can be partition keys, and the two ways the original made it non-negative.
 *
 * @see docs/reference/classic-producer.md#hash-codes
 */
import { byteLengthOf } from '../bytes.js'

/** int32 hash of text: h = 31·h + unit over its UTF-16 code units. */
export function hashOfString(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0
  return hash
}

/** int32 hash of bytes by content (`Arrays.hashCode`): signed bytes, starting from 1. */
export function hashOfBytes(bytes: Uint8Array): number {
  let hash = 1
  const length = byteLengthOf(bytes)
  for (let i = 0; i < length; i++) hash = (Math.imul(31, hash) + ((bytes[i]! << 24) >> 24)) | 0
  return hash
}

/** int32 hash of a Long: the upper half xor the lower half. */
export function hashOfLong(value: bigint): number {
  const bits = BigInt.asUintN(64, value)
  return Number(BigInt.asIntN(32, bits ^ (bits >> 32n)))
}

const doubleBits = new DataView(new ArrayBuffer(8))

/** int32 hash of a Double: its 64-bit pattern, folded like a Long; one NaN. */
export function hashOfDouble(value: number): number {
  doubleBits.setFloat64(0, Number.isNaN(value) ? Number.NaN : value)
  return doubleBits.getInt32(0) ^ doubleBits.getInt32(4)
}

export function hashOfBoolean(value: boolean): number {
  return value ? 1231 : 1237
}

const MIN_INT32 = -0x80000000

/** Since 0.8.2: the magnitude, and 0 for the one int32 that has none. */
export function magnitude(hash: number): number {
  return hash === MIN_INT32 ? 0 : Math.abs(hash)
}

/** Up to 0.8.1: the sign bit cleared. */
export function masked(hash: number): number {
  return hash & 0x7fffffff
}
