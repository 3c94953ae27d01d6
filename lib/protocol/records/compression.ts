/**
 * Codec id ↔ compress and decompress. gzip comes with Node; snappy and lz4 use the packages `snappy` and `lz4-napi`,
 * which are optional and loaded on first use; for zstd see `zstd.ts`. What is large is done on another thread where
 * the library can.
 *
 * @see docs/reference/wire-protocol.md#compression
 */
import { promisify } from 'node:util'
import { constants, gunzip, gunzipSync, gzip, gzipSync, type ZlibOptions } from 'node:zlib'
import { DecodeError, UnsupportedCodecError } from '../../errors.js'
import { optionalPackage } from '../../optional-package.js'
import { Reader } from '../reader.js'
import { asMagic0Frame, asStandardFrame, checkFrame } from './lz4-frame.js'
import { compressHigh } from './lz4-high.js'
import type { Magic } from './record-body.js'
import { readXerial, writeXerial, xerialBlocks } from './xerial.js'
import { loadZstd, ZSTD_PACKAGE, type Zstd } from './zstd.js'

export type CompressionName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface Compression {
  /** The number in the attributes of a message. */
  readonly id: number
  readonly name: CompressionName
  /**
   * @param plain - may be used for something else once this has resolved, though not once it has rejected.
   * @param magic - of the messages: lz4 frames differ for magic 0.
   */
  compress(plain: Buffer, magic: Magic): Promise<Uint8Array>
  /**
   * @param maxBytes - refuses more plain bytes than this.
   * @throws {DecodeError} for bytes that are not this codec's, or beyond the limit.
   */
  decompress(compressed: Buffer, maxBytes: number): Promise<Buffer>
}

/** Below this, handing the work to another thread costs more than doing it. */
const OFF_THREAD_FROM_BYTES = 8192

/**
 * Blocks of snappy are so small that another thread saves this one nothing: 2.0 ms per 1.2 MB here, 2.2 ms of handing over,
 * and 0.2 µs a kilobyte more in all. So one in so many, a megabyte, is done elsewhere: the event loop turns meanwhile.
 */
const BLOCKS_PER_PAUSE = 32

/** Of gzip: with Node's 16 KiB each of them is handed over by itself, 4.8 ms for 1.2 MB of text instead of 2.7. */
const GZIP_CHUNK_BYTES = 128 * 1024

function load<T>(name: string, codec: CompressionName, from: () => T = () => optionalPackage(name)): T {
  try {
    return from()
  } catch (cause) {
    const text = `compression.codec=${codec} needs the package ${name}: npm install ${name}`
    throw new UnsupportedCodecError(text, { cause })
  }
}

