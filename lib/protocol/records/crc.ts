/**
 * CRC-32 (IEEE), the checksum of messages of magic 0 and 1, over a range of a buffer.
 *
 * Short ranges are done here, eight bytes a step, because a call into native code costs more than they do; long
 * ones by zlib.
 */
import { crc32 as zlibCrc32 } from 'node:zlib'
import { buildCrcTables } from './crc-tables.js'

const POLYNOMIAL = 0xedb88320
/** From this many bytes on, zlib wins (`npm run bench -- crc`). */
const NATIVE_FROM_BYTES = 256

const [t0, t1, t2, t3, t4, t5, t6, t7] = buildCrcTables(POLYNOMIAL)

/** @returns the checksum of `buffer[from..to)` as an unsigned 32-bit number. */
export function crc32(buffer: Buffer, from = 0, to = buffer.length): number {
  if (to - from >= NATIVE_FROM_BYTES) return zlibCrc32(buffer.subarray(from, to))
  let c = -1
  let i = from
  for (const end = to - 7; i < end; i += 8) {
    c ^= buffer[i]! | (buffer[i + 1]! << 8) | (buffer[i + 2]! << 16) | (buffer[i + 3]! << 24)
    c =
      t7[c & 0xff]! ^
      t6[(c >>> 8) & 0xff]! ^
      t5[(c >>> 16) & 0xff]! ^
      t4[c >>> 24]! ^
      t3[buffer[i + 4]!]! ^
      t2[buffer[i + 5]!]! ^
      t1[buffer[i + 6]!]! ^
      t0[buffer[i + 7]!]!
  }
  for (; i < to; i++) c = t0[(c ^ buffer[i]!) & 0xff]! ^ (c >>> 8)
  return ~c >>> 0
}
