/**
 * Reads a topic with the console consumer of the cluster's version, from the beginning.
 *
 * Binary-safe, because the separators are random; but the consumer prints a null as the word `null`, so a
 * value that is that word comes back as null. It prints neither partitions nor offsets: within a partition the
 * order is that of the log, between partitions it is arbitrary.
 */
import { randomUUID } from 'node:crypto'
import { consoleAddress } from './console-address.js'
import type { Jvm } from './jvm.js'
import type { KafkaVersion } from './kafka-version.js'
import type { ConsumedRecord } from './stored-record.js'

export interface ConsumeOptions {
  readonly version: KafkaVersion
  readonly jvm: Jvm
  readonly zookeeper: string | null
  /** `host:port` of running brokers. */
  readonly bootstrap: readonly string[]
  readonly topic: string
  /** How many records to wait for. */
  readonly count: number
  readonly timeoutMs: number
  /** Passes over what is not committed; 0.11 and later. Default: reads everything. */
  readonly isCommittedOnly?: boolean
}

/** Rejects, with what the consumer said, when `count` records do not come within `timeoutMs`. */
export async function consumeTopic(options: ConsumeOptions): Promise<ConsumedRecord[]> {
  const { version, jvm, topic, count, timeoutMs, isCommittedOnly = false } = options
  const tool = version.consoleConsumer
  if (!tool) throw new Error(`no artifact has a console consumer for Kafka ${version.version}`)
  if (count === 0) return []
  const separators = { key: `|k:${randomUUID()}|`, line: `|l:${randomUUID()}|` }
  const args = [
    ...consoleAddress(tool.address, options),
    ...['--topic', topic, '--from-beginning', '--max-messages', String(count)],
    ...(isCommittedOnly ? ['--isolation-level', 'read_committed'] : []),
    ...[tool.property, 'print.key=true'],
    ...[tool.property, `key.separator=${separators.key}`],
    ...[tool.property, `line.separator=${separators.line}`],
  ]
  const run = await jvm.runTool({ mainClass: tool.mainClass, args }, { timeoutMs })
  const records = parseConsumed(run.stdout, separators)
  if (records.length === count) return records
  throw new Error(
    `the console consumer printed ${records.length} of ${count} records (${run.exit}): ${run.stderr}`,
  )
}

function parseConsumed(output: Buffer, separators: { key: string; line: string }): ConsumedRecord[] {
  const lines = output.toString('latin1').split(separators.line).slice(0, -1)
  return lines.map((line) => {
    const [key = '', value = ''] = line.split(separators.key)
    return { key: toContent(key), value: toContent(value) }
  })
}

function toContent(printed: string): Buffer | null {
  return printed === 'null' ? null : Buffer.from(printed, 'latin1')
}
