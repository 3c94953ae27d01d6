/**
 * Bytes of the Kafka protocol, written and read by hand.
 *
 * Specs take their expected bytes from here or from a recording, never from the code under test; this file
 * therefore imports nothing from lib/. It knows primitives only: what a request consists of is said by the
 * spec that builds it, what a message set consists of by wire-message-set.ts.
 *
 * @see https://kafka.apache.org/protocol#protocol_types
 */

/** Appends primitives to a list of pieces; every method but the last returns the same builder. */
export class WireBuilder {
  readonly #pieces: Buffer[] = []

  int8(value: number): this {
    const piece = Buffer.alloc(1)
    piece.writeInt8(value)
    return this.raw(piece)
  }

  int16(value: number): this {
    const piece = Buffer.alloc(2)
    piece.writeInt16BE(value)
    return this.raw(piece)
  }

  int32(value: number): this {
    const piece = Buffer.alloc(4)
    piece.writeInt32BE(value)
    return this.raw(piece)
  }

  /** For CRCs, which are unsigned in Node and signed in Java; the four bytes are the same. */
  uint32(value: number): this {
    const piece = Buffer.alloc(4)
    piece.writeUInt32BE(value)
    return this.raw(piece)
  }

  int64(value: bigint | number): this {
    const piece = Buffer.alloc(8)
    piece.writeBigInt64BE(BigInt(value))
    return this.raw(piece)
  }

  /** int16 length in UTF-8 bytes, then the bytes. */
  string(value: string): this {
    const utf8 = Buffer.from(value, 'utf8')
    return this.int16(utf8.length).raw(utf8)
  }

  /** As {@link string}; null is length −1. */
  nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value)
  }

  /** int32 length, then the bytes; null is length −1. A string stands for its UTF-8 bytes. */
  bytes(value: Uint8Array | string | null): this {
    if (value === null) return this.int32(-1)
    const piece = typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value)
    return this.int32(piece.length).raw(piece)
  }

  /** int32 count, then each item as `write` puts it; null is count −1. */
  array<T>(items: readonly T[] | null, write: (to: WireBuilder, item: T) => void): this {
    if (items === null) return this.int32(-1)
    this.int32(items.length)
    for (const item of items) write(this, item)
    return this
  }

  /** Seven bits a byte, the lowest first; the top bit says that more follow (KIP-482). */
  uvarint(value: number): this {
    const piece: number[] = []
    let rest = value
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) piece.push((rest % 128) + 0x80)
    return this.raw(Buffer.from([...piece, rest]))
  }

  /** Length plus one as an uvarint, then the UTF-8 bytes; null is 0. */
  compactString(value: string | null): this {
    if (value === null) return this.uvarint(0)
    const utf8 = Buffer.from(value, 'utf8')
    return this.uvarint(utf8.length + 1).raw(utf8)
  }

  /** Count plus one as an uvarint, then each item as `write` puts it; null is 0. */
  compactArray<T>(items: readonly T[] | null, write: (to: WireBuilder, item: T) => void): this {
    if (items === null) return this.uvarint(0)
    this.uvarint(items.length + 1)
    for (const item of items) write(this, item)
    return this
  }

  /** The end of a struct that has no tagged fields. */
  noTags(): this {
    return this.uvarint(0)
  }

  /** Bytes as they are. A string is hexadecimal; blanks in it are ignored. */
  raw(value: Uint8Array | string): this {
    this.#pieces.push(
      typeof value === 'string' ? Buffer.from(value.replaceAll(/\s/g, ''), 'hex') : Buffer.from(value),
    )
    return this
  }

  /** int32 length in bytes, then what `write` put: a frame within a frame, such as a message set. */
  sized(write: (to: WireBuilder) => void): this {
    const inner = new WireBuilder()
    write(inner)
    return this.raw(inner.framed())
  }

  /** Request header v1, the only one of 0.8: key, version, correlation id, client id. */
  requestHeader(apiKey: number, apiVersion: number, correlationId: number, clientId: string | null): this {
    return this.int16(apiKey).int16(apiVersion).int32(correlationId).nullableString(clientId)
  }

  /** What was put so far, without a length. */
  build(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  /** What was put so far behind its int32 length: a Kafka frame. */
  framed(): Buffer {
    const body = this.build()
    return Buffer.concat([new WireBuilder().int32(body.length).build(), body])
  }
}

/** Starts a sequence of bytes: `wire().int16(0).string('a').framed()`. */
export function wire(): WireBuilder {
  return new WireBuilder()
}

/** Reads primitives off one buffer, front to back. Throws a RangeError that says where it ran out. */
export class WireReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Uint8Array) {
    this.#buffer = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#buffer.length - this.#at
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#at
  }

  int8(): number {
    return this.raw(1).readInt8()
  }

  int16(): number {
    return this.raw(2).readInt16BE()
  }

  int32(): number {
    return this.raw(4).readInt32BE()
  }

  uint32(): number {
    return this.raw(4).readUInt32BE()
  }

  int64(): bigint {
    return this.raw(8).readBigInt64BE()
  }

  string(): string {
    const text = this.nullableString()
    if (text === null) throw new RangeError(`null string at byte ${this.#at} where one is required`)
    return text
  }

  nullableString(): string | null {
    const length = this.int16()
    return length === -1 ? null : this.raw(length).toString('utf8')
  }

  bytes(): Buffer | null {
    const length = this.int32()
    return length === -1 ? null : this.raw(length)
  }

  array<T>(read: (from: WireReader) => T): T[] {
    const count = this.int32()
    const items: T[] = []
    for (let i = 0; i < count; i += 1) items.push(read(this))
    return items
  }

  /** The next `length` bytes, as a view. */
  raw(length: number): Buffer {
    if (length < 0 || length > this.remaining) {
      throw new RangeError(`${length} bytes wanted at byte ${this.#at}, ${this.remaining} left`)
    }
    this.#at += length
    return this.#buffer.subarray(this.#at - length, this.#at)
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.remaining > 0) throw new RangeError(`${this.remaining} bytes left over at byte ${this.#at}`)
  }
}

/** Reads a buffer from its first byte. */
export function reading(buffer: Uint8Array): WireReader {
  return new WireReader(buffer)
}
