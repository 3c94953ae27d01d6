/**
 * Claim: a million lines piped into the console producer arrive complete and in order per partition, in flat memory.
 *
 * Runs the built executable (`npm run build` first) with an old `producer.properties` against a real Kafka 0.8.2.2,
 * watches its memory from outside, and reads back what the broker stored with Kafka's own record reader.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { KafkaCluster } from '../spec/brokers/support/index.js'

const TOPIC = 'lines'
const LINES_PER_CHUNK = 500
const SAMPLE_EVERY_MS = 50

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
  readonly summary: string
  readonly samplesMb: readonly number[]
}

async function pipeLines(lines: number, propertiesFile: string): Promise<Result> {
  const script = fileURLToPath(new URL('../bin/kafka-console-producer.js', import.meta.url))
  const start = performance.now()
  const argv = ['--topic', TOPIC, '--producer.config', propertiesFile]
  const child = spawn(process.execPath, [script, ...argv], { stdio: ['pipe', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const samplesMb: number[] = []
  const timer = setInterval(() => samplesMb.push(residentMb(child.pid!)), SAMPLE_EVERY_MS)
  const closed = once(child, 'close')
  await pipeline(Readable.from(chunks(lines)), child.stdin)
  const [status] = (await closed) as [number | null]
  clearInterval(timer)
  return { status, seconds: (performance.now() - start) / 1000, summary: errors.trim(), samplesMb }
}

/** How many different lines are stored, and whether each partition has them in order. */
async function readBack(
  cluster: KafkaCluster,
): Promise<{ stored: number; distinct: number; isOrdered: boolean }> {
  const last = new Map<number, number>()
  const seen = new Set<number>()
  let isOrdered = true
  const records = await cluster.readTopic(TOPIC)
  for (const { partition, value } of records) {
    const line = Number.parseInt(String(value), 10)
    if (line <= (last.get(partition) ?? -1)) isOrdered = false
    last.set(partition, line)
    seen.add(line)
  }
  return { stored: records.length, distinct: seen.size, isOrdered }
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { lines: { type: 'string', default: '1000000' } },
  })
  const lines = Number(values.lines)
  const cluster = await KafkaCluster.start({ version: '0.8.2.2' })
  const folder = mkdtempSync(join(tmpdir(), 'console-bench-'))
  try {
    await cluster.createTopic(TOPIC, { partitions: 4 })
    const properties = join(folder, 'producer.properties')
    writeFileSync(
      properties,
      `metadata.broker.list=${cluster.bootstrap.join(',')}
serializer.class=kafka.serializer.StringEncoder
producer.type=async
request.required.acks=1
topic.metadata.refresh.interval.ms=500
`,
    )
    const { status, seconds, summary, samplesMb } = await pipeLines(lines, properties)
    const { stored, distinct, isOrdered } = await readBack(cluster)
    const early = Math.max(...samplesMb.slice(0, Math.ceil(samplesMb.length / 4)))
    console.log(`${summary}; exit status ${status}, ${seconds.toFixed(1)} s`)
    console.log(`stored ${stored}, distinct ${distinct}, in order per partition: ${isOrdered}`)
    console.log(
      `memory: largest in the first quarter ${early.toFixed(0)} MB, largest of all ${Math.max(...samplesMb).toFixed(0)} MB`,
    )
  } finally {
    await cluster.stop()
    rmSync(folder, { recursive: true })
  }
}
