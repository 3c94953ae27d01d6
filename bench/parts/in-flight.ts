/**
 * Claim: five requests in flight are at least as fast as one on loopback, and much faster over a high-latency network.
 *
 * Each workload with `max.in.flight.requests.per.connection` 1 and 5, interleaved, to three null brokers: on loopback, and
 * with answers that come 20 ms after their requests. What is compared is messages per second.
 */
import { type Context, chosen, type Part, scaled } from '../context.js'
import type { Cell, Column, Findings, Table } from '../report/report.js'
import { cellText } from '../report/tables.js'
import { inFlightRows, type Row } from '../workloads.js'
import { type ComparedVariant, compare, productVariants, ratioOfFigures, spreadOfFigure } from './compare.js'

const BROKERS = 3
const DELAY_MS = 20
/** Requests of a sample with the delay: enough that start and end do not count. */
const DELAYED_REQUESTS = { full: 100, quick: 30 }
/** The first ones are the most telling. */
const QUICK_ROWS = 2
const FIVE = 5

const RATIO: Column = { name: '5 : 1, messages/s', unit: 'ratio', hasSpread: true }

const TEXT = `The same messages with \`max.in.flight.requests.per.connection\` 1 and 5: how many times as many a second, and as much
CPU. Three null brokers, six partitions; on loopback, and with answers that come ${DELAY_MS} ms after their requests.`

const inFlight = (name: string, count: number): string => `${name}, ${count}`

function withInFlight(row: Row, maxInFlight: number): Row {
  return { ...row, workload: { ...row.workload, maxInFlight } }
}

function withNetwork(row: Row, context: Context, delayMs: number): Row {
  const broker = { ...row.broker, brokers: BROKERS, delayMs }
  if (delayMs === 0) return scaled({ ...row, broker }, context)
  const { mode, batch, callers, messages } = row.workload
  const perRequest = mode === 'deliver' || mode === 'sync' ? callers : batch
  const requests = context.isQuick ? DELAYED_REQUESTS.quick : DELAYED_REQUESTS.full
  return {
    ...row,
    workload: { ...row.workload, messages: Math.min(messages, requests * perRequest) },
    broker,
  }
}

async function tableOf(context: Context, title: string, delayMs: number): Promise<Table> {
  const rows: Cell[][] = []
  for (const plain of chosen(inFlightRows, context).slice(0, context.isQuick ? QUICK_ROWS : undefined)) {
    const row = withNetwork(plain, context, delayMs)
    const variants = productVariants(context).flatMap((product): ComparedVariant[] => [
      { ...product, name: inFlight(product.name, 1), row },
      { ...product, name: inFlight(product.name, FIVE), row: withInFlight(row, FIVE) },
    ])
    const samples = await compare(context, row, variants)
    for (const { name } of context.products) {
      const [one, five] = [inFlight(name, 1), inFlight(name, FIVE)]
      rows.push([
        row.name,
        ...(context.products.length > 1 ? [name] : []),
        ratioOfFigures(samples, five, one, 'perSecond'),
        ratioOfFigures(samples, five, one, 'cpuUs'),
        spreadOfFigure(samples, one, 'perSecond'),
        spreadOfFigure(samples, five, 'perSecond'),
        spreadOfFigure(samples, one, 'cpuUs'),
        spreadOfFigure(samples, five, 'cpuUs'),
      ])
    }
  }
  const columns: Column[] = [
    { name: 'workload', unit: 'text' },
    ...(context.products.length > 1 ? [{ name: 'product', unit: 'text' } as const] : []),
    RATIO,
    { name: '5 : 1, CPU', unit: 'ratio' },
    { name: '1, messages/s', unit: 'perSecond' },
    { name: '5, messages/s', unit: 'perSecond' },
    { name: '1, CPU', unit: 'µs' },
    { name: '5, CPU', unit: 'µs' },
  ]
  return { title, note: '', columns, rows }
}

async function run(context: Context): Promise<Findings> {
  const tables = [
    await tableOf(context, 'On loopback', 0),
    await tableOf(context, `${DELAY_MS} ms from request to answer`, DELAY_MS),
  ]
  const ratioAt = context.products.length > 1 ? 2 : 1
  return {
    title: 'Five requests in flight beside one',
    text: TEXT,
    tables,
    charts: [],
    headlines: tables.map(({ title, rows }) => ({
      what: `5 in flight, messages/s beside 1: ${String(rows[0]?.[0])}, ${title.toLowerCase()}`,
      figure: cellText(rows[0]?.[ratioAt], RATIO),
    })),
  }
}

export const part: Part = {
  what: 'five requests in flight beside one, on loopback and with 20 ms of delay',
  takes: '7 min',
  takesQuick: '9 s',
  rounds: [5, 1],
  run,
}
