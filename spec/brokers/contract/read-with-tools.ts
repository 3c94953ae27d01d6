/**
 * Reads topics with the tools that came with the broker's own version: one JVM for all of them.
 */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { parseDump } from '../support/dump-log.js'
import type { KafkaCluster, StoredRecord } from '../support/index.js'
import { PARTITIONS } from './contract-case.js'

const DUMPING = /^Dumping (?=.*\.log$)/m

/** Topic → its records, by DumpLogSegments; null where no artifact has that tool. Contents must be ASCII. */
export async function dumpTopics(
  cluster: KafkaCluster,
  topics: readonly string[],
): Promise<ReadonlyMap<string, StoredRecord[]> | null> {
  const tool = cluster.version.dumpLogSegments
  if (tool === null) return null
  const files = topics.flatMap((topic) => logFiles(cluster, topic)).join(',')
  const output = await cluster.runTool(tool, '--deep-iteration', '--print-data-log', '--files', files)
  const records = new Map<string, StoredRecord[]>(topics.map((topic) => [topic, []]))
  for (const part of output.split(DUMPING).slice(1)) {
    const topic = /([^/]+)-\d+\/[^/]+\.log\s/.exec(part)?.[1]
    records.get(topic ?? '')?.push(...parseDump(Buffer.from(`Dumping ${part}`)))
  }
  return records
}

/** Of the only broker. */
function logFiles(cluster: KafkaCluster, topic: string): string[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    const folder = path.join(cluster.folder, 'data-1', `${topic}-${partition}`)
    const segments = readdirSync(folder).filter((name) => name.endsWith('.log'))
    return segments.sort().map((name) => path.join(folder, name))
  }).flat()
}
