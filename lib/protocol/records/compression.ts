/**
 * Codec id ↔ compress and decompress. gzip comes with Node.
 *
 * @see classic-producer reference §5.4
 */
import { promisify } from 'node:util'
import { gunzipSync, gzip, gzipSync } from 'node:zlib'
import { UnsupportedCodecError } from '../../errors.js'

export type CompressionName = 'none' | 'gzip' | 'snappy' | 'lz4'

export interface Compression {
  /** The number in the attributes of a message. */
  readonly id: number
  readonly name: CompressionName
  compress(plain: Buffer): Promise<Buffer>
  /** @param maxBytes - refuses to inflate beyond this. */
  decompress(compressed: Buffer, maxBytes: number): Buffer
}

/** Below this, handing the work to another thread costs more than doing it. */
const OFF_THREAD_FROM_BYTES = 8192

const gzipOffThread = promisify(gzip) as (plain: Buffer) => Promise<Buffer>

const gzipCompression: Compression = {
  id: 1,
  name: 'gzip',
  compress: async (plain) => (plain.length < OFF_THREAD_FROM_BYTES ? gzipSync(plain) : gzipOffThread(plain)),
  decompress: (compressed, maxBytes) => gunzipSync(compressed, { maxOutputLength: maxBytes }),
}

const available: readonly Compression[] = [gzipCompression]

/**
 * @returns null for `none`.
 * @throws {UnsupportedCodecError} for a codec that this build cannot write.
 */
export function compressionNamed(name: CompressionName): Compression | null {
  if (name === 'none') return null
  const found = available.find((codec) => codec.name === name)
  if (found) return found
  throw new UnsupportedCodecError(`compression.codec=${name} cannot be written; use none or gzip`)
}

/** @throws {UnsupportedCodecError} for an id that this build cannot read. */
export function compressionWithId(id: number): Compression {
  const found = available.find((codec) => codec.id === id)
  if (found) return found
  throw new UnsupportedCodecError(`messages with codec ${id} cannot be read here`)
}
