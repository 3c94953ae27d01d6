/** The files of a report: the page and the JSON of a run, and the run that it is compared with. */
import { constants } from 'node:fs'
import { access, writeFile } from 'node:fs/promises'
import { arch, cpus, platform, release } from 'node:os'
import { dirname } from 'node:path'
import { ConfigError, printable } from '../../errors.js'
import type { Figures } from '../result.js'
import { comparisonLines } from './comparison.js'
import { page } from './page.js'
import type { Report } from './report.js'
import { type EarlierRun, readRun, runJson } from './run-file.js'

/** What was asked for; null for what was not. */
export interface ReportOptions {
  /** Path of the HTML page. */
  readonly reportFile: string | null
  /** Path of the JSON file. */
  readonly reportJsonFile: string | null
  /** Path of the JSON file of an earlier run. */
  readonly compareFile: string | null
}

/** What a run has to report. */
export interface Measured extends Omit<Report, 'environment'> {
  /** Of this package. */
  readonly version: string
}

/** Whether a report needs to know how the run went over time. */
export function wantsSamples({ reportFile, reportJsonFile }: ReportOptions): boolean {
  return reportFile !== null || reportJsonFile !== null
}

export class ReportFiles {
  readonly #options: ReportOptions
  readonly #before: EarlierRun | null

  private constructor(options: ReportOptions, before: EarlierRun | null) {
    this.#options = options
    this.#before = before
  }

  /**
   * Reads the run to compare with, and writes nothing yet: a page of an earlier run stays until there is a new one.
   *
   * @throws {ConfigError} where nothing can be written, or the run to compare with is none.
   */
  static async open(options: ReportOptions): Promise<ReportFiles> {
    for (const [option, path] of writtenBy(options)) await checkFolder(option, path)
    const { compareFile } = options
    return new ReportFiles(options, compareFile === null ? null : await readRun(compareFile))
  }

  /** For people: how the run compares with the earlier one; none without one. */
  comparison(result: Figures): string[] {
    return this.#before === null ? [] : comparisonLines(result, this.#before)
  }

  /** @throws {ConfigError} when a file cannot be written after all. */
  async write({ version, ...measured }: Measured): Promise<void> {
    const report: Report = { ...measured, environment: environment(version) }
    const texts = {
      '--report': () => page(report, this.#before),
      '--report-json': () => runJson(report),
    }
    for (const [option, path] of writtenBy(this.#options)) {
      try {
        await writeFile(path, texts[option]())
      } catch (cause) {
        throw unwritable(option, path, cause)
      }
    }
  }
}

type WrittenBy = '--report' | '--report-json'

function writtenBy({ reportFile, reportJsonFile }: ReportOptions): [WrittenBy, string][] {
  const paths: [WrittenBy, string | null][] = [
    ['--report', reportFile],
    ['--report-json', reportJsonFile],
  ]
  return paths.filter((one): one is [WrittenBy, string] => one[1] !== null)
}

async function checkFolder(option: WrittenBy, path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK)
  } catch (cause) {
    throw unwritable(option, path, cause)
  }
}

function unwritable(option: WrittenBy, path: string, cause: unknown): ConfigError {
  const why = (cause as NodeJS.ErrnoException).code
  return new ConfigError(`${option} ${printable(path)} cannot be written (${why})`, undefined, { cause })
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
