/**
 * A run as JSON (`--report-json`), and as it is read again to compare another one with it (`--compare`).
 *
 * Holds what the page holds: settings of the producer, never keys that are not settings. A file is checked before the run
 * that is to be compared with it, so that a wrong one costs no time.
 */
import { readFile } from 'node:fs/promises'
import { ConfigError, printable } from '../../errors.js'
import type { Percentiles } from '../latency.js'
import type { Figures } from '../result.js'
import type { Sample } from '../timeline.js'
import type { Report } from './report.js'

const FORMAT = 'kafka-producer-perf-test'
const FORMAT_VERSION = 1
/** Far more than the points of a run need. */
const MAX_BYTES = 16 * 1024 * 1024

/** A run that another one is compared with. */
export interface EarlierRun {
  /** Of its file. */
  readonly name: string
  readonly producer: string
  readonly result: Figures
  readonly samples: readonly Sample[]
  readonly options: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, string>>
  readonly environment: Readonly<Record<string, string>>
}

export function runJson(report: Report): string {
  const { producer, result, lines, samples, topics, targetPerSecond, settings } = report
  const run = {
    format: FORMAT,
    formatVersion: FORMAT_VERSION,
    producer,
    topics,
    targetPerSecond,
    result,
    lines,
    options: Object.fromEntries(report.options),
    settings,
    environment: Object.fromEntries(report.environment),
    samples,
  }
  return `${JSON.stringify(run, null, 1)}\n`
}

/** @throws {ConfigError} for a file that cannot be read, or that `--report-json` has not written. */
export async function readRun(path: string): Promise<EarlierRun> {
  const text = await textOf(path)
  const run = parsed(path, text)
  if (run.format !== FORMAT) throw refused(path, 'is no file of --report-json')
  if (run.formatVersion !== FORMAT_VERSION) {
    throw refused(path, 'is of another version of this tool: measure again, with --report-json of this one')
  }
  const missing = missingIn(run)
  if (missing) throw refused(path, `is damaged: ${missing} is missing or no valid value`)
  return { ...(run as unknown as EarlierRun), name: path }
}

async function textOf(path: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (cause) {
    throw refused(path, `cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause)
  }
  if (bytes.length > MAX_BYTES) throw refused(path, 'is no file of --report-json: it is too large')
  return bytes.toString()
}

function parsed(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : {}
  } catch {
    // The message of the parser would quote the file.
    throw refused(path, 'is no file of --report-json: it is not JSON')
  }
}

type Check = (value: unknown) => boolean

const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0
const isText: Check = (value) => typeof value === 'string'
const isTexts: Check = (value) => isRecord(value) && Object.values(value).every(isText)

/** Every figure that a comparison reads. */
const figures: Readonly<Partial<Record<keyof Figures, Check>>> = {
  startMs: isNumber,
  endMs: isNumber,
  sent: isNumber,
  delivered: isNumber,
  failed: isNumber,
  unsettled: isNumber,
  bytes: isNumber,
  isAcknowledged: (value) => typeof value === 'boolean',
  isPaced: (value) => typeof value === 'boolean',
  latency: isLatency,
}

const ofSample: Readonly<Record<keyof Sample, Check>> = {
  endMs: isNumber,
  spanMs: isNumber,
  delivered: isNumber,
  failed: isNumber,
  bytes: isNumber,
  latency: isLatency,
}

const parts: Readonly<Record<string, Check>> = {
  producer: isText,
  result: (value) => isRecord(value) && missingBy(figures, value) === undefined,
  samples: (value) =>
    Array.isArray(value) &&
    value.every((sample) => isRecord(sample) && missingBy(ofSample, sample) === undefined),
  options: isTexts,
  settings: isTexts,
  environment: isTexts,
}

/** What a comparison needs and the file does not have. */
function missingIn(run: Readonly<Record<string, unknown>>): string | undefined {
  const part = missingBy(parts, run)
  if (part !== 'result' || !isRecord(run.result)) return part
  return `result.${missingBy(figures, run.result)}`
}

function missingBy(
  checks: Readonly<Record<string, Check | undefined>>,
  value: Readonly<Record<string, unknown>>,
): string | undefined {
  return Object.keys(checks).find((name) => !checks[name]!(value[name]))
}

function isLatency(value: unknown): boolean {
  if (value === null) return true
  const names: readonly (keyof Percentiles)[] = ['p50Ms', 'p95Ms', 'p99Ms', 'p999Ms', 'maxMs']
  return isRecord(value) && names.every((name) => isNumber(value[name]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(path: string, why: string, cause?: unknown): ConfigError {
  return new ConfigError(`--compare ${printable(path)} ${why}`, undefined, { cause })
}
