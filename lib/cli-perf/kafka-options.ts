/**
 * Understands a command line of the perf tool with `--new-producer`, by the rows of `kafka-option-rows.ts`.
 *
 * @see org.apache.kafka.tools.ProducerPerformance 3.9 and 4.3
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CommandLine } from '../cli/command-line.js'
import type { SettingSources } from '../cli/kafka-tool-config.js'
import { choosesNewProducer } from '../cli/new-producer.js'
import type { ToolOptions } from '../cli/run-tool.js'
import { usage } from '../cli/tool-errors.js'
import { ConfigError, printable } from '../errors.js'
import { refuseClassicOnly } from './classic-only-options.js'
import { kafkaPerfTool } from './kafka-option-rows.js'
import { perfTool } from './option-rows.js'
import type { RecordPayload } from './record-payloads.js'
import type { ReportOptions } from './report/report-files.js'

export interface KafkaPerfOptions extends ToolOptions, SettingSources, ReportOptions {
  readonly topic: string
  readonly records: number
  readonly payload: RecordPayload
  /** Records per second; null without a limit. */
  readonly throughput: number | null
  readonly printsMetrics: boolean
  /** How old a transaction becomes; null where none was asked for on the command line. */
  readonly transactionDurationMs: number | null
  readonly reportingIntervalMs: number
  /** The first records, which are not of the steady state; 0 where no steady state is asked for. */
  readonly warmupRecords: number
  readonly closeTimeoutMs: number
  /** The options that were given, with their values, for the report. Settings of the producer are not among them. */
  readonly shown: ReadonlyMap<string, string>
}

/** As in Kafka 4.x; one id for all runs, as in 3.9, lets runs side by side fence each other. */
const TRANSACTIONAL_ID_PREFIX = 'performance-producer-'

export function choosesKafkaPerf(argv: readonly string[]): boolean {
  return choosesNewProducer(argv, perfTool, kafkaPerfTool)
}

/**
 * @param argv - without the executable and the script.
 * @throws {UsageError} for help, version and whatever cannot be understood.
 * @throws {ConfigError} for a `--payload-file` that cannot be read, or holds nothing.
 */
export function parseKafkaPerfOptions(argv: readonly string[], version: string): KafkaPerfOptions {
  refuseClassicOnly(argv)
  const line = new CommandLine(kafkaPerfTool, argv, version)
  const transactionDurationMs = line.numberOrNull('--transaction-duration-ms')
  const defaults = line.defaultSettings()
  if (transactionDurationMs !== null) {
    defaults.set('transactional.id', TRANSACTIONAL_ID_PREFIX + randomBytes(16).toString('base64url'))
  }
  return {
    topic: line.requiredText('--topic'),
    records: line.number('--num-records'),
    throughput: throughput(line.text('--throughput')!),
    printsMetrics: line.has('--print-metrics'),
    transactionDurationMs,
    reportingIntervalMs: line.number('--reporting-interval'),
    warmupRecords: warmupRecords(line),
    reportFile: line.text('--report'),
    reportJsonFile: line.text('--report-json'),
    compareFile: line.text('--compare'),
    shown: shownOptions(line),
    closeTimeoutMs: line.number('--close-timeout-ms'),
    isVerbose: line.has('--verbose'),
    classesModule: line.text('--classes'),
    explicit: line.explicitSettings(),
    producerProperties: line.pairs(oneOf(line, '--producer-props', '--command-property')),
    configFile: line.text(oneOf(line, '--producer.config', '--command-config')),
    defaults,
    payload: payload(line),
  }
}

/** Kafka's tool takes fractions. */
function throughput(text: string): number | null {
  if (text === '-1') return null
  const perSecond = /^\d{1,16}(\.\d{1,9})?$/.test(text) ? Number(text) : 0
  if (perSecond > 0) return perSecond
  throw usage(`--throughput takes a number above 0, or -1 for no limit, not "${text}"`)
}

function warmupRecords(line: CommandLine): number {
  const warmup = line.number('--warmup-records')
  const records = line.number('--num-records')
  if (warmup < records) return warmup
  throw usage(`--warmup-records ${warmup} leaves none of --num-records ${records} for the steady state`)
}

const SETTINGS_OF_USERS: ReadonlySet<string> = new Set(['--producer-props', '--command-property'])

function shownOptions(line: CommandLine): Map<string, string> {
  const shown = new Map<string, string>()
  for (const [name, value] of line.given) {
    if (!SETTINGS_OF_USERS.has(name)) shown.set(name, value === true ? 'yes' : printable(String(value)))
  }
  return shown
}

/** The one of two names of an option that was given. */
function oneOf(line: CommandLine, name: string, other: string): string {
  if (line.has(name) && line.has(other)) throw usage(`${other} is another name of ${name}: give one of them`)
  return line.has(other) ? other : name
}

const PAYLOADS = ['--record-size', '--payload-file', '--payload-monotonic']

function payload(line: CommandLine): RecordPayload {
  const given = PAYLOADS.filter((name) => line.has(name))
  if (given.length !== 1) {
    throw usage(`give one of ${PAYLOADS.join(', ')}${given.length > 1 ? `, not ${given.join(' and ')}` : ''}`)
  }
  if (given[0] === '--payload-monotonic') return { kind: 'monotonic' }
  if (given[0] === '--record-size') return { kind: 'letters', bytes: line.number('--record-size') }
  const path = line.text('--payload-file')!
  return { kind: 'values', path, values: valuesOf(path, line.text('--payload-delimiter')!) }
}

const ESCAPES: Readonly<Record<string, string>> = { '\\n': '\n', '\\r': '\r', '\\t': '\t' }

/** Empty values at the end are not there, as those after the last line of a file. */
function valuesOf(path: string, delimiter: string): Buffer[] {
  const separator = delimiter.replace(/\\[nrt]/g, (written) => ESCAPES[written]!)
  if (separator === '') throw usage('--payload-delimiter is empty')
  const values = textOf(path).split(separator)
  while (values.at(-1) === '') values.pop()
  if (values.length === 0) throw new ConfigError(`--payload-file ${printable(path)} holds no values`)
  return values.map((value) => Buffer.from(value))
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`--payload-file cannot be read: ${printable((error as Error).message)}`)
  }
}
