/** Claim: below a few hundred bytes our CRC-32 beats the call into zlib; where it does not, zlib is used. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { crc32 as zlibCrc32 } from 'node:zlib'
import type { Context, Part } from '../context.js'
import type { Column, Findings } from '../report/report.js'
import type { Product } from '../support/build.js'
import { ratioOf, type Spread, spreadOf } from '../support/statistics.js'

type Checksum = (buffer: Buffer, from: number, to: number) => number

const FULL_BYTES = 64 * 1024 * 1024
const SIZES = [16, 32, 64, 100, 128, 200, 256, 400, 512, 1024, 4096, 65_536]
const columns: readonly Column[] = [
  { name: 'bytes', unit: 'count' },
  { name: 'product', unit: 'text' },
  { name: 'CRC-32, ours : zlib', unit: 'ratio', hasSpread: true },
  { name: 'CRC-32 ours, MB/s', unit: 'count' },
  { name: 'zlib, MB/s', unit: 'count' },
  { name: 'CRC-32C ours, MB/s', unit: 'count' },
]

function megabytesPerSecond(bytes: number, roundBytes: number, checksum: Checksum): number {
  const buffer = Buffer.alloc(bytes + 64, 0x5a)
  const rounds = Math.ceil(roundBytes / bytes)
  let kept = 0
  const start = performance.now()
  for (let i = 0; i < rounds; i++) kept ^= checksum(buffer, i & 63, (i & 63) + bytes)
  const seconds = (performance.now() - start) / 1000
  if (kept === 0.5) throw new Error('unreachable: keeps the loop from being dropped')
  return (rounds * bytes) / seconds / 1e6
}

async function checksumsOf({ folder }: Product): Promise<{ crc32: Checksum; crc32c: Checksum }> {
  const load = (file: string) => import(pathToFileURL(join(folder, 'dist/lib/protocol/records', file)).href)
  const [{ crc32 }, { crc32c }] = await Promise.all([load('crc.js'), load('crc32c.js')])
  return { crc32, crc32c }
}

const native: Checksum = (buffer, from, to) => zlibCrc32(buffer.subarray(from, to))

async function run(context: Context): Promise<Findings> {
  const roundBytes = context.isQuick ? FULL_BYTES / 8 : FULL_BYTES
  const rows = []
  for (const product of context.products) {
    const { crc32, crc32c } = await checksumsOf(product)
    for (const bytes of SIZES) {
      const rates: [number[], number[], number[]] = [[], [], []]
      for (let round = 0; round <= context.rounds; round++) {
        for (const [index, checksum] of [crc32, native, crc32c].entries()) {
          const rate = megabytesPerSecond(bytes, roundBytes, checksum)
          if (round > 0) rates[index]!.push(rate)
        }
      }
      const [ours, zlib, castagnoli] = rates.map(spreadOf) as [Spread, Spread, Spread]
      rows.push([bytes, product.name, ratioOf(rates[0], rates[1]), ours, zlib, castagnoli])
    }
  }
  return {
    title: 'Checksums',
    text: 'CRC-32 is that of message sets, CRC-32C that of record batches, which zlib does not have.',
    tables: [{ title: '', note: '', columns, rows }],
    charts: [],
    headlines: [],
  }
}

export const part: Part = {
  what: 'where zlib overtakes our CRC-32, and how fast CRC-32C is',
  takes: '20 s',
  takesQuick: null,
  rounds: [3, 1],
  run,
}
