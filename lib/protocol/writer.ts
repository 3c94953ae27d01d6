/**
 * A growing buffer. Lengths and checksums are left open and patched in afterwards, so that nested values are
 * written once, in place, without a buffer of their own.
 *
 * The bytes returned by {@link Writer.finish} are a view: the writer must not be used after that.
 */
import { byteLengthOf } from '../bytes.js'
import { EncodeError } from '../errors.js'

/** What a value is before it is bytes on the wire: bytes, text to be written as UTF-8, or null. */
export type Serialized = Uint8Array | string | null

const MAX_BYTES = 0x7fffffff
/** Up to this length a loop over char codes beats the call into native code. */
const SHORT_TEXT = 48

export class Writer {
  #buffer: Buffer
  #at = 0

  /** @param initialBytes - room to start with; more is made as needed, up to 2³¹−1 bytes in all. */
  constructor(initialBytes = 512) {
    this.#buffer = Buffer.allocUnsafe(Math.min(initialBytes, MAX_BYTES))
  }

  /** Bytes written so far, which is where the next one goes. */
  get length(): number {
    return this.#at
  }

  int8(value: number): void {
    this.#reserve(1)
    this.#at = this.#buffer.writeInt8(value, this.#at)
  }

  int16(value: number): void {
    this.#reserve(2)
    this.#at = this.#buffer.writeInt16BE(value, this.#at)
  }

  int32(value: number): void {
    this.#reserve(4)
    const buffer = this.#buffer
    let at = this.#at
    buffer[at++] = value >>> 24
    buffer[at++] = value >>> 16
    buffer[at++] = value >>> 8
    buffer[at++] = value
    this.#at = at
  }

  int64(value: bigint): void {
    this.#reserve(8)
    this.#at = this.#buffer.writeBigInt64BE(value, this.#at)
  }

  /** An integer of at most 53 bits as int64, without a bigint: offsets in a set, timestamps. */
  int64FromNumber(value: number): void {
    this.int32(Math.floor(value / 0x1_0000_0000))
    this.int32(value >>> 0)
  }

  /** Unsigned base-128 varint of at most 32 bits. */
  uvarint(value: number): void {
    this.#reserve(5)
    let rest = value
    while (rest > 0x7f || rest < 0) {
      this.#buffer[this.#at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#buffer[this.#at++] = rest
  }

  /** Zig-zag varint of a signed 32-bit integer. */
  varint(value: number): void {
    this.uvarint(((value << 1) ^ (value >> 31)) >>> 0)
  }

  /** Zig-zag varint of a signed integer of at most 53 bits. */
  varlong(value: number): void {
    if (value === value >> 0) {
      this.varint(value)
      return
    }
    this.#reserve(10)
    const wide = BigInt(value)
    let rest = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n))
    while (rest > 0x7fn) {
      this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#buffer[this.#at++] = Number(rest)
  }

  /**
   * @param length - as it was counted before, where it was: exactly this number of bytes is written.
   * @throws {TypeError} when they are not there any more: the buffer of the value was transferred, or made shorter.
   */
  bytes(value: Uint8Array, length = byteLengthOf(value)): void {
    const found = value.length
    if (found < length) throw new TypeError(`${length} bytes were counted and ${found} are there`)
    this.#reserve(length)
    // Memory shared with another thread may have grown since it was counted.
    this.#buffer.set(found === length ? value : value.subarray(0, length), this.#at)
    this.#at += length
  }

  /**
   * Text as UTF-8; returns the number of bytes. A lone surrogate becomes `?`, as Java writes it.
   *
   * @see docs/reference/classic-producer.md#encoders
   */
  utf8(text: string): number {
    const length = text.length
    this.#reserve(length * 3)
    const from = this.#at
    if (length <= SHORT_TEXT) {
      const buffer = this.#buffer
      let i = 0
      for (; i < length; i++) {
        const unit = text.charCodeAt(i)
        if (unit >= 0x80) break
        buffer[from + i] = unit
      }
      if (i === length) {
        this.#at = from + length
        return length
      }
    }
    const written = this.#buffer.write(wellFormed(text), from, 'utf8')
    this.#at = from + written
    return written
  }

  /** `int32 length, bytes`; −1 for null. */
  nullableBytes(value: Serialized): void {
    if (value === null) {
      this.int32(-1)
    } else if (typeof value === 'string') {
      const lengthAt = this.skip(4)
      this.patchInt32(lengthAt, this.utf8(value))
    } else {
      const length = byteLengthOf(value)
      this.int32(length)
      this.bytes(value, length)
    }
  }

  /** Leaves `count` bytes open and returns where they are; each must be patched before {@link finish}. */
  skip(count: number): number {
    this.#reserve(count)
    const at = this.#at
    this.#at = at + count
    return at
  }

  patchInt32(at: number, value: number): void {
    const buffer = this.#buffer
    buffer[at] = value >>> 24
    buffer[at + 1] = value >>> 16
    buffer[at + 2] = value >>> 8
    buffer[at + 3] = value
  }

  /** Patches a uvarint into five bytes left open: the continuation bits make short values wide. */
  patchWideUvarint(at: number, value: number): void {
    for (let i = 0; i < 4; i++) this.#buffer[at + i] = ((value >>> (7 * i)) & 0x7f) | 0x80
    this.#buffer[at + 4] = value >>> 28
  }

  /** Opens an int32 length; close it with {@link endLength}. */
  beginLength(): number {
    return this.skip(4)
  }

  /** Patches the number of bytes written since {@link beginLength}. */
  endLength(at: number): void {
    this.patchInt32(at, this.#at - at - 4)
  }

  /** Applies a checksum to what was written from `from` on. */
  checksum(from: number, crc: (buffer: Buffer, from: number, to: number) => number): number {
    return crc(this.#buffer, from, this.#at)
  }

  /** The bytes written: a view, not a copy. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  #reserve(count: number): void {
    const needed = this.#at + count
    if (needed > this.#buffer.length) this.#grow(needed)
  }

  #grow(needed: number): void {
    if (needed > MAX_BYTES) {
      throw new EncodeError(
        `a request of more than ${MAX_BYTES} bytes cannot be sent; send fewer or smaller messages`,
      )
    }
    const grown = Buffer.allocUnsafe(Math.min(MAX_BYTES, Math.max(needed, this.#buffer.length * 2)))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }
}

/** Java encodes a lone surrogate as `?`, Node as U+FFFD. */
export function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.replace(/\p{Surrogate}/gu, '?')
}

/** Bytes that {@link Writer.utf8} makes of a text. */
export function utf8Bytes(text: string): number {
  const length = text.length
  if (length > SHORT_TEXT) return Buffer.byteLength(wellFormed(text))
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) >= 0x80) return Buffer.byteLength(wellFormed(text))
  return length
}
