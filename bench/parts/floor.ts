/**
 * Claim: CPU per message is near what Node allows, in every mode.
 *
 * Each row is sent by the product and by the floor (`bench/programs/floor/main.ts`), a bare loop that does the same
 * work, in turn, each sample in a fresh process, to a null broker in a process of its own. With several products the first
 * one is the base of the last column.
 */
import { type Context, chosen, type Part, scaled } from '../context.js'
import type { Cell, Chart, Column, Findings } from '../report/report.js'
import { cellText } from '../report/tables.js'
import { floorRows } from '../workloads.js'
import {
  compare,
  type FiguresByVariant,
  FLOOR,
  healthCells,
  healthColumns,
  productVariants,
  ratioOfFigures,
  spreadOfFigure,
} from './compare.js'

const RATIO: Column = { name: 'CPU, × floor', unit: 'ratio', hasSpread: true }

/** Rows that the README shows. */
const HEADLINES: ReadonlySet<string> = new Set([0, 2, 3, 4, 7, 9].map((index) => floorRows[index]!.name))

const TEXT = `CPU time per message (all threads of the process) beside a bare loop in Node that does the same work and nothing
else: queue, partition, record batches into reused buffers, CRC-32C, one write, answers read. 100-byte values and acks 1 where
the row says nothing else. Ratios and figures are medians of interleaved rounds, in brackets the lowest and the highest.
*Collector*: share of the event loop's busy time for which the garbage collector stopped it. *Loop delay*: how late a timer
of 1 ms came; a thousand callers that are all let in at once are in it. *Null broker*: its CPU time as a share of the time; below 100 %
it is not the limit, and the floor, which drives the same broker several times as fast, shows how much is left.`

async function run(context: Context): Promise<Findings> {
  const found = new Map<string, FiguresByVariant>()
  for (const plain of chosen(floorRows, context)) {
    const row = scaled(plain, context)
    found.set(row.name, await compare(context, row, [...productVariants(context), FLOOR]))
  }
  return {
    title: 'CPU per message beside the floor',
    text: TEXT,
    tables: [{ title: '', note: '', columns: columnsOf(context), rows: rowsOf(context, found) }],
    charts: [chartOf(context, found)],
    headlines: [...found]
      .filter(([name]) => HEADLINES.has(name))
      .map(([name, samples]) => {
        const ratio = ratioOfFigures(samples, context.products[0]!.name, FLOOR.name, 'cpuUs')
        return { what: `CPU beside a bare Node loop: ${name}`, figure: cellText(ratio, RATIO) }
      }),
  }
}

function columnsOf({ products }: Context): Column[] {
  const [first, ...others] = products
  const several: Column[] = [
    { name: 'product', unit: 'text' },
    { name: `CPU, × ${first!.name}`, unit: 'ratio', hasSpread: true },
  ]
  return [
    { name: 'workload', unit: 'text' },
    ...(others.length > 0 ? several : []),
    RATIO,
    { name: 'CPU', unit: 'µs', hasSpread: true },
    { name: 'floor', unit: 'µs' },
    { name: 'messages/s', unit: 'perSecond' },
    { name: 'floor, messages/s', unit: 'perSecond' },
    ...healthColumns,
    { name: 'null broker under the floor', unit: 'share' },
  ]
}

function rowsOf({ products }: Context, found: ReadonlyMap<string, FiguresByVariant>): Cell[][] {
  const base = products[0]!.name
  return [...found].flatMap(([workload, samples]) =>
    products.map(({ name }) => [
      workload,
      ...(products.length > 1 ? [name, ratioOfFigures(samples, name, base, 'cpuUs')] : []),
      ratioOfFigures(samples, name, FLOOR.name, 'cpuUs'),
      spreadOfFigure(samples, name, 'cpuUs'),
      spreadOfFigure(samples, FLOOR.name, 'cpuUs'),
      spreadOfFigure(samples, name, 'perSecond'),
      spreadOfFigure(samples, FLOOR.name, 'perSecond'),
      ...healthCells(samples, name),
      spreadOfFigure(samples, FLOOR.name, 'brokerShare'),
    ]),
  )
}

function chartOf({ products }: Context, found: ReadonlyMap<string, FiguresByVariant>): Chart {
  return {
    name: 'floor',
    title: 'CPU per message, × floor',
    kind: 'bars',
    labels: [...found.keys()],
    unit: 'ratio',
    series: products.map(({ name }) => ({
      name,
      points: [...found.values()].map((samples, index) => {
        return [index, ratioOfFigures(samples, name, FLOOR.name, 'cpuUs')?.median ?? null] as const
      }),
    })),
  }
}

export const part: Part = {
  what: 'CPU per message beside a bare loop in Node that does the same work, for every mode',
  takes: '4 min',
  takesQuick: '20 s',
  rounds: [5, 1],
  run,
}
