/**
 * Claim: time and memory per message stay flat as anything that users decide grows.
 *
 * One dimension at a time: size of messages, partitions, topics, brokers, length of the queue, outstanding calls. Each
 * point is a sample in a fresh process to a null broker.
 */
import { type Context, chosen, type Part, scaled } from '../context.js'
import type { Cell, Chart, Column, Findings, Table } from '../report/report.js'
import { spreadOf } from '../support/statistics.js'
import { DELIVER, KEYED, type Row, row } from '../workloads.js'
import { compare, type FiguresByVariant, figuresOf, productVariants, spreadOfFigure } from './compare.js'

interface Dimension {
  readonly name: string
  /** Of the x axis. */
  readonly axis: string
  readonly values: readonly number[]
  rowOf(value: number): Row
  /** What a figure is divided by where it has to grow with x: CPU per message of larger messages, for one. */
  readonly perUnit?: { readonly unit: string; divisor(value: number): number }
  /** Above its table. */
  readonly note?: string
  /** Messages that are held at a time, where x decides it: gives memory per message. */
  held?(value: number): number
}

const MB = 2 ** 20
const FEWEST_HELD = 10_000
const powersOfTen = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index))

/** Requests of about a megabyte; the queue holds two of them. */
function sized(valueBytes: number): Row {
  const batch = Math.max(1, Math.min(10_000, Math.floor(900_000 / (valueBytes + 20))))
  const messages = Math.max(300, Math.min(1_000_000, Math.floor((400 * MB) / (valueBytes + 300))))
  const callers = Math.min(1000, batch * 2)
  return row(`${valueBytes} bytes`, { valueBytes, batch, queue: batch * 2, messages, callers })
}

const dimensions: readonly Dimension[] = [
  {
    name: 'size of messages',
    axis: 'bytes',
    values: powersOfTen(1, 6),
    rowOf: sized,
    perUnit: { unit: '100 bytes', divisor: (bytes) => Math.max(1, bytes / 100) },
    note: 'CPU per 100 bytes, and per message of less: a message costs something by itself, so this falls as messages grow.',
  },
  {
    name: 'partitions',
    axis: 'partitions',
    values: powersOfTen(0, 4),
    rowOf: (partitions) =>
      row(`${partitions} partitions`, { ...KEYED, keys: 20_000, messages: 500_000 }, { partitions }),
  },
  {
    name: 'topics',
    axis: 'topics',
    values: powersOfTen(0, 3),
    rowOf: (topics) => row(`${topics} topics`, { topics, messages: 500_000 }),
  },
  {
    name: 'brokers',
    axis: 'brokers',
    values: [1, 2, 3, 6, 12],
    rowOf: (brokers) =>
      row(`${brokers} brokers`, { ...KEYED, messages: 500_000 }, { brokers, partitions: 12 }),
  },
  {
    name: 'length of the queue',
    axis: 'messages',
    values: powersOfTen(3, 6),
    rowOf: (queue) =>
      row(`queue of ${queue}`, { queue, batch: 1000, messages: Math.max(500_000, queue * 2) }),
    held: (queue) => queue,
  },
  {
    name: 'outstanding calls of deliver()',
    axis: 'calls',
    values: powersOfTen(0, 5),
    rowOf: (callers) => {
      const messages = callers < 100 ? 20_000 * callers : 500_000
      return row(`${callers} outstanding`, { ...DELIVER, callers, messages, lingerMs: 0 })
    },
    held: (callers) => callers,
  },
]

const TEXT = `CPU and memory per message as one thing grows; all else as in the floor's table. *× best*: CPU beside the cheapest
point of the same table, which is 1 where growth costs nothing. *RSS, growth*: peak of resident memory over that of the idle process.`

interface Point {
  readonly value: number
  readonly samples: FiguresByVariant
}

type FigureAt = (product: string, point: Point) => number | null

