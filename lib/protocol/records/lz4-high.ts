/**
 * LZ4 with a level: frames that are smaller than those of a fast compressor, and take longer to make. Written here because
 * no package of npm has levels and makes independent blocks, which old brokers demand.
 *
 * Each block of 64 KiB is by itself: a table has the latest position of each hash of four bytes, and a chain leads from a
 * position to the one before it with the same hash. The level says how many positions of a chain are compared. The work
 * pauses for a turn of the event loop after so many steps, whatever the bytes are.
 *
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md; docs/decisions/0003-optional-codecs.md
 */
const BLOCK_BYTES = 64 * 1024
/** Magic number, version 1 with independent blocks and nothing else, blocks of 64 KiB, checksum of these two bytes. */
const HEADER = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82])
const SIZE_BYTES = 4
const STORED = 0x80000000
const MIN_MATCH = 4
/** A block ends with literals, and no match begins in its last twelve bytes. */
const LAST_LITERALS = 5
const NO_MATCH_IN_LAST = 12
const MAX_DISTANCE = 0xffff
const HASH_BITS = 15
/** 512 positions; eight times as many made varied JSON smaller by no byte and bits by an eighth, in six times the time. */
const HIGHEST_LEVEL = 10
/** Positions and bytes compared until the event loop gets its turn: a millisecond or so. */
const STEPS_PER_TURN = 100_000

/** @param level - 1 to 17, more than 10 as 10. */
export async function compressHigh(plain: Buffer, level: number): Promise<Buffer> {
  const parts: Buffer[] = [HEADER]
  const block = new HighBlock(1 << (Math.min(level, HIGHEST_LEVEL) - 1))
  for (let at = 0; at < plain.length; at += BLOCK_BYTES) {
    const bytes = plain.subarray(at, at + BLOCK_BYTES)
    block.begin(bytes)
    while (!block.advance(STEPS_PER_TURN)) await turnOfEventLoop()
    const compressed = block.bytes()
    const isSmaller = compressed.length < bytes.length
    const size = Buffer.alloc(SIZE_BYTES)
    size.writeUInt32LE(isSmaller ? compressed.length : bytes.length + STORED)
    parts.push(size, isSmaller ? Buffer.from(compressed) : bytes)
  }
  parts.push(Buffer.alloc(SIZE_BYTES))
  return Buffer.concat(parts)
}

/** Compresses one block after the other, each in as many pieces of work as its caller wants. */
class HighBlock {
  readonly #attempts: number
  readonly #heads = new Int32Array(1 << HASH_BITS)
  readonly #previous = new Int32Array(BLOCK_BYTES)
  /** A block that cannot be compressed grows by one byte in 255. */
  readonly #out = Buffer.allocUnsafe(BLOCK_BYTES + Math.ceil(BLOCK_BYTES / 255) + 16)
  #plain: Buffer = Buffer.alloc(0)
  #at = 0
  /** Literals from here on are not written yet. */
  #anchor = 0
  /** Positions before this one are in the table. */
  #inserted = 0
  #length = 0
  #steps = 0
  /** The best match of the last search: its start and length. */
  #matchAt = 0
  #matchLength = 0

  /** @param attempts - positions that are compared with each one. */
  constructor(attempts: number) {
    this.#attempts = attempts
  }

  begin(plain: Buffer): void {
    this.#plain = plain
    this.#heads.fill(-1)
    this.#at = 0
    this.#anchor = 0
    this.#inserted = 0
    this.#length = 0
  }

  /** What has been written; valid until the next `begin`. */
  bytes(): Buffer {
    return this.#out.subarray(0, this.#length)
  }

  /** @returns whether the block is done. */
  advance(maxSteps: number): boolean {
    this.#steps = 0
    const end = this.#plain.length - NO_MATCH_IN_LAST
    while (this.#at <= end) {
      if (this.#steps > maxSteps) return false
      this.#steps++
      if (this.#search(this.#at)) this.#writeBest(end)
      else this.#at++
    }
    this.#writeLastLiterals()
    return true
  }

  /** A longer match may begin at the next byte. */
  #writeBest(end: number): void {
    let from = this.#matchAt
    let length = this.#matchLength
    while (this.#at < end && this.#search(this.#at + 1) && this.#matchLength > length) {
      this.#at++
      from = this.#matchAt
      length = this.#matchLength
    }
    this.#writeSequence(this.#at - from, length)
    this.#at += length
    this.#anchor = this.#at
  }

  /** @returns whether four bytes or more are the same somewhere before. */
  #search(at: number): boolean {
    const plain = this.#plain
    this.#insertUpTo(at)
    this.#matchLength = MIN_MATCH - 1
    const limit = plain.length - LAST_LITERALS
    let candidate = this.#heads[hashAt(plain, at)]!
    for (let left = this.#attempts; left > 0 && candidate >= 0 && at - candidate <= MAX_DISTANCE; left--) {
      this.#steps++
      // Where the next byte of the best match differs, this one is not longer.
      if (plain[candidate + this.#matchLength] === plain[at + this.#matchLength]) {
        const length = this.#sameBytes(candidate, at, limit)
        if (length > this.#matchLength) {
          this.#matchLength = length
          this.#matchAt = candidate
          if (at + length >= limit) break
        }
      }
      candidate = this.#previous[candidate]!
    }
    return this.#matchLength >= MIN_MATCH
  }

  #sameBytes(one: number, other: number, limit: number): number {
    const plain = this.#plain
    let length = 0
    while (other + length < limit && plain[one + length] === plain[other + length]) length++
    this.#steps += length >> 3
    return length
  }

  #insertUpTo(at: number): void {
    for (; this.#inserted < at; this.#inserted++) {
      const hash = hashAt(this.#plain, this.#inserted)
      this.#previous[this.#inserted] = this.#heads[hash]!
      this.#heads[hash] = this.#inserted
    }
  }

  #writeSequence(distance: number, matchLength: number): void {
    const token = this.#writeLiterals(this.#at)
    const out = this.#out
    out[this.#length++] = distance & 0xff
    out[this.#length++] = distance >> 8
    out[token]! |= this.#writeLength(matchLength - MIN_MATCH)
  }

  #writeLastLiterals(): void {
    this.#writeLiterals(this.#plain.length)
  }

  /** @returns where the token is, whose lower half is that of the match. */
  #writeLiterals(end: number): number {
    const count = end - this.#anchor
    const token = this.#length++
    this.#out[token] = this.#writeLength(count) << 4
    this.#plain.copy(this.#out, this.#length, this.#anchor, end)
    this.#length += count
    return token
  }

  /** Writes what does not fit into half a token. @returns that half. */
  #writeLength(length: number): number {
    if (length < 15) return length
    let left = length - 15
    for (; left >= 255; left -= 255) this.#out[this.#length++] = 255
    this.#out[this.#length++] = left
    return 15
  }
}

/** Waits for nothing, so it is no timer: others get their turn, as with a codec that works on another thread. */
function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function hashAt(plain: Buffer, at: number): number {
  const four = plain[at]! | (plain[at + 1]! << 8) | (plain[at + 2]! << 16) | (plain[at + 3]! << 24)
  return Math.imul(four, 0x9e3779b1) >>> (32 - HASH_BITS)
}
