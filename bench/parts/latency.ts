/**
 * Claim: one message at a time takes hardly longer than what a bare socket needs for the same bytes.
 *
 * Serial `send()` in sync mode, acks 1, one call after the other, beside a socket (`bench/programs/clients/raw-socket.ts`)
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
const REAL_VERSION = '4.3.1'
const TOPIC = 'bench'

const RATIO: Column = { name: 'median, × socket', unit: 'ratio', hasSpread: true }
const SOCKET = 'socket'

const TEXT = `One \`send()\` after the other in sync mode, acks 1: the median of the calls of a sample, beside a bare Node socket that writes the same
bytes and waits for the same answer.`

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

/** The bytes of one request of the product, as a null broker got them. */
async function requestOf(context: Context, { workload, broker: shape }: Row): Promise<string> {
  const broker = await context.nullBrokers.get(shape)
  const product = context.products[0]!.folder
  const plan = { bootstrap: broker.bootstrap, product, workload: { ...workload, messages: 10 } }
  await runProgram({ program: 'clients/classic', plan: { ...plan, variant: 'timed' } })
  return broker.last()
}

/** A broker that has just started is slow. */
async function warmUp(context: Context, { workload }: Row, bootstrap: string): Promise<void> {
  const plan = { bootstrap, product: context.products[0]!.folder, workload, variant: 'timed' }
  await runProgram({ program: 'clients/classic', plan })
}

/** @param bootstrap - null for a null broker. */
async function tableOf(context: Context, title: string, bootstrap: string | null): Promise<Table> {
  const cells: Cell[][] = []
  for (const plain of context.isQuick ? rows.slice(0, 1) : rows) {
    const each = scaled(plain, context)
    const request = await requestOf(context, each)
    if (bootstrap !== null) await warmUp(context, each, bootstrap)
    const socket = { name: SOCKET, program: 'clients/raw-socket', product: '', variant: request }
    const products = productVariants(context).map(
      (product): ComparedVariant => ({ ...product, variant: 'timed' }),
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
  const tables = [await tableOf(context, 'A null broker', null)]
  if (context.kafkaBrokers.missing().length === 0) {
    const cluster = await context.kafkaBrokers.withTopic(REAL_VERSION, TOPIC)
    tables.push(await tableOf(context, `A real ${REAL_VERSION}`, cluster.bootstrap.join(',')))
  }
  const calls = scaled(rows[0]!, context).workload.messages.toLocaleString('en-US')
  return {
    title: 'One message at a time',
    text: `${TEXT} ${calls} calls a sample.`,
    tables,
    charts: [],
    headlines: tables.map(({ title, rows: [first] }) => ({
      what: `median of serial sync \`send()\` beside a bare socket: ${title[0]!.toLowerCase()}${title.slice(1)}`,
      figure: cellText(first?.[2], RATIO),
    })),
  }
}

export const part: Part = {
  what: 'one message at a time beside a bare socket that sends the same bytes',
  takes: '3 min',
  takesQuick: '8 s',
  rounds: [7, 1],
  run,
}
