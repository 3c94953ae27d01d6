/**
 * Claim: one message at a time takes hardly longer than what a bare socket needs for the same bytes.
 *
 * Serial `send()`, acks 1, one call after the other, of the classic producer in sync mode and of KafkaProducer without linger, beside a socket (`bench/programs/clients/raw-socket.ts`)
 * that writes the very request of the product again and again. Interleaved; each sample gives the median of its calls.
 */
import { type Context, type Part, scaled } from '../context.js'
import type { Cell, Column, Findings, Table } from '../report/report.js'
import { cellText } from '../report/tables.js'
import { runProgram } from '../support/program.js'
import { type Row, row } from '../workloads.js'
import { type ComparedVariant, compare, productVariants, ratioOfFigures, spreadOfFigure } from './compare.js'

const CALLS = 20_000
const rows = [100, 1024].map((valueBytes) =>
  row(`values of ${valueBytes} bytes`, {
    mode: 'sync',
    value: 'string',
    callers: 1,
    messages: CALLS,
    valueBytes,
  }),
)
const PRODUCERS = [
  ['Producer', 'clients/classic'],
  ['KafkaProducer', 'clients/kafka-producer'],
] as const
const REAL_VERSION = '4.3.1'
const TOPIC = 'bench'

const RATIO: Column = { name: 'median, × socket', unit: 'ratio', hasSpread: true }
const SOCKET = 'socket'

const TEXT = `One \`send()\` after the other, acks 1, of the classic producer in sync mode and of KafkaProducer with linger 0: the median of the calls of
a sample, beside a bare Node socket that writes the same bytes and waits for the same answer.`

const columns: readonly Column[] = [
  { name: 'workload', unit: 'text' },
  { name: 'product', unit: 'text' },
  RATIO,
  { name: 'median', unit: 'µs', hasSpread: true },
  { name: 'socket, median', unit: 'µs', hasSpread: true },
  { name: 'p99', unit: 'µs' },
  { name: 'socket, p99', unit: 'µs' },
  { name: 'CPU', unit: 'µs' },
  { name: 'socket, CPU', unit: 'µs' },
]

/** Which producer, and whose brokers. */
interface Place {
  readonly title: string
  readonly program: 'clients/classic' | 'clients/kafka-producer'
  /** Null for a null broker. */
  readonly bootstrap: string | null
}

/** The bytes of one request of the product, as a null broker got them. */
async function requestOf(
  context: Context,
  { workload, broker: shape }: Row,
  { program }: Place,
): Promise<string> {
  const broker = await context.nullBrokers.get(shape)
  const product = context.products[0]!.folder
  const plan = { bootstrap: broker.bootstrap, product, workload: { ...workload, messages: 10 } }
  await runProgram({ program, plan: { ...plan, variant: 'timed' } })
  return broker.last()
}

/** A broker that has just started is slow. */
async function warmUp(context: Context, { workload }: Row, { program, bootstrap }: Place): Promise<void> {
  if (bootstrap === null) return
  const plan = { bootstrap, product: context.products[0]!.folder, workload, variant: 'timed' }
  await runProgram({ program, plan })
}

async function tableOf(context: Context, place: Place): Promise<Table> {
  const { title, program, bootstrap } = place
  const cells: Cell[][] = []
  for (const plain of context.isQuick ? rows.slice(0, 1) : rows) {
    const each = scaled(plain, context)
    const request = await requestOf(context, each, place)
    await warmUp(context, each, place)
    const socket = { name: SOCKET, program: 'clients/raw-socket', product: '', variant: request }
    const products = productVariants(context).map(
      (product): ComparedVariant => ({ ...product, program, variant: 'timed' }),
    )
    const samples = await compare(context, each, [...products, socket], bootstrap)
    for (const { name } of context.products) {
      cells.push([
        each.name,
        name,
        ratioOfFigures(samples, name, SOCKET, 'latencyP50Us'),
        spreadOfFigure(samples, name, 'latencyP50Us'),
        spreadOfFigure(samples, SOCKET, 'latencyP50Us'),
        spreadOfFigure(samples, name, 'latencyP99Us'),
        spreadOfFigure(samples, SOCKET, 'latencyP99Us'),
        spreadOfFigure(samples, name, 'cpuUs'),
        spreadOfFigure(samples, SOCKET, 'cpuUs'),
      ])
    }
  }
  return { title, note: '', columns, rows: cells }
}

async function run(context: Context): Promise<Findings> {
  const bootstraps: [name: string, bootstrap: string | null][] = [['a null broker', null]]
  if (context.kafkaBrokers.missing().length === 0) {
    const cluster = await context.kafkaBrokers.withTopic(REAL_VERSION, TOPIC)
    bootstraps.push([`a real ${REAL_VERSION}`, cluster.bootstrap.join(',')])
  }
  const tables: Table[] = []
  for (const [name, bootstrap] of bootstraps) {
    for (const [producer, program] of PRODUCERS) {
      tables.push(await tableOf(context, { title: `${producer}, ${name}`, program, bootstrap }))
    }
  }
  const calls = scaled(rows[0]!, context).workload.messages.toLocaleString('en-US')
  return {
    title: 'One message at a time',
    text: `${TEXT} ${calls} calls a sample.`,
    tables,
    charts: [],
    headlines: tables.map(({ title, rows: [first] }) => ({
      what: `median of serial \`send()\` beside a bare socket: ${title}`,
      figure: cellText(first?.[2], RATIO),
    })),
  }
}

export const part: Part = {
  what: 'one message at a time beside a bare socket that sends the same bytes',
  takes: '6 min',
  takesQuick: '16 s',
  rounds: [7, 1],
  run,
}
