/**
 * Claim: what compression costs, and that no codec keeps the event loop for more than about 20 ms at a time.
 *
 * JSON-like text, with each codec and without, interleaved, to a null broker; also as message sets, the format of brokers before
 * 0.11, which is written by another path.
 */
import { type Context, chosen, type Part, scaled } from '../context.js'
import type { Cell, Column, Findings, Table } from '../report/report.js'
import { formatted } from '../report/tables.js'
import { codecRows, type Row } from '../workloads.js'
import { type ComparedVariant, compare, productVariants, ratioOfFigures, spreadOfFigure } from './compare.js'

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const MESSAGE_SETS = 'none, message set'
/** The last version with message sets. */
const PRODUCE_OF_MESSAGE_SETS = 2

const CPU: Column = { name: 'CPU, × none', unit: 'ratio', hasSpread: true }

const TEXT = `JSON-like text (an access log), acks 1, one \`send()\` per message. *Message set*: the format of brokers before 0.11.
*Loop delay*: how late a timer of 1 ms came while all of it was sent as fast as it goes.`

function rowOf(row: Row, kind: string): Row {
  if (kind === MESSAGE_SETS) return { ...row, broker: { ...row.broker, produceMax: PRODUCE_OF_MESSAGE_SETS } }
  return { ...row, workload: { ...row.workload, codec: kind } }
}

const columnsFor = ({ products }: Context): Column[] => [
  { name: 'codec', unit: 'text' },
  ...(products.length > 1
    ? [
        { name: 'product', unit: 'text' } as const,
        { name: `CPU, × ${products[0]!.name}`, unit: 'ratio', hasSpread: true } as const,
      ]
    : []),
  CPU,
  { name: 'bytes, × none', unit: 'ratio' },
  { name: 'CPU', unit: 'µs' },
  { name: 'messages/s', unit: 'perSecond' },
  { name: 'loop delay p99', unit: 'ms' },
  { name: 'longest', unit: 'ms' },
  { name: 'collector', unit: 'share' },
  { name: 'RSS peak', unit: 'MB' },
]

async function tableOf(context: Context, row: Row): Promise<Table> {
  const kinds = [...CODECS, MESSAGE_SETS]
  const nameOf = (kind: string, product: string): string => `${product}, ${kind}`
  const variants = kinds.flatMap((kind) =>
    productVariants(context).map((product): ComparedVariant => {
      return { ...product, name: nameOf(kind, product.name), row: rowOf(row, kind) }
    }),
  )
  const samples = await compare(context, row, variants)
  const rows = kinds.flatMap((kind) =>
    context.products.map(({ name }): Cell[] => {
      const own = nameOf(kind, name)
      const none = nameOf('none', name)
      const first = nameOf(kind, context.products[0]!.name)
      return [
        kind,
        ...(context.products.length > 1 ? [name, ratioOfFigures(samples, own, first, 'cpuUs')] : []),
        ratioOfFigures(samples, own, none, 'cpuUs'),
        ratioOfFigures(samples, own, none, 'bytesPerMessage'),
        spreadOfFigure(samples, own, 'cpuUs'),
        spreadOfFigure(samples, own, 'perSecond'),
        spreadOfFigure(samples, own, 'delayP99Ms'),
        spreadOfFigure(samples, own, 'delayMaxMs'),
        spreadOfFigure(samples, own, 'gcShare'),
        spreadOfFigure(samples, own, 'peakRssMb'),
      ]
    }),
  )
  return { title: `Values of ${row.name}`, note: '', columns: columnsFor(context), rows }
}

async function run(context: Context): Promise<Findings> {
  const tables: Table[] = []
  for (const row of chosen(codecRows, context)) {
    tables.push(await tableOf(context, scaled(row, context)))
  }
  const delayAt = columnsFor(context).findIndex(({ name }) => name === 'loop delay p99')
  const delays = (tables.at(-1)?.rows ?? []).map((found) => found[delayAt])
  const worstMs = Math.max(...delays.map((delay) => (typeof delay === 'object' && delay ? delay.median : 0)))
  const what = `event-loop delay p99 at full speed, the slowest of all codecs, values of ${codecRows.at(-1)!.name}`
  return {
    title: 'Compression',
    text: TEXT,
    tables,
    charts: [],
    headlines: tables.length === 0 ? [] : [{ what, figure: `${formatted(worstMs, 'ms')} ms` }],
  }
}

export const part: Part = {
  what: 'what each codec costs, and how long it keeps the event loop',
  takes: '2 min',
  takesQuick: '11 s',
  rounds: [5, 1],
  run,
}
