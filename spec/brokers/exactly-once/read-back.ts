/** Reads what a run has stored, with the consumer of kafka-clients 3.9.2, which every broker from 0.11 on knows. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ReadBack, ReadRecord } from '../../support/exactly-once/history.js'
import { fetchJars } from '../support/artifacts.js'
import { compileJava } from '../support/compile-java.js'
import { javaProgram } from '../support/prerequisites.js'
import { runToEnd } from '../support/run-to-end.js'

const NAME = 'CommittedReader'
const SOURCE = fileURLToPath(new URL(`../support/java/${NAME}.java`, import.meta.url))
const DEPENDENCIES = [
  { coordinates: 'org.apache.kafka:kafka-clients:3.9.2', without: [] },
  { coordinates: 'org.slf4j:slf4j-nop:1.7.36', without: [] },
]
/** A transaction that nobody ends is ended by its coordinator after 20 s, and looked for every 10 s. */
const LIMIT_MS = 60_000

export interface ReadBackOptions {
  readonly bootstrap: readonly string[]
  readonly topic: string
  /** Whose offsets for partition 0 are asked for; chains are named like their groups. */
  readonly groups: readonly string[]
  readonly isCommittedOnly: boolean
}

export async function readBack({
  bootstrap,
  topic,
  groups,
  isCommittedOnly,
}: ReadBackOptions): Promise<ReadBack> {
  const jars = await fetchJars('file-records', DEPENDENCIES)
  const classes = await compileJava('file-records', { name: NAME, text: readFileSync(SOURCE, 'utf8') }, jars)
  const flags = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData']
  const isolation = isCommittedOnly ? 'read_committed' : 'read_uncommitted'
  const classPath = [classes, ...jars].join(path.delimiter)
  const args = [NAME, bootstrap.join(','), topic, isolation, String(LIMIT_MS), ...groups]
  const run = await runToEnd(javaProgram('java'), [...flags, '-cp', classPath, ...args], {
    cwd: classes,
    timeoutMs: 3 * LIMIT_MS,
  })
  const lines = run.stdout.toString('utf8').split('\n')
  if (lines.at(-2) !== 'end') throw new Error(`${NAME} ended with ${run.exit}: ${run.stderr.slice(0, 2000)}`)
  return parse(lines.slice(0, -2))
}

function parse(lines: readonly string[]): ReadBack {
  const records: ReadRecord[] = []
  const groupOffsets = new Map<string, bigint>()
  const blocked: number[] = []
  for (const line of lines) {
    const [kind, first = '', second = '', value = ''] = line.split('\t')
    if (kind === 'blocked') blocked.push(Number(first))
    else if (kind === 'group') groupOffsets.set(first, BigInt(second))
    else records.push(parseRecord(Number(first), BigInt(second), value))
  }
  records.sort((a, b) => a.partition - b.partition || (a.offset < b.offset ? -1 : 1))
  return { records, groupOffsets, blocked }
}

function parseRecord(partition: number, offset: bigint, value: string): ReadRecord {
  const [producer = '', number = ''] = value.split('/')
  return { partition, offset, producer, number: Number(number) }
}
