/**
 * The perf tool: sends messages as fast as the brokers take them, or at a given rate, and says how fast that was.
 *
 * Nothing is kept per message once it has its outcome. A signal ends the sending; what was sent has a limited time to
 * be delivered, and the figures are those of what happened; a second signal takes that time away. The exit status
 * tells the truth, in the console producer's numbers.
 *
 * @see classic-producer reference §11.2
 */

import { consoleLogger } from '../cli/console-logger.js'
import { type ConsoleStreams, exitCodes } from '../cli/console-producer.js'
import { ErrorOutput, survive } from '../cli/error-output.js'
import { UsageError } from '../cli/options.js'
import { onStopSignals, stopSignals } from '../cli/stop-signals.js'
import { ConfigError } from '../errors.js'
import { CsvReporter } from './csv-reporter.js'
import { liveText } from './live-line.js'
import { optionOf, type PerfOptions, parsePerfOptions } from './options.js'
import { PerfRun } from './perf-run.js'
import { ReportFile } from './report/report-file.js'
import { HEADER, type Result, resultLine, summaryLines } from './result.js'

export type PerfStreams = Pick<ConsoleStreams, 'output' | 'errors'>

/** Runs the tool. @returns the exit status; does not end the process. */
export async function main(argv: readonly string[], streams: PerfStreams, version: string): Promise<number> {
  const errors = new ErrorOutput(streams.errors)
  survive(streams.output)
  let options: PerfOptions | null = null
  try {
    options = parsePerfOptions(argv, version)
    return await measure(options, streams.output, errors, version)
  } catch (error) {
    if (error instanceof UsageError) {
      const stream = error.exitCode === 0 ? streams.output : streams.errors
      stream.write(error.message)
      return error.exitCode
    }
    if (!(error instanceof ConfigError)) throw error
    errors.say(explained(error, options))
    return exitCodes.usage
  }
}

/** A setting that came from an option is called by the option too. */
function explained(error: ConfigError, options: PerfOptions | null): string {
  const option = options === null ? undefined : optionOf(error.key, options)
  const text = options?.isVerbose ? String(error.stack) : error.message
  return option === undefined ? text : `${option}: ${text}`
}

async function measure(
  options: PerfOptions,
  output: PerfStreams['output'],
  errors: ErrorOutput,
  version: string,
): Promise<number> {
  const logger = consoleLogger(errors, options.isVerbose)
  for (const text of options.warnings) logger.warn(text)
  const run = new PerfRun(options, logger)
  // Whatever can be wrong with files is found before the first message.
  const report = options.reportFile === null ? null : await ReportFile.open(options.reportFile)
  const csv = options.metricsFolder === null ? null : new CsvReporter(options.metricsFolder, run.tally)
  if (!options.hidesHeader) output.write(`${HEADER}\n`)
  const result = await runWatched(run, errors)
  const csvFailure = await csv?.close()
  if (csvFailure) logger.warn(`${csv!.path} is not complete: ${csvFailure.message}`)
  const line = resultLine(result, options.formatDate)
  output.write(`${line}\n`)
  for (const text of summaryLines(result)) errors.say(text)
  await report?.write({ result, line, samples: run.samples, options, config: run.config, version })
  return statusOf(result)
}

/** With a live line on a terminal, and an ear for signals. */
async function runWatched(run: PerfRun, errors: ErrorOutput): Promise<Result> {
  const forgetSignals = onStopSignals((signal) => run.stop(signal))
  errors.showProgress(() => liveText(run))
  try {
    return await run.run()
  } finally {
    errors.endProgress()
    forgetSignals()
  }
}

function statusOf({ failed, unsettled, isConfirmed, signal }: Result): number {
  if (unsettled > 0 || !isConfirmed) return exitCodes.unsettled
  if (failed > 0) return exitCodes.failed
  return signal === null ? exitCodes.delivered : 128 + stopSignals[signal]
}
