/**
 * The few primitives of Kafka's wire format that the null broker needs: a cursor over a request, and bytes of an
 * answer. Written apart from `lib/protocol`, so that the bench shares no code with what it measures. No checks: the
 * only clients are those of the bench.
 *
 * @see https://kafka.apache.org/protocol#protocol_types
 */

/** A cursor over one request. Lengths of arrays and strings are compact in flexible versions. */
export class Cursor {
  at: number
  readonly frame: Buffer
  readonly #isFlexible: boolean

  constructor(frame: Buffer, at: number, isFlexible: boolean) {
    this.frame = frame
    this.at = at
    this.#isFlexible = isFlexible
  }

  int16(): number {
    this.at += 2
    return this.frame.readInt16BE(this.at - 2)
  }

  int32(): number {
    this.at += 4
    return this.frame.readInt32BE(this.at - 4)
  }

  uvarint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.frame[this.at++]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }

  /** −1 for null. */
  count(): number {
    return this.#isFlexible ? this.uvarint() - 1 : this.int32()
  }

  /** Bytes of a string; empty for null. */
  string(): Buffer {
    const length = this.#isFlexible ? this.uvarint() - 1 : this.int16()
    return this.bytes(Math.max(length, 0))
  }

  bytes(length: number): Buffer {
    this.at += length
    return this.frame.subarray(this.at - length, this.at)
  }

  skipTags(): void {
    if (!this.#isFlexible) return
    for (let left = this.uvarint(); left > 0; left--) {
      this.uvarint()
      this.at += this.uvarint()
    }
  }
}

const INITIAL_BYTES = 512

/** An answer with its length in front. */
export class Answer {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES)
  #at = 4
  readonly #isFlexible: boolean

  constructor(correlationId: number, isFlexible: boolean, hasFlexibleHeader = isFlexible) {
    this.#isFlexible = isFlexible
    this.int32(correlationId)
    if (hasFlexibleHeader) this.uvarint(0)
  }

  int8(value: number): void {
    // Before the buffer is looked at: making room may replace it.
    const at = this.#room(1)
    this.#buffer[at] = value
  }

  int16(value: number): void {
    const at = this.#room(2)
    this.#buffer.writeInt16BE(value, at)
  }

  int32(value: number): void {
    const at = this.#room(4)
    this.#buffer.writeInt32BE(value, at)
  }

  int64(value: number): void {
    this.int32(Math.floor(value / 2 ** 32))
    this.int32(value | 0)
  }

  uvarint(value: number): void {
    let left = value
    for (; left >= 0x80; left >>>= 7) this.int8((left & 0x7f) | 0x80)
    this.int8(left)
  }

  count(value: number): void {
    if (this.#isFlexible) this.uvarint(value + 1)
    else this.int32(value)
  }

  string(value: Buffer): void {
    if (this.#isFlexible) this.uvarint(value.length + 1)
    else this.int16(value.length)
    this.bytes(value)
  }

  null(): void {
    if (this.#isFlexible) this.uvarint(0)
    else this.int16(-1)
  }

  bytes(value: Buffer): void {
    const at = this.#room(value.length)
    value.copy(this.#buffer, at)
  }

  noTags(): void {
    if (this.#isFlexible) this.uvarint(0)
  }

  finish(): Buffer {
    this.#buffer.writeInt32BE(this.#at - 4, 0)
    return this.#buffer.subarray(0, this.#at)
  }

  #room(bytes: number): number {
    const at = this.#at
    this.#at += bytes
    if (this.#at > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(this.#at * 2)
      this.#buffer.copy(larger, 0, 0, at)
      this.#buffer = larger
    }
    return at
  }
}
