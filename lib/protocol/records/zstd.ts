/**
 * zstd from wherever it is available: Node's own from 22.15 on, which works on another thread, else the package
 * `@bokuweb/zstd-wasm`, which works on this one, or for what is large on one that is made for it.
 */
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { optionalPackage, optionalPackagePath } from '../../optional-package.js'
import { ZstdThread } from './zstd-thread.js'

export const ZSTD_PACKAGE = '@bokuweb/zstd-wasm'

/** Kafka's own default. */
const LEVEL = 3

/** Less takes this thread less than 2 ms: 0.9 ms for 128 KiB at level 3, 1 ms for 4 KiB at level 22, which takes 56 for 128. */
const WASM_OFF_THREAD_FROM_BYTES = 128 * 1024
const WASM_OFF_THREAD_FROM_BYTES_HIGHER = 8 * 1024

/** `ZSTD_c_compressionLevel` of the library, as a key of Node's `params`. */
const LEVEL_PARAMETER = 100

export interface Zstd {
  /** @param level - −131072 to 22; default 3. */
  compress(plain: Buffer, level?: number): Promise<Uint8Array>
  /** @throws what the library throws, for bytes that are no frame or hold more than `maxBytes`. */
  decompress(compressed: Buffer, maxBytes: number): Promise<Uint8Array>
}

/** What Node 22.15 adds to zlib; its types here are older. */
interface ZlibWithZstd {
  zstdCompress?: (
    plain: Buffer,
    options: { params: Readonly<Record<number, number>> },
    then: (error: Error | null, compressed: Buffer) => void,
  ) => void
  zstdDecompress?: (
    compressed: Buffer,
    options: { maxOutputLength: number },
    then: (error: Error | null, plain: Buffer) => void,
  ) => void
}

let loaded: Zstd | undefined

/** The one of this process, with its thread. @throws when Node has no zstd and the package is not installed. */
export function loadZstd(): Zstd {
  loaded ??= ofNode() ?? ofWasm()
  return loaded
}

function ofNode(): Zstd | null {
  const { zstdCompress, zstdDecompress } = zlib as ZlibWithZstd
  if (!zstdCompress || !zstdDecompress) return null
  const compress = promisify(zstdCompress)
  const decompress = promisify(zstdDecompress)
  return {
    compress: (plain, level = LEVEL) => compress(plain, { params: { [LEVEL_PARAMETER]: level } }),
    decompress: (bytes, maxOutputLength) => decompress(bytes, { maxOutputLength }),
  }
}

interface ZstdWasm {
  init(): Promise<void>
  compress(plain: Uint8Array, level: number): Uint8Array
  decompress(compressed: Uint8Array, options?: { defaultHeapSize?: number }): Uint8Array
}

function ofWasm(): Zstd {
  const wasm = optionalPackage<ZstdWasm>(ZSTD_PACKAGE)
  const thread = new ZstdThread(optionalPackagePath(ZSTD_PACKAGE))
  let ready: Promise<void> | undefined
  const prepared = (): Promise<void> => {
    ready ??= wasm.init()
    return ready
  }
  return {
    async compress(plain, level = LEVEL) {
      const offThreadFrom = level <= LEVEL ? WASM_OFF_THREAD_FROM_BYTES : WASM_OFF_THREAD_FROM_BYTES_HIGHER
      if (plain.length >= offThreadFrom) return thread.compress(plain, level)
      await prepared()
      return wasm.compress(plain, level)
    },
    async decompress(compressed) {
      await prepared()
      return wasm.decompress(compressed)
    },
  }
}
