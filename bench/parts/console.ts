/**
 * Claim: a million lines piped into the console producer arrive complete and in order per partition, in flat memory.
 *
 * Runs the built executable with an old `producer.properties` against a real Kafka 0.8.2.2,
 * watches its memory from outside, and reads back what the broker stored with Kafka's own record reader.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { KafkaCluster } from '../../spec/brokers/support/index.js'
import type { Context, Part } from '../context.js'
import type { Cell, Column, Findings } from '../report/report.js'
import type { Product } from '../support/build.js'

const LINES = { full: 1_000_000, quick: 100_000 }
const LINES_PER_CHUNK = 500
const SAMPLE_EVERY_MS = 50

const columns: readonly Column[] = [
  { name: 'product', unit: 'text' },
  { name: 'lines', unit: 'count' },
  { name: 'stored', unit: 'count' },
  { name: 'distinct', unit: 'count' },
  { name: 'exit status 0, in order', unit: 'text' },
  { name: 'lines/s', unit: 'perSecond' },
  { name: 'RSS, first quarter', unit: 'MB' },
  { name: 'RSS, all', unit: 'MB' },
]

function* chunks(lines: number): Generator<Buffer> {
  for (let i = 0; i < lines; ) {
    let chunk = ''
    for (const end = Math.min(lines, i + LINES_PER_CHUNK); i < end; i++) {
      chunk += `${i}\tpayload of one line that is about a hundred bytes long, as the lines of logs were in those days\n`
    }
    yield Buffer.from(chunk)
  }
}

/** Resident memory of a process in MB, or 0 when it is gone. */
function residentMb(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

interface Result {
  readonly status: number | null
  readonly seconds: number
  readonly samplesMb: readonly number[]
}

async function pipeLines(
  folder: string,
  topic: string,
  lines: number,
  propertiesFile: string,
): Promise<Result> {
  const script = join(folder, 'bin/kafka-console-producer.js')
  const start = performance.now()
  const argv = ['--topic', topic, '--producer.config', propertiesFile]
  const child = spawn(process.execPath, [script, ...argv], { stdio: ['pipe', 'ignore', 'inherit'] })
  const samplesMb: number[] = []
  const timer = setInterval(() => samplesMb.push(residentMb(child.pid!)), SAMPLE_EVERY_MS)
  const closed = once(child, 'close')
  await pipeline(Readable.from(chunks(lines)), child.stdin)
  const [status] = (await closed) as [number | null]
  clearInterval(timer)
  return { status, seconds: (performance.now() - start) / 1000, samplesMb }
}

/** How many different lines are stored, and whether each partition has them in order. */
async function readBack(
  cluster: KafkaCluster,
  topic: string,
): Promise<{ stored: number; distinct: number; isOrdered: boolean }> {
  const last = new Map<number, number>()
  const seen = new Set<number>()
  let isOrdered = true
  const records = await cluster.readTopic(topic)
  for (const { partition, value } of records) {
    const line = Number.parseInt(String(value), 10)
    if (line <= (last.get(partition) ?? -1)) isOrdered = false
    last.set(partition, line)
    seen.add(line)
  }
  return { stored: records.length, distinct: seen.size, isOrdered }
}

async function measure(cluster: KafkaCluster, { name, folder }: Product, lines: number): Promise<Cell[]> {
  // A topic for each product.
  const topic = `lines-${name.replace(/[^\w.-]/g, '-')}`
  await cluster.createTopic(topic, { partitions: 4 })
  const temporary = mkdtempSync(join(tmpdir(), 'console-bench-'))
  try {
    const properties = join(temporary, 'producer.properties')
    writeFileSync(
      properties,
      `metadata.broker.list=${cluster.bootstrap.join(',')}
serializer.class=kafka.serializer.StringEncoder
producer.type=async
request.required.acks=1
topic.metadata.refresh.interval.ms=500
`,
    )
    const { status, seconds, samplesMb } = await pipeLines(folder, topic, lines, properties)
    const { stored, distinct, isOrdered } = await readBack(cluster, topic)
    const early = Math.max(...samplesMb.slice(0, Math.ceil(samplesMb.length / 4)))
    const isOk = status === 0 && isOrdered
    return [
      name,
      lines,
      stored,
      distinct,
      isOk ? 'yes' : `no (status ${status})`,
      lines / seconds,
      early,
      Math.max(...samplesMb),
    ]
  } finally {
    rmSync(temporary, { recursive: true })
  }
}

async function run(context: Context): Promise<Findings | null> {
  const missing = context.kafkaBrokers.missing()
  if (missing.length > 0) {
    context.log(`left out: real brokers cannot run here: ${missing.join('; ')}`)
    return null
  }
  const cluster = await KafkaCluster.start({ version: '0.8.2.2' })
  try {
    const rows: Cell[][] = []
    const lines = context.isQuick ? LINES.quick : LINES.full
    for (const product of context.products) rows.push(await measure(cluster, product, lines))
    return {
      title: 'Lines through the console producer',
      text: 'The executable with an old `producer.properties`, lines of about 100 bytes on its standard input, a real 0.8.2.2 with four partitions. Memory is flat when the largest of all is that of the first quarter.',
      tables: [{ title: '', note: '', columns, rows }],
      charts: [],
      headlines: [],
    }
  } finally {
    await cluster.stop()
  }
}

export const part: Part = {
  what: 'a million lines through the console producer into a real 0.8.2.2, read back',
  takes: '1 min',
  takesQuick: null,
  rounds: [1, 1],
  run,
}
