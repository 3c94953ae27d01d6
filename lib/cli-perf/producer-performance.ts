/**
 * The perf tool: sends messages as fast as the brokers take them, or at a given rate, and says how fast that was.
 *
 * Nothing is kept per message once it has its outcome. SIGINT and SIGTERM end the sending; what was sent is delivered
 * and the figures are those of what happened; a second one ends at once. Exit status: 0 all delivered, 1 usage,
 * configuration or files, 2 some failed, 3 some without an outcome.
 *
 * @see classic-producer reference §11.2
 */
import { type ConsoleStreams, exitCodes } from '../cli/console-producer.js'
import { UsageError } from '../cli/options.js'
import { KafkaError } from '../errors.js'
import { CsvReporter } from './csv-reporter.js'
import { LiveLine } from './live-line.js'
import { type PerfOptions, parsePerfOptions } from './options.js'
import { PerfRun } from './perf-run.js'
import { ReportFile } from './report/report-file.js'
import { HEADER, type Result, resultLine, summaryLines } from './result.js'
import { unrepeatedLogger } from './unrepeated-logger.js'

export type PerfStreams = Pick<ConsoleStreams, 'output' | 'errors'>

/** Runs the tool. @returns the exit status; does not end the process. */
export async function main(argv: readonly string[], streams: PerfStreams, version: string): Promise<number> {
  for (const stream of [streams.output, streams.errors]) stream.on('error', () => {})
  let isVerbose = false
  try {
    const options = parsePerfOptions(argv, version)
    isVerbose = options.isVerbose
    return await measure(options, streams, version)
  } catch (error) {
    if (error instanceof UsageError) {
      const stream = error.exitCode === 0 ? streams.output : streams.errors
      stream.write(error.message)
      return error.exitCode
    }
    if (!(error instanceof KafkaError)) throw error
    streams.errors.write(`${isVerbose ? error.stack : error.message}\n`)
    return exitCodes.usage
  }
}

async function measure(
  options: PerfOptions,
  { output, errors }: PerfStreams,
  version: string,
): Promise<number> {
  const say = (line: string): void => void errors.write(`${line}\n`)
  const logger = unrepeatedLogger(say, options.isVerbose)
  for (const text of options.warnings) logger.warn(text)
  const run = new PerfRun(options, logger)
  // Whatever can be wrong with files is found before the first message.
  const report = options.reportFile === null ? null : await ReportFile.open(options.reportFile)
  const csv = options.metricsFolder === null ? null : new CsvReporter(options.metricsFolder, run.tally)
  if (!options.hidesHeader) output.write(`${HEADER}\n`)
  const unlisten = stopOnSignals(run)
  const live = isTerminal(errors) ? new LiveLine(errors, run) : null
  const result = await run.run()
  live?.clear()
  unlisten()
  const csvFailure = await csv?.close()
  if (csvFailure) logger.warn(`${csv!.path} is not complete: ${csvFailure.message}`)
  const line = resultLine(result, options.formatDate)
  output.write(`${line}\n`)
  for (const text of summaryLines(result)) say(text)
  await report?.write({ result, line, samples: run.samples, options, config: run.config, version })
  return statusOf(result)
}

function statusOf({ failed, unsettled }: Result): number {
  if (unsettled > 0) return exitCodes.unsettled
  return failed > 0 ? exitCodes.failed : exitCodes.delivered
}

/** @returns a function that stops listening. */
function stopOnSignals(run: PerfRun): () => void {
  const onSignal = (signal: NodeJS.Signals): void => {
    if (run.isStopping) process.exit(exitCodes.unsettled)
    run.stop(`ended by ${signal}`)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return () => {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

function isTerminal(stream: PerfStreams['errors']): boolean {
  return (stream as { isTTY?: boolean }).isTTY === true
}
