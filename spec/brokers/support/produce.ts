/**
 * Writes to a topic with the console producer of the cluster's version: messages that are not ours.
 */
import { consoleAddress } from './console-address.js'
import type { Jvm } from './jvm.js'
import { isAtLeast, type KafkaVersion } from './kafka-version.js'

export interface ProduceOptions {
  readonly version: KafkaVersion
  readonly jvm: Jvm
  readonly zookeeper: string | null
  /** `host:port` of running brokers. */
  readonly bootstrap: readonly string[]
  readonly topic: string
  readonly lines: readonly KeyedLine[]
  /** Default `none`. 0.8.0 and 0.8.1 know gzip only. */
  readonly codec?: string
}

/** Neither may hold a line break, the key no tab. */
export interface KeyedLine {
  readonly key: string
  readonly value: string
}

/** Resolves when all in-sync replicas have all lines; the topic should exist. */
export async function produceLines(options: ProduceOptions): Promise<void> {
  const { version, jvm, topic, lines } = options
  const tool = version.consoleProducer
  if (!tool) throw new Error(`no artifact has a console producer for Kafka ${version.version}`)
  const args = [
    ...consoleAddress(tool.address, options),
    ...['--topic', topic, '--request-required-acks', '-1', tool.property, 'parse.key=true'],
    // The old producer may end before its queue is empty; with --sync the new one lingers a second per line.
    ...(isAtLeast(version.version, '0.9') ? [] : ['--sync']),
    ...codecOption(version.version, options.codec ?? 'none'),
  ]
  const input = Buffer.from(lines.map(({ key, value }) => `${key}\t${value}\n`).join(''))
  const run = await jvm.runTool({ mainClass: tool.mainClass, args }, { input })
  // It logs a failure and goes on to end with 0.
  if (run.exit === 'exit code 0' && !/ERROR|Exception/.test(run.stderr)) return
  throw new Error(`the console producer ended with ${run.exit}: ${run.stderr}`)
}

function codecOption(version: string, codec: string): string[] {
  if (codec === 'none') return []
  return isAtLeast(version, '0.8.2') ? ['--compression-codec', codec] : ['--compress']
}
