/**
 * Claim: a queued message costs little beside its own bytes, and an outage leaves nothing behind.
 *
 * Queued messages: the heap of a process before and after its queue has been filled, once with a value that all messages
 * share, which is what the producer adds, once with a value for each. Outage: null brokers go away for ten seconds under a source that
 * awaits each `send()`, with the default queue.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Context, type Part, scaled } from '../context.js'
import type { OutageMemory } from '../programs/clients/outage.js'
import type { QueuedMemory } from '../programs/clients/queued-memory.js'
import type { Cell, Column, Findings, Table } from '../report/report.js'
import { formatted } from '../report/tables.js'
import type { Product } from '../support/build.js'
import { NullBroker } from '../support/null-broker.js'
import { runProgram } from '../support/program.js'
import { interleaved, type Samples } from '../support/rounds.js'
import { spreadOf } from '../support/statistics.js'
import { DEFAULT_BATCH, LOCAL, row, workload } from '../workloads.js'
import { compare, figuresOf, productVariants } from './compare.js'

/** The default of `queue.buffering.max.messages`, and ten times as many. */
const QUEUES = [10_000, 100_000] as const
const VALUE_BYTES = 100
const OUTAGE_MS = { full: 10_000, quick: 2000 }
const PER_SECOND = 5000
const GOAL_MB = 30

function spreadIn<Figures>(samples: Samples<Figures> | undefined, of: (figures: Figures) => number): Cell {
  const values = (samples?.rounds ?? []).map(of)
  return values.length === 0 ? null : spreadOf(values)
}

async function queuedTable(context: Context): Promise<Table> {
  const cases = (['bytes', 'string'] as const).flatMap((value) =>
    QUEUES.flatMap((queue) =>
      context.products.map((product) => ({
        value,
        queue,
        product,
        name: `${value} ${queue} ${product.name}`,
      })),
    ),
  )
  const variants = cases.flatMap(({ value, queue, product, name }) =>
    (['shared', 'own'] as const).map((variant) => ({
      name: `${name} ${variant}`,
      sample: () => queued(product, variant, { value, queue }),
    })),
  )
  context.log('queued messages')
  const samples = await interleaved(variants, context.rounds, (name, _round, figures, failure) =>
    context.log(`  ${name}: ${figures ? `${figures.bytesPerMessage.toFixed(0)} bytes` : failure}`),
  )
  const columns: Column[] = [
    { name: 'values', unit: 'text' },
    { name: 'queue', unit: 'count' },
    { name: 'product', unit: 'text' },
    { name: 'per message', unit: 'bytes', hasSpread: true },
    { name: `with its own value of ${VALUE_BYTES} bytes`, unit: 'bytes' },
    { name: 'RSS, growth', unit: 'MB' },
  ]
  const rows = cases.map(({ value, queue, product, name }): Cell[] => [
    value === 'bytes' ? 'Buffer' : 'string',
    queue,
    product.name,
    spreadIn(samples.get(`${name} shared`), ({ bytesPerMessage }) => bytesPerMessage),
    spreadIn(samples.get(`${name} own`), ({ bytesPerMessage }) => bytesPerMessage),
    spreadIn(samples.get(`${name} own`), ({ rssGrowthMb }) => rssGrowthMb),
  ])
  const note =
    'Heap and buffers per message, the message object of the caller included; first with one value for all of them.'
  return { title: 'A queued message', note, columns, rows }
}

function queued(
  { folder }: Product,
  variant: 'shared' | 'own',
  { value, queue }: { readonly value: 'bytes' | 'string'; readonly queue: number },
): Promise<QueuedMemory> {
  const work = workload({ value, queue, batch: queue, valueBytes: VALUE_BYTES })
  // Nobody listens there, and nobody is asked: nothing is due before the batch is full.
  const plan = { variant, product: folder, bootstrap: '127.0.0.1:9', workload: work }
  return runProgram({ program: 'clients/queued-memory', plan, execArgv: ['--expose-gc'] })
}

