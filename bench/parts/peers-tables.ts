/** Tables, charts and headlines of contests on real brokers. Pure. */

import type { Contest, Contestant } from '../contests.js'
import type { Context } from '../context.js'
import type { Sample } from '../programs/support/measured.js'
import type { Cell, Chart, Column, Headline, Table } from '../report/report.js'
import { cellText } from '../report/tables.js'
import type { Product } from '../support/build.js'
import { peers } from '../support/peers.js'
import type { Samples } from '../support/rounds.js'
import { ratioOf, spreadOf } from '../support/statistics.js'

/** Of a perf tool only the rate is known. */
export type Figures = Pick<Sample, 'perSecond'> & Partial<Sample>

export const isOurs = ({ run }: Contestant): boolean => run === 'ours'

/** The name of our contestant with a product. */
export function labelOf({ name }: Contestant, product: Product): string {
  return name.replace(/^ours/, product.name)
}

/** @param baseOf - the name of what a row is compared with. */
export function tableOf(
  context: Context,
  { name, version, note }: Contest,
  samples: ReadonlyMap<string, Samples<Figures>>,
  baseOf: (row: string) => string,
): Table {
  const first = [...samples.keys()][0]!
  return {
    title: `${name[0]!.toUpperCase()}${name.slice(1)}, on a real ${version}`,
    note,
    columns: columnsOf(context, first),
    rows: [...samples].map(([row, found]) => rowOf(context, row, found, samples.get(baseOf(row))!)),
  }
}

export function chartOf(
  contest: Contest,
  samples: ReadonlyMap<string, Samples<Figures>>,
  name: string,
): Chart {
  const known = [...samples].filter(([, { rounds }]) => rounds.length > 0)
  return {
    name,
    title: `Messages per second, real ${contest.version}: ${contest.name}`,
    kind: 'bars',
    labels: known.map(([name]) => name),
    unit: 'perSecond',
    series: [
      {
        name: 'messages/s',
        points: known.map(([, found], index) => [index, spreadOf(rates(found)).median] as const),
      },
    ],
  }
}

const OURS_TO_IT: Column = { name: 'ours : this', unit: 'ratio', hasSpread: true }

/** Products are compared with the first of them, row by row; otherwise all with the first row. */
function columnsOf({ products }: Context, first: string): Column[] {
  const base = products[0]!.name
  const ratios: Column[] =
    products.length > 1
      ? [
          { name: `messages/s, × ${base}`, unit: 'ratio', hasSpread: true },
          { name: `CPU, × ${base}`, unit: 'ratio', hasSpread: true },
        ]
      : [{ ...OURS_TO_IT, name: `${first} : this` }]
  return [
    { name: 'client', unit: 'text' },
    ...ratios,
    { name: 'messages/s', unit: 'perSecond', hasSpread: true },
    { name: 'CPU', unit: 'µs' },
    { name: 'loop delay p99', unit: 'ms' },
    { name: 'longest', unit: 'ms' },
    { name: 'collector', unit: 'share' },
    { name: 'RSS peak', unit: 'MB' },
  ]
}

function rates({ rounds }: Samples<Figures>): number[] {
  return rounds.map(({ perSecond }) => perSecond)
}

function valuesOf({ rounds }: Samples<Figures>, figure: keyof Sample): number[] {
  return rounds.map((round) => round[figure]).filter((value) => value !== undefined)
}

function rowOf(context: Context, name: string, found: Samples<Figures>, base: Samples<Figures>): Cell[] {
  if (found.failure !== null) return [`${name}: ${reason(found.failure)}`]
  const ratio = (figure: keyof Sample): Cell => ratioOf(valuesOf(found, figure), valuesOf(base, figure))
  const spread = (figure: keyof Sample): Cell => {
    const values = valuesOf(found, figure)
    return values.length === 0 ? null : spreadOf(values)
  }
  return [
    name,
    ...(context.products.length > 1
      ? [ratio('perSecond'), ratio('cpuUs')]
      : [ratioOf(rates(base), rates(found))]),
    spread('perSecond'),
    spread('cpuUs'),
    spread('delayP99Ms'),
    spread('delayMaxMs'),
    spread('gcShare'),
    spread('peakRssMb'),
  ]
}

/** The error of a client, in a line. */
function reason(failure: string): string {
  const line = /^(?:\w*Error: )(.*)$/m.exec(failure)?.[1] ?? failure.split('\n')[0]!
  return line.slice(0, 100)
}

/** Our fastest row beside the fastest of the others; and our first one beside kafkajs, which most applications have. */
export function headlinesOf(
  { name, version, contestants }: Contest,
  samples: ReadonlyMap<string, Samples<Figures>>,
  { products }: Context,
): Headline[] {
  if (products.length > 1) return []
  const known = contestants
    .map((contestant) => {
      const label = isOurs(contestant) ? labelOf(contestant, products[0]!) : contestant.name
      const found = samples.get(label)
      return { contestant, label, perSecond: found ? rates(found) : [] }
    })
    .filter(({ perSecond }) => perSecond.length > 0)
  const fastestFirst = [...known].sort((a, b) => spreadOf(b.perSecond).median - spreadOf(a.perSecond).median)
  const pairs = [
    [
      fastestFirst.find(({ contestant }) => isOurs(contestant)),
      fastestFirst.find(({ contestant }) => !isOurs(contestant)),
    ],
    [
      known.find(({ contestant }) => isOurs(contestant)),
      known.find(({ contestant: { run: client } }) => client === peers.kafkajs),
    ],
  ]
  return pairs.flatMap(([mine, theirs]) => {
    if (!mine || !theirs) return []
    const figure = cellText(ratioOf(mine.perSecond, theirs.perSecond), OURS_TO_IT)
    return [{ what: `messages/s, real ${version}, ${name}: ${mine.label} beside ${theirs.label}`, figure }]
  })
}
