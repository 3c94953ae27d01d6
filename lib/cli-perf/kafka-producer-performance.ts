/**
 * The perf tool with `--new-producer`: measures KafkaProducer, and prints what Kafka's own tool prints, so that both can be compared
 * and scripts read either.
 *
 * Standard output has the lines of that tool and nothing else; what went wrong is on standard error. The exit status is that of the
 * tool with the classic producer.
 *
 * @see org.apache.kafka.tools.ProducerPerformance 3.9 and 4.3
 */
import { resolve } from 'node:path'
import { consoleLogger } from '../cli/console-logger.js'
import type { ErrorOutput } from '../cli/error-output.js'
import { kafkaToolConfig } from '../cli/kafka-tool-config.js'
import { exitCodes, runTool, type ToolStreams } from '../cli/run-tool.js'
import { onStopSignals, stopSignals } from '../cli/stop-signals.js'
import { loadClasses } from '../cli/tool-classes.js'
import { counted } from '../counted.js'
import type { KafkaProducerConfig } from '../kafka-producer/index.js'
import { kafkaPerfTool } from './kafka-option-rows.js'
import { type KafkaPerfOptions, parseKafkaPerfOptions } from './kafka-options.js'
import { type KafkaPerfResult, KafkaPerfRun } from './kafka-perf-run.js'
import { metricsText } from './metrics-text.js'
import { ReportFiles } from './report/report-files.js'
import type { Figures } from './result.js'

/** Runs the tool. @returns the exit status; does not end the process. */
export function measureKafkaProducer(
  argv: readonly string[],
  streams: ToolStreams,
  version: string,
): Promise<number> {
  return runTool(
    kafkaPerfTool,
    streams,
    () => parseKafkaPerfOptions(argv, version),
    (options, errors) => measure(options, streams.output, errors, version),
  )
}

async function measure(
  options: KafkaPerfOptions,
  output: ToolStreams['output'],
  errors: ErrorOutput,
  version: string,
): Promise<number> {
  const logger = consoleLogger(errors, options.isVerbose)
  const print = (line: string): void => void output.write(`${line}\n`)
  const classes = await loadClasses(options.classesModule)
  const config = kafkaToolConfig(options, classes, logger)
  // Whatever can be wrong with files is found before the first record.
  const report = await ReportFiles.open(options)
  for (const line of announcements(options)) print(line)
  const run = new KafkaPerfRun(options, { config, classes }, logger, print)
  const forgetSignals = onStopSignals((signal) => run.stop(signal))
  let result: KafkaPerfResult
  try {
    result = await run.run()
  } finally {
    forgetSignals()
  }
  for (const line of result.totalLines) print(line)
  if (options.printsMetrics) print(metricsText(result.metrics))
  const figures = figuresOf(result, options, config)
  for (const text of [...troubles(result, options.records), ...report.comparison(figures)]) errors.say(text)
  await report.write({
    producer: 'KafkaProducer',
    result: figures,
    targetPerSecond: options.throughput,
    lines: result.totalLines,
    samples: result.samples,
    topics: [options.topic],
    options: options.shown,
    settings: config.toJSON(),
    version,
  })
  return statusOf(result)
}

/** What Kafka's tool says before it begins. */
function announcements({ payload, warmupRecords }: KafkaPerfOptions): string[] {
  const lines: string[] = []
  if (payload.kind === 'values') {
    lines.push(`Reading payloads from: ${resolve(payload.path)}`)
    lines.push(`Number of records read: ${payload.values.length}`)
  }
  if (warmupRecords > 0) {
    const steady = 'Steady state results will print after the complete test summary.'
    lines.push(`Warmup first ${warmupRecords} records. ${steady}`)
  }
  return lines
}

function figuresOf(
  result: KafkaPerfResult,
  options: KafkaPerfOptions,
  { acks }: KafkaProducerConfig,
): Figures {
  const { startMs, endMs, latency, tally, signal } = result
  const { sent, delivered, failed, unsettled, bytes, causes } = tally
  return {
    startMs,
    endMs,
    planned: options.records,
    sent,
    delivered,
    failed,
    unsettled,
    bytes,
    causes,
    latency,
    isAcknowledged: acks !== 0,
    isPaced: false,
    signal,
    ended: result.ended ?? signal,
  }
}

/** Sentences about a run where not everything went well; none otherwise. */
function troubles({ tally, ended, signal }: KafkaPerfResult, planned: number): string[] {
  const { sent, delivered, failed, unsettled, causes } = tally
  const reason = ended ?? signal
  if (reason === null && failed === 0 && unsettled === 0) return []
  const open = unsettled > 0 ? `, ${unsettled} without an outcome` : ''
  return [
    ...(reason === null ? [] : [`stopped after ${sent} of ${counted(planned, 'record')}: ${reason}`]),
    `${counted(sent, 'record')} sent, ${delivered} delivered, ${failed} failed${open}`,
    ...causes.map(([cause, count]) => `${count} failed: ${cause}`),
  ]
}

function statusOf({ tally, ended, signal }: KafkaPerfResult): number {
  if (tally.unsettled > 0) return exitCodes.unsettled
  if (tally.failed > 0 || ended !== null) return exitCodes.failed
  return signal === null ? exitCodes.delivered : 128 + stopSignals[signal]
}
