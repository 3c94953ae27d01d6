/**
 * A growing buffer. Lengths and checksums are left open and patched in afterwards, so that nested values are
 * written once, in place, without a buffer of their own.
 *
 * The bytes returned by {@link Writer.finish} are a view: nothing may be written after that.
 */
import { byteLengthOf } from '../bytes.js'
import { EncodeError } from '../errors.js'
import { type BufferSource, newBuffers } from './buffer-pool.js'
import { putBigInt64, putBytes, putInt32, putUtf8, putUvarint, putVarint, utf8Room } from './primitives.js'

export type { Serialized } from './serialized.js'

const MAX_BYTES = 0x7fffffff
const RELEASED = Buffer.alloc(0)

export class Writer {
  readonly #buffers: BufferSource
  #buffer: Buffer
  #at = 0

  /**
   * @param initialBytes - room to start with; more is made as needed, up to 2³¹−1 bytes in all.
   * @param buffers - where the room is taken from; call {@link release} in the end. Default: memory of its own.
   */
  constructor(initialBytes = 512, buffers = newBuffers) {
    this.#buffers = buffers
    this.#buffer = buffers.take(Math.min(initialBytes, MAX_BYTES))
  }

  /** Bytes written so far, which is where the next one goes. */
  get length(): number {
    return this.#at
  }

  /** Bytes for which there is room already. */
  get free(): number {
    return this.#buffer.length - this.#at
  }

  int8(value: number): void {
    this.room(1)
    this.#at = this.#buffer.writeInt8(value, this.#at)
  }

  int16(value: number): void {
    this.room(2)
    this.#at = this.#buffer.writeInt16BE(value, this.#at)
  }

  int32(value: number): void {
    this.#at = putInt32(this.room(4), value, this.#at)
  }

  int64(value: bigint): void {
    this.#at = putBigInt64(this.room(8), value, this.#at)
  }

  /** Unsigned base-128 varint of at most 32 bits. */
  uvarint(value: number): void {
    this.#at = putUvarint(this.room(5), value, this.#at)
  }

  /** Zig-zag varint of a signed 32-bit integer. */
  varint(value: number): void {
    this.#at = putVarint(this.room(5), value, this.#at)
  }

  /** As {@link putBytes}. */
  bytes(value: Uint8Array, length = byteLengthOf(value)): void {
    this.#at = putBytes(this.room(length), value, length, this.#at)
  }

  /** As {@link putUtf8}; returns the number of bytes. */
  utf8(text: string): number {
    const from = this.#at
    this.#at = putUtf8(this.room(utf8Room(text, this.free)), text, from)
    return this.#at - from
  }

  /**
   * The buffer itself, with room for `count` bytes from {@link length} on: for loops that keep the position in a local
   * variable and give it back with {@link advanceTo}. Another call that makes room may replace the buffer.
   */
  room(count: number): Buffer {
    const needed = this.#at + count
    if (needed > this.#buffer.length) this.#grow(needed)
    return this.#buffer
  }

  /** All bytes before this position have been written, into the buffer that {@link room} returned last. */
  advanceTo(position: number): void {
    this.#at = position
  }

  /** Leaves `count` bytes open and returns where they are; each must be patched before {@link finish}. */
  skip(count: number): number {
    this.room(count)
    const at = this.#at
    this.#at = at + count
    return at
  }

  patchInt32(at: number, value: number): void {
    putInt32(this.#buffer, value, at)
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

  /** The bytes written: a view, not a copy. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  /** The buffer goes back to where it came from: nobody may read the bytes any more, nor use the writer. A second call does nothing. */
  release(): void {
    const buffer = this.#buffer
    if (buffer === RELEASED) return
    this.#buffer = RELEASED
    this.#at = 0
    this.#buffers.give(buffer)
  }

  #grow(needed: number): void {
    if (needed > MAX_BYTES) {
      throw new EncodeError(
        `a request of more than ${MAX_BYTES} bytes cannot be sent; send fewer or smaller messages`,
      )
    }
    const grown = this.#buffers.take(Math.min(MAX_BYTES, Math.max(needed, this.#buffer.length * 2)))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffers.give(this.#buffer)
    this.#buffer = grown
  }
}
