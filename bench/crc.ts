/**
 * Claims: below a few hundred bytes our CRC-32 beats the call into zlib; where it does not, zlib is used. CRC-32C, which
 * Node does not have, gains from steps of sixteen bytes from 512 bytes on.
 */
import { crc32 as zlibCrc32 } from 'node:zlib'
import { crc32 } from '../lib/protocol/records/crc.js'
import { crc32c } from '../lib/protocol/records/crc32c.js'

const ROUND_BYTES = 64 * 1024 * 1024

function megabytesPerSecond(
  bytes: number,
  checksum: (buffer: Buffer, from: number, to: number) => number,
): number {
  const buffer = Buffer.alloc(bytes + 64, 0x5a)
  const rounds = Math.ceil(ROUND_BYTES / bytes)
  let kept = 0
  const start = performance.now()
  for (let i = 0; i < rounds; i++) kept ^= checksum(buffer, i & 63, (i & 63) + bytes)
  const seconds = (performance.now() - start) / 1000
  if (kept === 0.5) throw new Error('unreachable: keeps the loop from being dropped')
  return (rounds * bytes) / seconds / 1e6
}

export async function run(): Promise<void> {
  console.log('bytes   ours MB/s   zlib MB/s   ours : zlib   CRC-32C MB/s')
  for (const bytes of [16, 32, 64, 100, 128, 200, 256, 400, 512, 1024, 4096]) {
    const native = (buffer: Buffer, from: number, to: number): number => zlibCrc32(buffer.subarray(from, to))
    megabytesPerSecond(bytes, crc32)
    const ours = megabytesPerSecond(bytes, crc32)
    const zlib = megabytesPerSecond(bytes, native)
    megabytesPerSecond(bytes, crc32c)
    const castagnoli = megabytesPerSecond(bytes, crc32c)
    const columns = [bytes, ours.toFixed(0), zlib.toFixed(0), (ours / zlib).toFixed(2), castagnoli.toFixed(0)]
    console.log(columns.map((column, i) => String(column).padStart(i === 0 ? 5 : 11)).join(' '))
  }
}
