/**
 * Claim: metrics cost so little that there is no switch to turn them off.
 *
 * One `send()` per message of 100 bytes, acks 1, to a null broker: as it is, and with everything that counts replaced by nothing
 * (variant `stubbed` of `bench/programs/clients/classic.ts`).
 */
import { type Context, chosen, type Part, scaled } from '../context.js'
import type { Cell, Column, Findings } from '../report/report.js'
import { DEFAULT_BATCH, DELIVER, row, SYNC } from '../workloads.js'
import { compare, productVariants, ratioOfFigures, spreadOfFigure } from './compare.js'

const rows = [
  row('async, default batch of 200', DEFAULT_BATCH),
  row('deliver(), 1,000 outstanding', DELIVER),
  row('sync, 1,000 concurrent', SYNC),
  row('sync, one call after the other', { ...SYNC, callers: 1, messages: 20_000 }),
]

const columns: readonly Column[] = [
  { name: 'workload', unit: 'text' },
  { name: 'product', unit: 'text' },
  { name: 'CPU, with metrics : without', unit: 'ratio', hasSpread: true },
  { name: 'CPU', unit: 'µs' },
  { name: 'without metrics', unit: 'µs' },
]

async function run(context: Context): Promise<Findings> {
  const cells: Cell[][] = []
  for (const plain of chosen(rows, context)) {
    const variants = productVariants(context).flatMap((product) => [
      product,
      { ...product, name: `${product.name}, stubbed`, variant: 'stubbed' },
    ])
    const samples = await compare(context, scaled(plain, context), variants)
    for (const { name } of context.products) {
      const stubbed = `${name}, stubbed`
      cells.push([
        plain.name,
        name,
        ratioOfFigures(samples, name, stubbed, 'cpuUs'),
        spreadOfFigure(samples, name, 'cpuUs'),
        spreadOfFigure(samples, stubbed, 'cpuUs'),
      ])
    }
  }
  return {
    title: 'What counting costs',
    text: 'The producer as it is, and with everything that counts for its metrics replaced by nothing.',
    tables: [{ title: '', note: '', columns, rows: cells }],
    charts: [],
    headlines: [],
  }
}

export const part: Part = {
  what: 'what counting costs: metrics as they are, and replaced by nothing',
  takes: '2 min',
  takesQuick: null,
  rounds: [7, 1],
  run,
}
