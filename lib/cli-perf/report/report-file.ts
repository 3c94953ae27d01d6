/** Where the page of a run is written. */
import { constants } from 'node:fs'
import { access, writeFile } from 'node:fs/promises'
import { arch, cpus, platform, release } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ConfigError, printable } from '../../errors.js'
import type { Figures } from '../result.js'
import type { Sample } from '../timeline.js'
import { type Draw, loadDraw } from './charts.js'
import { page } from './page.js'

/** The package that draws sets a timer of one frame for each chart, though nothing moves. */
const FRAME_MS = 20

export interface Measured {
  readonly result: Figures
  /** What the tool of Kafka prints at the end. */
  readonly lines: readonly string[]
  readonly samples: readonly Sample[]
  readonly topics: readonly string[]
  /** The options that were given. */
  readonly options: ReadonlyMap<string, string>
  /** Of the producer, in force. */
  readonly settings: Readonly<Record<string, string>>
  /** Of this package. */
  readonly version: string
}

export class ReportFile {
  readonly #path: string
  readonly #draw: Draw

  private constructor(path: string, draw: Draw) {
    this.#path = path
    this.#draw = draw
  }

  /**
   * Writes nothing yet: a page of an earlier run stays until there is a new one.
   *
   * @throws {ConfigError} where nothing can be written, or the package that draws is missing.
   */
  static async open(path: string): Promise<ReportFile> {
    try {
      await access(dirname(path), constants.W_OK)
    } catch (cause) {
      throw unwritable(path, cause)
    }
    return new ReportFile(path, await loadDraw())
  }

  /** @throws {ConfigError} when it cannot be written after all. */
  async write({ version, ...measured }: Measured): Promise<void> {
    const html = page({ ...measured, environment: environment(version) }, this.#draw)
    await pause(FRAME_MS)
    try {
      await writeFile(this.#path, html)
    } catch (cause) {
      throw unwritable(this.#path, cause)
    }
  }
}

function unwritable(path: string, cause: unknown): ConfigError {
  const why = (cause as NodeJS.ErrnoException).code
  return new ConfigError(`--report ${printable(path)} cannot be written (${why})`, undefined, { cause })
}

/** What else decides about the figures. No name of the machine: the page is made to be passed on. */
function environment(version: string): ReadonlyMap<string, string> {
  const processors = cpus()
  return new Map([
    ['kafka-classic-producer', version],
    ['Node.js', process.version],
    ['system', `${platform()} ${release()} ${arch()}`],
    ['processors', `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}`],
  ])
}
