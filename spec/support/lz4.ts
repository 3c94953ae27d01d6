/**
 * Reads LZ4 frames as a Kafka 0.8 broker or consumer of magic 0 does, by hand, for specs.
 *
 * Such a reader insists on version 1, independent blocks, no content size or content checksum (nor are block
 * checksums taken here), and on a header checksum over magic number *and* descriptor (the standard one leaves the
 * magic number out; KAFKA-3160). Imports nothing from lib/.
 */
const MAGIC = 0x184d2204
const HEADER_BYTES = 7
const VERSION_1_INDEPENDENT_BLOCKS = 0x60
const STORED_BIT = 0x80000000
const SHORTEST_MATCH = 4
/** A length of 15 in a token goes on in the following bytes. */
const LENGTH_GOES_ON = 15

/** @throws {RangeError} saying what a 0.8 reader would refuse. */
export function readLz4OfMagic0(frame: Buffer): Buffer {
  checkHeader(frame)
  const blocks: Buffer[] = []
  for (let at = HEADER_BYTES; ; ) {
    const size = frame.readUInt32LE(at)
    at += 4
    if (size === 0) {
      if (at !== frame.length) throw new RangeError(`${frame.length - at} bytes behind the end mark`)
      return Buffer.concat(blocks)
    }
    const bytes = frame.subarray(at, at + (size & ~STORED_BIT))
    // Independent blocks never look back beyond their own start.
    blocks.push((size & STORED_BIT) === 0 ? decodeBlock(bytes) : bytes)
    at += bytes.length
  }
}

function checkHeader(frame: Buffer): void {
  if (frame.readUInt32LE(0) !== MAGIC) throw new RangeError('no LZ4 frame')
  const [flags, , checksum] = frame.subarray(4)
  if (flags !== VERSION_1_INDEPENDENT_BLOCKS)
    throw new RangeError(`LZ4 flags 0x${flags?.toString(16)}, not 0x60`)
  const expected = (xxh32OfShort(frame.subarray(0, 6)) >>> 8) & 0xff
  if (checksum !== expected) {
    throw new RangeError(
      `LZ4 header checksum 0x${checksum?.toString(16)}, a 0.8 reader wants 0x${expected.toString(16)}`,
    )
  }
}

function decodeBlock(block: Buffer): Buffer {
  const out: number[] = []
  let at = 0
  const lengthFrom = (nibble: number): number => {
    let length = nibble
    if (nibble < LENGTH_GOES_ON) return length
    for (let more = 255; more === 255; length += more) more = block.readUInt8(at++)
    return length
  }
  while (at < block.length) {
    const token = block.readUInt8(at++)
    const literals = lengthFrom(token >> 4)
    for (const literal of block.subarray(at, at + literals)) out.push(literal)
    at += literals
    if (at >= block.length) break
    const start = out.length - block.readUInt16LE(at)
    at += 2
    if (start < 0 || start >= out.length) throw new RangeError('an LZ4 match reaches out of its block')
    const length = lengthFrom(token & 0xf) + SHORTEST_MATCH
    for (let i = 0; i < length; i += 1) out.push(out[start + i]!)
  }
  return Buffer.from(out)
}

const PRIMES = [0, 0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1] as const

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

/** XXH32 with seed 0 of less than 16 bytes. */
function xxh32OfShort(bytes: Buffer): number {
  let hash = (PRIMES[5] + bytes.length) | 0
  let at = 0
  for (; at + 4 <= bytes.length; at += 4) {
    hash = Math.imul(rotateLeft((hash + Math.imul(bytes.readUInt32LE(at), PRIMES[3])) | 0, 17), PRIMES[4])
  }
  for (; at < bytes.length; at += 1) {
    hash = Math.imul(rotateLeft((hash + Math.imul(bytes[at]!, PRIMES[5])) | 0, 11), PRIMES[1])
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIMES[2])
  hash = Math.imul(hash ^ (hash >>> 13), PRIMES[3])
  return (hash ^ (hash >>> 16)) >>> 0
}