async function fullSpeedTable(context: Context): Promise<Table> {
  const rows: Cell[][] = []
  for (const valueBytes of [VALUE_BYTES, 1024]) {
    const each = scaled(row(`full speed, ${valueBytes} bytes`, { ...DEFAULT_BATCH, valueBytes }), context)
    const samples = await compare(context, each, productVariants(context))
    for (const { name } of context.products) {
      const idle = figuresOf(samples, name, 'idleRssMb')
      const peak = figuresOf(samples, name, 'peakRssMb')
      if (peak.length === 0) continue
      rows.push([
        valueBytes,
        name,
        spreadOf(idle),
        spreadOf(peak),
        spreadOf(peak.map((mb, round) => mb - idle[round]!)),
      ])
    }
  }
  const columns: Column[] = [
    { name: 'size of values', unit: 'count' },
    { name: 'product', unit: 'text' },
    { name: 'idle', unit: 'MB' },
    { name: 'peak', unit: 'MB', hasSpread: true },
    { name: 'growth', unit: 'MB', hasSpread: true },
  ]
  const note =
    'Resident memory of the process with the default queue of 10,000 always full and batches of 200, as fast as it goes.'
  return { title: 'The default queue, full', note, columns, rows }
}

async function outage(context: Context, { folder }: Product): Promise<OutageMemory> {
  // Of its own: it goes away.
  const broker = await NullBroker.start(LOCAL)
  try {
    const work = workload({ value: 'string', queue: DEFAULT_BATCH.queue, batch: DEFAULT_BATCH.batch })
    const plan = { variant: String(PER_SECOND), product: folder, bootstrap: broker.bootstrap, workload: work }
    return await runProgram<OutageMemory>({ program: 'clients/outage', plan }, async () => {
      await broker.goDown()
      await sleep(context.isQuick ? OUTAGE_MS.quick : OUTAGE_MS.full)
      await broker.comeUp()
    })
  } finally {
    await broker.stop()
  }
}

async function outageTable(context: Context): Promise<Table> {
  context.log('outage')
  const variants = context.products.map((product) => ({
    name: product.name,
    sample: () => outage(context, product),
  }))
  const samples = await interleaved(variants, context.rounds, (name, _round, figures, failure) =>
    context.log(
      `  ${name}: ${figures ? `${figures.idleRssMb.toFixed(0)} → ${figures.afterRssMb.toFixed(0)} MB` : failure}`,
    ),
  )
  const columns: Column[] = [
    { name: 'product', unit: 'text' },
    { name: 'before', unit: 'MB' },
    { name: 'peak', unit: 'MB' },
    { name: 'after', unit: 'MB' },
    { name: 'after, over before', unit: 'MB', hasSpread: true },
    { name: 'CPU while gone', unit: 'share' },
    { name: 'sent', unit: 'count' },
    { name: 'delivered', unit: 'count' },
    { name: 'failed', unit: 'count' },
  ]
  const rows = [...samples].map(([name, found]): Cell[] => [
    name,
    spreadIn(found, ({ idleRssMb }) => idleRssMb),
    spreadIn(found, ({ peakRssMb }) => peakRssMb),
    spreadIn(found, ({ afterRssMb }) => afterRssMb),
    spreadIn(found, ({ afterRssMb, idleRssMb }) => afterRssMb - idleRssMb),
    spreadIn(found, ({ cpuShare }) => cpuShare),
    spreadIn(found, ({ sent }) => sent),
    spreadIn(found, ({ delivered }) => delivered),
    spreadIn(found, ({ failed }) => failed),
  ])
  const seconds = (context.isQuick ? OUTAGE_MS.quick : OUTAGE_MS.full) / 1000
  const note = `All brokers gone for ${seconds} s under ${PER_SECOND.toLocaleString('en-US')} messages a second from a source that awaits each \`send()\`, with the default queue of 10,000; "after" is some seconds after the last delivery. The goal is at most ${GOAL_MB} MB over before.`
  return { title: 'An outage', note, columns, rows }
}

async function run(context: Context): Promise<Findings> {
  const tables = [await queuedTable(context), await fullSpeedTable(context), await outageTable(context)]
  const [queuedRow, outageRow] = [tables[0]!.rows[0], tables[2]!.rows[0]]
  const median = (cell: Cell | undefined): number =>
    cell && typeof cell === 'object' ? cell.median : Number.NaN
  return {
    title: 'Memory',
    text: 'Of the process that sends.',
    tables,
    charts: [],
    headlines: [
      {
        what: 'memory per queued message, beside its value',
        figure: `${formatted(median(queuedRow?.[3]), 'bytes')} bytes`,
      },
      { what: 'RSS after an outage, over before', figure: `${formatted(median(outageRow?.[4]), 'MB')} MB` },
    ],
  }
}

export const part: Part = {
  what: 'bytes per queued message, peak with a full queue, and what an outage leaves',
  takes: '2 min',
  takesQuick: '17 s',
  rounds: [3, 1],
  run,
}
