/**
 * Understands a command line of the perf tool with `--new-producer`, by the rows of `kafka-option-rows.ts`.
 *
 * @see org.apache.kafka.tools.ProducerPerformance 3.9 and 4.3
 */
import { readFileSync } from 'node:fs'
import { CommandLine } from '../cli/command-line.js'
import type { SettingSources } from '../cli/kafka-tool-config.js'
import { choosesNewProducer } from '../cli/new-producer.js'
import type { ToolOptions } from '../cli/run-tool.js'
import { usage } from '../cli/tool-errors.js'
import { ConfigError, printable } from '../errors.js'
import { kafkaPerfTool } from './kafka-option-rows.js'
import { perfTool } from './option-rows.js'
import type { RecordPayload } from './record-payloads.js'

export interface KafkaPerfOptions extends ToolOptions, SettingSources {
  readonly topic: string
  readonly records: number
  readonly payload: RecordPayload
  /** Records per second; null without a limit. */
  readonly throughput: number | null
  readonly printsMetrics: boolean
  /** How old a transaction becomes; null where none was asked for on the command line. */
  readonly transactionDurationMs: number | null
  readonly reportingIntervalMs: number
  readonly closeTimeoutMs: number
}

const DEFAULT_TRANSACTIONAL_ID = 'performance-producer-default-transactional-id'

export function choosesKafkaPerf(argv: readonly string[]): boolean {
  return choosesNewProducer(argv, perfTool, kafkaPerfTool)
}

/**
 * @param argv - without the executable and the script.
 * @throws {UsageError} for help, version and whatever cannot be understood.
 * @throws {ConfigError} for a `--payload-file` that cannot be read, or holds nothing.
 */
export function parseKafkaPerfOptions(argv: readonly string[], version: string): KafkaPerfOptions {
  const line = new CommandLine(kafkaPerfTool, argv, version)
  const transactionDurationMs = line.numberOrNull('--transaction-duration-ms')
  const defaults = line.defaultSettings()
  if (transactionDurationMs !== null) defaults.set('transactional.id', DEFAULT_TRANSACTIONAL_ID)
  return {
    topic: line.requiredText('--topic'),
    records: line.number('--num-records'),
    throughput: line.text('--throughput') === '-1' ? null : line.number('--throughput'),
    printsMetrics: line.has('--print-metrics'),
    transactionDurationMs,
    reportingIntervalMs: line.number('--reporting-interval'),
    closeTimeoutMs: line.number('--close-timeout-ms'),
    isVerbose: line.has('--verbose'),
    explicit: line.explicitSettings(),
    producerProperties: line.pairs(oneOf(line, '--producer-props', '--command-property')),
    configFile: line.text(oneOf(line, '--producer.config', '--command-config')),
    defaults,
    payload: payload(line),
  }
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
  return { kind: 'values', values: valuesOf(line.text('--payload-file')!, line.text('--payload-delimiter')!) }
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
