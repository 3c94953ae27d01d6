/**
 * The perf tool: sends messages as fast as the brokers take them, or at a given rate, and measures throughput and latency.
 *
 * Nothing is kept per message once it has its outcome. A signal ends the sending; what was sent has a limited time to
 * be delivered, and the figures are those of what happened; a second signal takes that time away. The exit status
 * is that of the console producer.
 *
 * @see docs/reference/classic-producer.md#perf-tool
 */

import { consoleLogger } from '../cli/console-logger.js'
import type { ErrorOutput } from '../cli/error-output.js'
import { exitCodes, runTool, type ToolStreams } from '../cli/run-tool.js'
import { onStopSignals, stopSignals } from '../cli/stop-signals.js'
import { loadClasses } from '../cli/tool-classes.js'
import { CsvReporter } from './csv-reporter.js'
import { choosesKafkaPerf } from './kafka-options.js'
import { measureKafkaProducer } from './kafka-producer-performance.js'
import { liveText } from './live-line.js'
import { perfTool } from './option-rows.js'
import { type PerfOptions, parsePerfOptions } from './options.js'
import { PerfRun } from './perf-run.js'
import { ReportFiles } from './report/report-files.js'
import { HEADER, type Result, resultLine, summaryLines } from './result.js'

/** Runs the tool. @returns the exit status; does not end the process. */
export function main(argv: readonly string[], streams: ToolStreams, version: string): Promise<number> {
  if (choosesKafkaPerf(argv)) return measureKafkaProducer(argv, streams, version)
  return runTool(
    perfTool,
    streams,
    () => parsePerfOptions(argv, version),
    (options, errors) => measure(options, streams.output, errors, version),
  )
}

async function measure(
  options: PerfOptions,
  output: ToolStreams['output'],
  errors: ErrorOutput,
  version: string,
): Promise<number> {
  const logger = consoleLogger(errors, options.isVerbose)
  for (const text of options.warnings) logger.warn(text)
  const run = new PerfRun(options, await loadClasses(options.classesModule), logger)
  // Whatever can be wrong with files is found before the first message.
  const report = await ReportFiles.open(options)
  const csv = options.metricsFolder === null ? null : new CsvReporter(options.metricsFolder, run.tally)
  if (!options.hidesHeader) output.write(`${HEADER}\n`)
  const result = await runWatched(run, errors)
  const csvFailure = await csv?.close()
  if (csvFailure) logger.warn(`${csv!.path} is not complete: ${csvFailure.message}`)
  const line = resultLine(result, options.formatDate)
  output.write(`${line}\n`)
  for (const text of [...summaryLines(result), ...report.comparison(result)]) errors.say(text)
  await report.write({
    producer: 'Producer',
    result,
    targetPerSecond: options.throughput,
    lines: [HEADER, line],
    samples: run.samples,
    topics: options.topics,
    options: options.shown,
    settings: run.config.toJSON(),
    version,
  })
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
