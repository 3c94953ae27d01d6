/**
 * What a command line of the perf tool asks for, checked.
 *
 * Settings win in this order: options that are given, `--producer-property`, the file, defaults of the tool. The
 * brokers are the exception: they are taken from `--broker-list` only, so that a load test never goes to the cluster
 * that a copied file happens to name.
 *
 * @see docs/reference/classic-producer.md#perf-tool
 */
import { CommandLine } from '../cli/command-line.js'
import type { ToolOptions } from '../cli/run-tool.js'
import { usage } from '../cli/tool-errors.js'
import { printable } from '../errors.js'
import { type DateFormat, dateFormat } from './date-format.js'
import { perfTool } from './option-rows.js'
import type { ReportOptions } from './report/report-files.js'

export interface PerfOptions extends ToolOptions, ReportOptions {
  readonly topics: readonly string[]
  /** Iterations of each thread; what is left of the division is dropped, as in the original. */
  readonly messagesPerThread: number
  readonly threads: number
  /** Bytes. */
  readonly messageSize: number
  readonly varyMessageSize: boolean
  readonly initialMessageId: number | null
  readonly sendGapMs: number
  /** Messages per second of all threads; null without a limit. */
  readonly throughput: number | null
  readonly formatDate: DateFormat
  readonly hidesHeader: boolean
  /** Where the CSV file goes, or null. */
  readonly metricsFolder: string | null
  readonly closeTimeoutMs: number
  /** The options that were given, with their values, for the report. `--producer-property` is not among them. */
  readonly shown: ReadonlyMap<string, string>
  readonly producerProperties: ReadonlyMap<string, string>
  /** Path of `--producer.config`, or null. */
  readonly configFile: string | null
  /** Settings that hold where neither options nor a file set them. */
  readonly defaults: ReadonlyMap<string, string>
  /** Sentences about what is given and will not happen. */
  readonly warnings: readonly string[]
}

/**
 * @param argv - without the executable and the script.
 * @throws {UsageError} for help, version and whatever cannot be understood.
 */
export function parsePerfOptions(argv: readonly string[], version: string): PerfOptions {
  const line = new CommandLine(perfTool, argv, version)
  line.requiredText('--broker-list')
  line.number('--reporting-interval')
  return {
    topics: topics(line),
    ...shares(line),
    ...sizes(line),
    initialMessageId: line.numberOrNull('--initial-message-id'),
    sendGapMs: line.number('--message-send-gap-ms'),
    throughput: throughput(line),
    formatDate: dateFormat(line.text('--date-format')!),
    hidesHeader: line.has('--hide-header'),
    metricsFolder: line.has('--csv-reporter-enabled') ? line.text('--metrics-dir') : null,
    reportFile: line.text('--report'),
    reportJsonFile: line.text('--report-json'),
    compareFile: line.text('--compare'),
    closeTimeoutMs: line.number('--close-timeout-ms'),
    isVerbose: line.has('--verbose'),
    classesModule: line.text('--classes'),
    shown: shownOptions(line),
    explicit: line.explicitSettings(),
    producerProperties: line.pairs('--producer-property'),
    configFile: line.text('--producer.config'),
    defaults: line.defaultSettings(),
    warnings: warnings(line),
  }
}

function topics(line: CommandLine): string[] {
  const list = line.requiredText('--topics').split(/\s*,\s*/)
  const named = list.filter((topic) => topic !== '')
  if (named.length > 0) return named
  throw usage('--topics names no topic')
}

function shares(line: CommandLine): Pick<PerfOptions, 'threads' | 'messagesPerThread'> {
  const messages = line.number('--messages')
  const threads = line.number('--threads')
  if (messages < threads) throw usage(`--messages ${messages} is less than --threads ${threads}`)
  return { threads, messagesPerThread: Math.floor(messages / threads) }
}

function warnings(line: CommandLine): string[] {
  const sentences = line.ignored()
  const [messages, threads] = [line.number('--messages'), line.number('--threads')]
  const left = messages % threads
  if (left > 0)
    sentences.push(`--messages ${messages} does not divide by --threads ${threads}: ${left} are not sent`)
  return sentences
}

function sizes(line: CommandLine): Pick<PerfOptions, 'messageSize' | 'varyMessageSize'> {
  const messageSize = line.number('--message-size')
  const varyMessageSize = line.has('--vary-message-size')
  if (varyMessageSize && messageSize === 0)
    throw usage('--vary-message-size needs a --message-size of at least 1')
  return { messageSize, varyMessageSize }
}

function throughput(line: CommandLine): number | null {
  const value = line.text('--throughput')
  return value === '-1' ? null : line.number('--throughput')
}

function shownOptions(line: CommandLine): Map<string, string> {
  const shown = new Map<string, string>()
  for (const [name, value] of line.given) {
    if (name !== '--producer-property') shown.set(name, value === true ? 'yes' : printable(String(value)))
  }
  return shown
}