/** One error for whatever a library says of bytes that it cannot read. */
async function decompressing(
  name: CompressionName,
  maxBytes: number,
  read: () => Promise<Uint8Array> | Uint8Array,
): Promise<Buffer> {
  let plain: Uint8Array
  try {
    plain = await read()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw beyond(name, maxBytes)
    throw cause instanceof DecodeError ? cause : unreadable(name, cause)
  }
  if (plain.length > maxBytes) throw beyond(name, maxBytes)
  return asBuffer(plain)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function unreadable(name: CompressionName, cause: unknown): DecodeError {
  return new DecodeError(`a ${name} message cannot be decompressed`, { cause })
}

function beyond(name: CompressionName, maxBytes: number): DecodeError {
  return new DecodeError(`a ${name} message decompresses to more than ${maxBytes} bytes`)
}

const gzipOffThread = promisify(gzip) as (plain: Buffer, options: ZlibOptions) => Promise<Buffer>
const gunzipOffThread = promisify(gunzip)

function gzipCompression(level = constants.Z_DEFAULT_COMPRESSION): Compression {
  return {
    id: 1,
    name: 'gzip',
    compress: async (plain) =>
      plain.length < OFF_THREAD_FROM_BYTES
        ? gzipSync(plain, { level })
        : gzipOffThread(plain, { level, chunkSize: Math.min(plain.length, GZIP_CHUNK_BYTES) }),
    decompress: (compressed, maxOutputLength) =>
      decompressing('gzip', maxOutputLength, () =>
        compressed.length < OFF_THREAD_FROM_BYTES
          ? gunzipSync(compressed, { maxOutputLength })
          : gunzipOffThread(compressed, { maxOutputLength }),
      ),
  }
}

function snappyCompression(): Compression {
  const snappy = load<typeof import('snappy')>('snappy', 'snappy')
  // Without it the library hands out memory that is slow to read.
  const options = { copyOutputData: true }
  return {
    id: 2,
    name: 'snappy',
    compress: async (plain) => {
      const compressed: Uint8Array[] = []
      for (const block of xerialBlocks(plain)) {
        const isPause = compressed.length % BLOCKS_PER_PAUSE === BLOCKS_PER_PAUSE - 1
        compressed.push(isPause ? await snappy.compress(block, options) : snappy.compressSync(block, options))
      }
      return writeXerial(compressed)
    },
    decompress: (compressed, maxBytes) =>
      decompressing('snappy', maxBytes, () => {
        let room = maxBytes
        const plain = readXerial(compressed).map((block) => {
          // A block says its plain length in front, and the library makes room for it before it reads on.
          room -= new Reader(block).uvarint()
          if (room < 0) throw beyond('snappy', maxBytes)
          return snappy.uncompressSync(block, { asBuffer: true }) as Buffer
        })
        return Buffer.concat(plain)
      }),
  }
}

/** Also in Kafka the usual level is another, faster compressor, and every other one that with levels (KIP-390). */
const LZ4_FAST_LEVEL = 9

function lz4Compression(level = LZ4_FAST_LEVEL): Compression {
  const lz4 = load<typeof import('lz4-napi')>('lz4-napi', 'lz4')
  return {
    id: 3,
    name: 'lz4',
    compress: async (plain, magic) => {
      const frame =
        level !== LZ4_FAST_LEVEL
          ? await compressHigh(plain, level)
          : plain.length < OFF_THREAD_FROM_BYTES
            ? lz4.compressFrameSync(plain)
            : await lz4.compressFrame(plain)
      return magic === 0 ? asMagic0Frame(frame) : checkFrame(frame)
    },
    // The library takes no limit; a frame grows at most 255 times.
    decompress: (compressed, maxBytes) =>
      decompressing('lz4', maxBytes, () => lz4.decompressFrameSync(asStandardFrame(compressed))),
  }
}

function zstdCompression(level?: number): Compression {
  const zstd = load<Zstd>(ZSTD_PACKAGE, 'zstd', loadZstd)
  return {
    id: 4,
    name: 'zstd',
    compress: (plain) => zstd.compress(plain, level),
    decompress: (compressed, maxBytes) =>
      decompressing('zstd', maxBytes, () => zstd.decompress(compressed, maxBytes)),
  }
}

const makers: ReadonlyMap<CompressionName, (level?: number) => Compression> = new Map([
  ['gzip', gzipCompression],
  ['snappy', snappyCompression],
  ['lz4', lz4Compression],
  ['zstd', zstdCompression],
])
/** snappy has one level, in Kafka as well. */
const WITH_LEVELS: ReadonlySet<CompressionName> = new Set(['gzip', 'lz4', 'zstd'])
const names: readonly CompressionName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const loaded = new Map<CompressionName, Compression>()

/**
 * @param level - of gzip (1 to 9, −1 for the usual one), lz4 (1 to 17) and zstd (−131072 to 22); without effect for snappy.
 *   Default: −1, 9 and 3.
 * @returns null for `none`.
 * @throws {UnsupportedCodecError} when the codec's package is not installed; names it.
 */
export function compressionNamed(name: CompressionName, level?: number): Compression | null {
  const make = makers.get(name)
  if (!make) return null
  if (level !== undefined && WITH_LEVELS.has(name)) return make(level)
  const compression = loaded.get(name) ?? make()
  loaded.set(name, compression)
  return compression
}

/** As {@link compressionNamed}, by the number in a message. @throws {UnsupportedCodecError} also for other numbers. */
export function compressionWithId(id: number): Compression {
  const compression = compressionNamed(names[id] ?? 'none')
  if (compression) return compression
  throw new UnsupportedCodecError(`messages with codec ${id} cannot be read here`)
}
