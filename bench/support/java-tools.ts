/** The perf tools of Kafka itself: the Java client's, and the Scala producer's of 0.8.2. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Jvm } from '../../spec/brokers/support/jvm.js'
import { kafkaVersion } from '../../spec/brokers/support/kafka-version.js'
import { FAST_JAVA } from './kafka-brokers.js'

const TIMEOUT_MS = 180_000
/** What it takes to be fast with acks 1. */
const FAST_SETTINGS = ['linger.ms=5', 'batch.size=65536', 'enable.idempotence=false']

export interface PerfRun {
  readonly bootstrap: string
  readonly topic: string
  readonly messages: number
  readonly valueBytes: number
  readonly acks: number
  /** Of the Java client only: nothing but its own defaults. */
  readonly hasDefaults?: boolean
}

async function outputOf(version: string, mainClass: string, args: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'perf-tool-'))
  try {
    const jvm = await Jvm.prepare(kafkaVersion(version), folder)
    const run = await jvm.runTool({ mainClass, args, flags: FAST_JAVA }, { timeoutMs: TIMEOUT_MS })
    return `${run.stdout}${run.stderr}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Messages per second of `ProducerPerformance` of Kafka 4.3.1, its first messages not counted: linger 5 ms, batches of 64 KB, no
 * idempotence; or with the client's defaults.
 *
 * @throws {Error} with what the tool wrote, when there is no figure in it.
 */
export async function javaPerSecond(run: PerfRun): Promise<number> {
  const output = await outputOf('4.3.1', 'org.apache.kafka.tools.ProducerPerformance', [
    '--bootstrap-server',
    run.bootstrap,
    '--topic',
    run.topic,
    '--num-records',
    String(run.messages + warmUp(run)),
    '--warmup-records',
    String(warmUp(run)),
    '--record-size',
    String(run.valueBytes),
    '--throughput',
    '-1',
    ...(run.hasDefaults ? [] : ['--command-property', `acks=${run.acks}`, ...FAST_SETTINGS]),
  ])
  return lastFigure(output, /records sent, ([\d.]+) records\/sec/g)
}

function warmUp({ messages }: PerfRun): number {
  return Math.ceil(messages / 5)
}

/** The same of the Scala producer's `ProducerPerformance` of 0.8.2.2, its start included: async, batches of 200, as by default. */
export async function scalaPerSecond(run: PerfRun): Promise<number> {
  const output = await outputOf('0.8.2.2', 'kafka.tools.ProducerPerformance', [
    '--broker-list',
    run.bootstrap,
    '--topics',
    run.topic,
    '--messages',
    String(run.messages),
    '--message-size',
    String(run.valueBytes),
    '--request-num-acks',
    String(run.acks),
    '--hide-header',
  ])
  return lastFigure(output, /^\d{4}-.*, ([\d.]+)\s*$/gm)
}

function lastFigure(output: string, pattern: RegExp): number {
  const found = [...output.matchAll(pattern)].at(-1)?.[1]
  if (found === undefined) throw new Error(`the perf tool gave no figure:\n${output.slice(-1000)}`)
  return Number(found)
}
