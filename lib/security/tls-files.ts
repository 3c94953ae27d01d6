/**
 * The files behind the TLS settings: read at the start, and again when they changed.
 *
 * A file has changed where its time, size or number in the file system has. Knows nothing of what is in it.
 */
import { readFileSync, type Stats, statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { printable } from '../errors.js'
import { StoreError } from './store-content.js'

/** A key store holds a few certificates; all authorities of a Java platform take 200 KiB. */
const MAX_BYTES = 4 * 1024 * 1024

export class TlsFile {
  readonly path: string
  #stamp = ''

  constructor(path: string) {
    this.path = path
  }

  /** @throws {StoreError} */
  readSync(): Buffer {
    try {
      this.#accept(statSync(this.path))
      return readFileSync(this.path)
    } catch (error) {
      throw unreadable(error)
    }
  }

  /** Whether the file is another one than when it was read or asked about the last time. */
  async hasChanged(): Promise<boolean> {
    const before = this.#stamp
    this.#stamp = await stat(this.path).then(stampOf, () => 'unreadable')
    return this.#stamp !== before
  }

  /** @throws {StoreError} */
  async read(): Promise<Buffer> {
    try {
      this.#accept(await stat(this.path))
      return await readFile(this.path)
    } catch (error) {
      throw unreadable(error)
    }
  }

  #accept(stats: Stats): void {
    if (!stats.isFile()) throw new StoreError('it is no file')
    if (stats.size > MAX_BYTES) throw new StoreError(`it has more than ${MAX_BYTES} bytes`)
    this.#stamp = stampOf(stats)
  }
}

function stampOf({ mtimeMs, ctimeMs, size, ino }: Stats): string {
  return [mtimeMs, ctimeMs, size, ino].join()
}

function unreadable(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  const { code } = error as NodeJS.ErrnoException
  return new StoreError(`it cannot be read${typeof code === 'string' ? ` (${printable(code)})` : ''}`)
}