const growthOf: FigureAt = (product, { samples }) => {
  const idle = figuresOf(samples, product, 'idleRssMb')
  const growth = figuresOf(samples, product, 'peakRssMb').map((peak, round) => peak - idle[round]!)
  return growth.length > 0 ? spreadOf(growth).median : null
}

async function measure(context: Context, dimension: Dimension): Promise<{ table: Table; charts: Chart[] }> {
  const { name, axis, values, perUnit, held, note = '' } = dimension
  const points: Point[] = []
  for (const value of values) {
    const samples = await compare(context, scaled(dimension.rowOf(value), context), productVariants(context))
    points.push({ value, samples })
  }
  const cpuOf: FigureAt = (product, { value, samples }) => {
    const cpu = spreadOfFigure(samples, product, 'cpuUs')
    return cpu && cpu.median / (perUnit?.divisor(value) ?? 1)
  }
  const rows = points.flatMap((point) =>
    context.products.map(({ name: product }): Cell[] => {
      const { value, samples } = point
      const all = points.map((each) => cpuOf(product, each)).filter((cpu) => cpu !== null)
      const cpu = cpuOf(product, point)
      const growthMb = growthOf(product, point)
      return [
        value.toLocaleString('en-US'),
        ...(context.products.length > 1 ? [product] : []),
        cpu && cpu / Math.min(...all),
        cpu,
        spreadOfFigure(samples, product, 'perSecond'),
        growthMb,
        // A few messages are nothing beside what a process takes anyway.
        ...(held ? [growthMb && held(value) >= FEWEST_HELD ? (growthMb * MB) / held(value) : null] : []),
        spreadOfFigure(samples, product, 'gcShare'),
        spreadOfFigure(samples, product, 'delayP99Ms'),
      ]
    }),
  )
  const columns: Column[] = [
    { name: axis, unit: 'text' },
    ...(context.products.length > 1 ? [{ name: 'product', unit: 'text' } as const] : []),
    { name: 'CPU, × best', unit: 'ratio' },
    { name: perUnit ? `CPU per ${perUnit.unit}` : 'CPU', unit: 'µs' },
    { name: 'messages/s', unit: 'perSecond' },
    { name: 'RSS, growth', unit: 'MB' },
    ...(held ? [{ name: 'per message held', unit: 'bytes' } as const] : []),
    { name: 'collector', unit: 'share' },
    { name: 'loop delay p99', unit: 'ms' },
  ]
  const unit = perUnit ? `µs per ${perUnit.unit}` : 'µs per message'
  const file = `growth-${name.split(' ').at(held ? 0 : -1)}`
  const chart = (kind: 'cpu' | 'memory', title: string, figureOf: FigureAt): Chart => ({
    name: `${file}-${kind}`,
    title: `${title}: ${name}`,
    kind: 'lines',
    labels: [axis],
    unit: kind === 'cpu' ? 'µs' : 'MB',
    series: context.products.map(({ name: product }) => ({
      name: product,
      points: points.map((point) => [point.value, figureOf(product, point)] as const),
    })),
  })
  const charts = [chart('cpu', `CPU, ${unit}`, cpuOf), chart('memory', 'RSS over idle, MB', growthOf)]
  return { table: { title: `By ${name}`, note, columns, rows }, charts }
}

async function run(context: Context): Promise<Findings> {
  const found = []
  for (const dimension of chosen(dimensions, context)) {
    const values = context.isQuick ? ends(dimension.values) : dimension.values
    found.push(await measure(context, { ...dimension, values }))
  }
  return {
    title: 'Growth',
    text: TEXT,
    tables: found.map(({ table }) => table),
    charts: found.flatMap(({ charts }) => charts),
    headlines: [],
  }
}

/** What is flat between them is flat. */
function ends(values: readonly number[]): number[] {
  return [values[0]!, values.at(-1)!]
}

export const part: Part = {
  what: 'time and memory per message as sizes, partitions, topics, brokers, the queue and outstanding calls grow',
  takes: '3 min',
  takesQuick: '13 s',
  rounds: [3, 1],
  run,
}
