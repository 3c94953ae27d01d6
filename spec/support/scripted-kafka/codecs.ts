/**
 * Compression codecs by their number in attributes, for reading what a producer sent. No code of lib/ is used.
 *
 * lz4 is the standard frame here: the magic-0 variant is read by spec/support/lz4.ts.
 */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { readLz4OfMagic0 } from '../lz4.js'

const NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof NAMES)[number]

/** Magic number, version and lowest compatible version that snappy-java writes in front of its blocks. */
const XERIAL = Buffer.from('82534e4150505900', 'hex')
const XERIAL_HEADER_BYTES = 16

const ZSTD_PACKAGE = '@bokuweb/zstd-wasm'

const require = createRequire(import.meta.url)

interface ZstdWasm {
  init(): Promise<void>
  decompress(bytes: Uint8Array, options?: { defaultHeapSize: number }): Uint8Array
}
const LARGEST_ZSTD_BYTES = 8 * 1024 * 1024

let zstd: ZstdWasm | undefined

/** zstd is WebAssembly, which loads asynchronously; the other codecs need no preparation. */
export async function prepareCodecs(): Promise<void> {
  if (zstd !== undefined) return
  const loaded = ownCopy(ZSTD_PACKAGE) as ZstdWasm
  await loaded.init()
  zstd = loaded
}

/** The library initializes its copy of this package by itself; a second time would break what it has. */
function ownCopy(name: string): unknown {
  const folder = dirname(require.resolve(name))
  const theirs = Object.entries(require.cache).filter(([file]) => file.startsWith(folder))
  for (const [file] of theirs) delete require.cache[file]
  const copy = require(name)
  for (const file of Object.keys(require.cache)) if (file.startsWith(folder)) delete require.cache[file]
  Object.assign(require.cache, Object.fromEntries(theirs))
  return copy
}

export function codecOf(id: number): Codec {
  const codec = NAMES[id]
  if (codec === undefined) throw new RangeError(`no codec has the number ${id}`)
  return codec
}

export function idOf(codec: Codec): number {
  return NAMES.indexOf(codec)
}

/** @param magic - of the batch: lz4 frames differ for magic 0. */
export function decompress(codec: Codec, bytes: Buffer, magic: number): Buffer {
  switch (codec) {
    case 'none':
      return bytes
    case 'gzip':
      return gunzipSync(bytes)
    case 'snappy':
      return readSnappy(bytes)
    case 'lz4':
      return magic === 0 ? readLz4OfMagic0(bytes) : lz4().decompressFrameSync(bytes)
    case 'zstd':
      if (zstd === undefined) throw new Error('prepareCodecs() comes before zstd')
      return Buffer.from(zstd.decompress(bytes, { defaultHeapSize: LARGEST_ZSTD_BYTES }))
  }
}

/** For specs that play a client; they have no use for codecs that Node lacks. */
export function compress(codec: Codec, bytes: Buffer): Buffer {
  if (codec === 'none') return bytes
  if (codec === 'gzip') return gzipSync(bytes)
  throw new Error(`${codec} is not written here`)
}

function lz4(): { decompressFrameSync(bytes: Buffer): Buffer } {
  return require('lz4-napi') as ReturnType<typeof lz4>
}

function readSnappy(bytes: Buffer): Buffer {
  const { uncompressSync } = require('snappy') as { uncompressSync(block: Buffer): Buffer }
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return uncompressSync(bytes)
  const blocks: Buffer[] = []
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
    const end = at + 4 + bytes.readInt32BE(at)
    blocks.push(uncompressSync(bytes.subarray(at + 4, end)))
    at = end
  }
  return Buffer.concat(blocks)
}
