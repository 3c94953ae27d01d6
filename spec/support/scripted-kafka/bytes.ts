/**
 * Reads and writes the primitives of the Kafka protocol, those of the flexible versions included.
 *
 * For the scripted brokers, which share no code with the library they judge. Numbers are JavaScript numbers: nothing
 * that a script or a recording holds is beyond 2^53.
 *
 * @see https://kafka.apache.org/protocol#protocol_types
 */

/** Reads one buffer from front to back. Throws a RangeError where it runs out. */
export class ByteReader {
  readonly buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.buffer = buffer
  }

  get at(): number {
    return this.#at
  }

  get remaining(): number {
    return this.buffer.length - this.#at
  }

  take(length: number): Buffer {
    if (length < 0 || length > this.remaining) {
      throw new RangeError(`${length} bytes wanted at ${this.#at}, ${this.remaining} are left`)
    }
    this.#at += length
    return this.buffer.subarray(this.#at - length, this.#at)
  }

  int8(): number {
    return this.take(1).readInt8()
  }

  int16(): number {
    return this.take(2).readInt16BE()
  }

  int32(): number {
    return this.take(4).readInt32BE()
  }

  uint32(): number {
    return this.take(4).readUInt32BE()
  }

  int64(): number {
    return Number(this.take(8).readBigInt64BE())
  }

  /** Seven bits a byte, the lowest first. */
  unsignedVarint(): number {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.take(1)[0]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number(value)
    }
  }

  /** Zig-zag. */
  varint(): number {
    const coded = this.unsignedVarint()
    return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2
  }

  /** As many bytes as the length says, null for −1. */
  sized(length: number): Buffer | null {
    return length === -1 ? null : this.take(length)
  }
}

/** Collects pieces; every method but {@link build} returns the writer. */
export class ByteWriter {
  readonly #pieces: Buffer[] = []

  raw(piece: Buffer): this {
    this.#pieces.push(piece)
    return this
  }

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

  uint32(value: number): this {
    const piece = Buffer.alloc(4)
    piece.writeUInt32BE(value)
    return this.raw(piece)
  }

  int64(value: number): this {
    const piece = Buffer.alloc(8)
    piece.writeBigInt64BE(BigInt(value))
    return this.raw(piece)
  }

  unsignedVarint(value: number): this {
    const bytes: number[] = []
    let rest = BigInt(value)
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
    return this.raw(Buffer.from([...bytes, Number(rest)]))
  }

  varint(value: number): this {
    return this.unsignedVarint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  build(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}

const CRC_32 = tableOf(0xedb88320)
const CRC_32C = tableOf(0x82f63b78)

/** The checksum of message sets. */
export function crc32(bytes: Buffer): number {
  return checksum(CRC_32, bytes)
}

/** The checksum of record batches (Castagnoli). */
export function crc32c(bytes: Buffer): number {
  return checksum(CRC_32C, bytes)
}

function tableOf(polynomial: number): readonly number[] {
  return Array.from({ length: 256 }, (_, byte) => {
    let value = byte
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1
    return value
  })
}

function checksum(table: readonly number[], bytes: Buffer): number {
  let value = 0xffffffff
  for (const byte of bytes) value = table[(value ^ byte) & 0xff]! ^ (value >>> 8)
  return (value ^ 0xffffffff) >>> 0
}
