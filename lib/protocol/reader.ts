/**
 * A bounds-checked cursor over one buffer of bytes that a peer sent.
 *
 * Knows the primitive encodings and nothing of messages. Every read checks first, so a truncated or lying
 * buffer ends in a {@link DecodeError} and never in a wrong value or a large allocation.
 *
 * @see https://kafka.apache.org/protocol#protocol_types
 */
import { counted } from '../counted.js'
import { DecodeError } from '../errors.js'

/**
 * An element takes far more memory than the bytes it came from, so elements are limited beside bytes. A topic of
 * 100,000 partitions with three replicas has 700,000.
 */
const MAX_ELEMENTS = 4_000_000

const MINUS_ONE = -1n

export class Reader {
  readonly #buffer: Buffer
  #at: number
  /** Announced by arrays so far. */
  #elements = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
    this.#at = 0
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#at
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#buffer.length - this.#at
  }

  int8(): number {
    return this.#buffer.readInt8(this.#take(1, 'int8'))
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#take(2, 'int16'))
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#take(4, 'int32'))
  }

  uint32(): number {
    return this.#buffer.readUInt32BE(this.#take(4, 'uint32'))
  }

  /** Nearly all are −1 or fit a number. Node's own makes five bigints for each, 120 bytes; an answer has three per partition. */
  int64(): bigint {
    const at = this.#take(8, 'int64')
    const number = this.#buffer.readInt32BE(at) * 2 ** 32 + this.#buffer.readUInt32BE(at + 4)
    if (number === -1) return MINUS_ONE
    return Number.isSafeInteger(number) ? BigInt(number) : this.#buffer.readBigInt64BE(at)
  }

  /** Unsigned base-128 varint of at most 32 bits, so at most 5 bytes. */
  uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#buffer[this.#take(1, 'varint')]!
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (value > 0xffffffff) break
        return value
      }
    }
    throw new DecodeError(`varint ending at byte ${this.#at} exceeds 32 bits`)
  }

  /** Zig-zag varint of a signed 32-bit integer. */
  varint(): number {
    const value = this.uvarint()
    return (value >>> 1) ^ -(value & 1)
  }

  /** Zig-zag varint of at most 64 bits, so at most 10 bytes. */
  varlong(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#buffer[this.#take(1, 'varint')]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        if (value > 0xffffffffffffffffn) break
        return (value >> 1n) ^ -(value & 1n)
      }
    }
    throw new DecodeError(`varint ending at byte ${this.#at} exceeds 64 bits`)
  }

  /** A view of the next bytes, not a copy. */
  bytes(length: number, what = 'bytes'): Buffer {
    if (length < 0) throw new DecodeError(`${what} at byte ${this.#at} has the negative length ${length}`)
    const from = this.#take(length, what)
    return this.#buffer.subarray(from, from + length)
  }

  utf8(length: number): string {
    const from = this.#take(length, 'string')
    return this.#buffer.toString('utf8', from, from + length)
  }

  /**
   * Checks an announced element count against what the rest of the buffer can hold, and what one buffer may.
   *
   * @param minBytes - fewest bytes one element takes.
   */
  checkCount(count: number, minBytes: number): number {
    if (count < 0 || count * minBytes > this.remaining) {
      throw new DecodeError(
        `array at byte ${this.#at} announces ${counted(count, 'element')}, ${counted(this.remaining, 'byte')} left`,
      )
    }
    this.#elements += count
    if (this.#elements > MAX_ELEMENTS) {
      throw new DecodeError(
        `array at byte ${this.#at} announces ${count} elements, ${MAX_ELEMENTS} are allowed altogether`,
      )
    }
    return count
  }

  #take(length: number, what: string): number {
    const from = this.#at
    if (length > this.#buffer.length - from) {
      throw new DecodeError(
        `${what} at byte ${from} needs ${counted(length, 'byte')}, ${this.#buffer.length - from} left`,
      )
    }
    this.#at = from + length
    return from
  }
}
