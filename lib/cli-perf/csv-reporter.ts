/**
 * The counts of a run as CSV: a row a second into a file of its own in the given folder.
 *
 * Nothing that is already in the folder is touched. (The original's reporter deleted the folder when it started.)
 */
import { once } from 'node:events'
import { createWriteStream, mkdirSync, openSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, printable } from '../errors.js'
import type { Tally } from './tally.js'

const INTERVAL_MS = 1000

export class CsvReporter {
  readonly path: string
  readonly #tally: Tally
  readonly #stream: WriteStream
  readonly #startMs = performance.now()
  readonly #timer: NodeJS.Timeout
  #failure: Error | null = null

  /**
   * @param folder - is made where it does not exist.
   * @throws {ConfigError} when no file can be made there.
   */
  constructor(folder: string, tally: Tally) {
    this.path = join(folder, `producer-performance-${Date.now()}-${process.pid}.csv`)
    this.#tally = tally
    this.#stream = newFile(folder, this.path)
    this.#stream.on('error', (error) => {
      this.#failure = error
    })
    this.#stream.write('time.ms,elapsed.s,sent,delivered,failed,pending,delivered.bytes\n')
    this.#timer = setInterval(() => this.#writeRow(), INTERVAL_MS)
    this.#timer.unref()
  }

  /** Writes the last row. @returns why the file is not complete, or null. */
  async close(): Promise<Error | null> {
    clearInterval(this.#timer)
    this.#writeRow()
    if (this.#failure === null) this.#stream.end()
    if (!this.#stream.closed) await once(this.#stream, 'close').catch(() => {})
    return this.#failure
  }

  #writeRow(): void {
    if (this.#failure) return
    const { sent, delivered, failed, unsettled, bytes } = this.#tally
    const elapsedS = ((performance.now() - this.#startMs) / 1000).toFixed(3)
    this.#stream.write(`${[Date.now(), elapsedS, sent, delivered, failed, unsettled, bytes].join(',')}\n`)
  }
}

function newFile(folder: string, path: string): WriteStream {
  try {
    mkdirSync(folder, { recursive: true })
    return createWriteStream(path, { fd: openSync(path, 'wx') })
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code
    throw new ConfigError(
      `--metrics-dir ${printable(folder)}: no file can be made there (${why})`,
      undefined,
      {
        cause,
      },
    )
  }
}
