/**
 * Claim: a metadata refresh costs no latency.
 *
 * One send at a time, acks 1, at a fixed rate, against three real 0.8.2.2 brokers: refresh off, refresh every second, and the
 * Scala producer's habit to rebuild every connection at each refresh; on loopback, over a network of 20 ms there and back, which a
 * proxy adds in front of each broker, and as the Scala producer itself was measured. "Off" runs twice: the second one says how
 * far equal things lie apart on this machine. Rounds are interleaved. With several products, each with refresh off and on.
 */
import { type Context, chosen, type Part } from '../context.js'
import type { Latency } from '../programs/clients/steady-sender.js'
import { latencyPanels } from '../report/latency-panels.js'
import type { Cell, Chart, Column, Findings, Table } from '../report/report.js'
import { startDelayed } from '../support/latency-proxy.js'
import { type Percentiles, percentilesOf } from '../support/percentiles.js'
import { rotated } from '../support/rounds.js'
import { SenderProcess } from '../support/sender-process.js'

interface Habit {
  readonly name: string
  /** Folder of the product. */
  readonly product: string
  readonly refreshIntervalMs: number
  readonly rebuilds: boolean
}

interface Network {
  /** Also the name of its chart. */
  readonly name: string
  readonly title: string
  readonly refresh: { readonly intervalMs: number; readonly every: string }
  readonly delayMs: number
  readonly perSecond: number | null
  readonly producerCount: number
  /** Of one round, as a share of what is asked for. */
  readonly share: number
}

const EVERY_SECOND = { intervalMs: 1000, every: 'second' }
const networks: readonly Network[] = [
  {
    name: 'plain',
    title: 'loopback, one producer, 500 messages/s',
    refresh: EVERY_SECOND,
    delayMs: 0,
    perSecond: 500,
    producerCount: 1,
    share: 1,
  },
  {
    name: 'delayed',
    title: '20 ms there and back, 16 producers, 30 messages/s each',
    refresh: EVERY_SECOND,
    delayMs: 10,
    perSecond: 480,
    producerCount: 16,
    share: 1,
  },
  {
    name: 'back-to-back',
    title: 'loopback, one producer, one message after the other',
    refresh: { intervalMs: 100, every: '100 ms' },
    delayMs: 0,
    perSecond: null,
    producerCount: 1,
    share: 0.4,
  },
]

/** Of the panels: grey, blue, red, amber. */
const COLORS = [5, 0, 2, 1]
const TOPIC = 'refresh'
const ROUND_SECONDS = 3.5
/** As fast as it goes and on a network without delay: brokers that have just started are slow now and then. */
const WARM_UP = { seconds: 1.5, perSecond: null }
/** Of each round: caches have forgotten this sender while the others had their turns. Not counted. */
const SETTLING_MS = 500

const TEXT = `One \`send()\` at a time in sync mode, acks 1, three real 0.8.2.2 brokers. "Rebuild" imitates the Scala producer, which replaces every
connection at each refresh; "off, again" says how far equal things lie apart. The Scala producer on loopback: p50 0.3 ms, p99.9 4 to
5 ms without refresh, 7.5 ms with one every 100 ms.`

const columns: readonly Column[] = [
  { name: 'habit', unit: 'text' },
  { name: 'p99.9, × the first', unit: 'ratio' },
  { name: 'p50', unit: 'ms' },
  { name: 'p99', unit: 'ms' },
  { name: 'p99.9', unit: 'ms' },
  { name: 'longest', unit: 'ms' },
  { name: 'messages', unit: 'count' },
]

function habitsOf({ products }: Context, { refresh: { intervalMs, every } }: Network): Habit[] {
  const [{ folder: product }] = products as [Context['products'][number]]
  const off = { name: 'refresh off', product, refreshIntervalMs: -1, rebuilds: false }
  if (products.length > 1) {
    return products.flatMap(({ name, folder }) => [
      { ...off, name: `${name}, refresh off`, product: folder },
      { ...off, name: `${name}, refresh every ${every}`, product: folder, refreshIntervalMs: intervalMs },
    ])
  }
  return [
    off,
    { ...off, name: 'refresh off, again' },
    { ...off, name: `refresh every ${every}`, refreshIntervalMs: intervalMs },
    { ...off, name: `rebuild every ${every}`, refreshIntervalMs: intervalMs, rebuilds: true },
  ]
}

/** @returns the samples of each habit, all rounds joined on one time line. */
async function measure(context: Context, network: Network): Promise<Map<Habit, Latency[]>> {
  const { perSecond, producerCount } = network
  const seconds = ROUND_SECONDS * network.share
  const habits = habitsOf(context, network)
  const { bootstrap, slowDown, stop } = await startDelayed(TOPIC, network.delayMs)
  const senders = new Map<Habit, SenderProcess>()
  const samples = new Map<Habit, Latency[]>(habits.map((habit) => [habit, []]))
  try {
    for (const habit of habits) {
      const sender = await SenderProcess.start({ ...habit, producerCount, bootstrap, topic: TOPIC })
      senders.set(habit, sender)
      await sender.run(WARM_UP)
    }
    slowDown()
    for (let round = 0; round < context.rounds; round++) {
      for (const habit of rotated(habits, round)) {
        const offsetMs = round * (seconds * 1000 - SETTLING_MS) - SETTLING_MS
        for (const [dueMs, latencyMs] of await senders.get(habit)!.run({ seconds, perSecond })) {
          if (dueMs >= SETTLING_MS) samples.get(habit)!.push([offsetMs + dueMs, latencyMs])
        }
      }
    }
  } finally {
    for (const sender of senders.values()) await sender.stop()
    await stop()
  }
  return samples
}

function latencies(samples: readonly Latency[]): Percentiles {
  return percentilesOf(samples.map(([, latencyMs]) => latencyMs))
}

function tableOf({ title }: Network, samples: ReadonlyMap<Habit, readonly Latency[]>): Table {
  const first = latencies([...samples.values()][0]!)
  const rows = [...samples].map(([{ name }, own]): Cell[] => {
    // All that was sent was due while the round settled.
    if (own.length === 0) return [`${name}: could not keep the pace`]
    const { count, p50Ms, p99Ms, p999Ms, maxMs } = latencies(own)
    return [name, p999Ms / first.p999Ms, p50Ms, p99Ms, p999Ms, maxMs, count]
  })
  return { title: `${title[0]!.toUpperCase()}${title.slice(1)}`, note: '', columns, rows }
}

function drawingOf({ title }: Network, samples: ReadonlyMap<Habit, readonly Latency[]>): string {
  const known = [...samples].filter(([, own]) => own.length > 0)
  const panels = known.map(([{ name }, own], index) => {
    const { p50Ms, p999Ms } = latencies(own)
    const figures = `p50 ${p50Ms.toFixed(2)} ms, p99.9 ${p999Ms.toFixed(2)} ms`
    return { title: `${name}: ${figures}`, color: COLORS[index % COLORS.length]!, samples: own }
  })
  return latencyPanels(`Latency of send(): ${title}`, panels)
}

async function run(context: Context): Promise<Findings | null> {
  const missing = context.kafkaBrokers.missing()
  if (missing.length > 0) {
    context.log(`left out: real brokers cannot run here: ${missing.join('; ')}`)
    return null
  }
  const tables: Table[] = []
  const charts: Chart[] = []
  const drawings: Record<string, string> = {}
  for (const network of chosen(networks, context)) {
    context.log(network.title)
    const samples = await measure(context, network)
    const name = `refresh-${network.name}`
    tables.push(tableOf(network, samples))
    charts.push({ name, title: network.title, kind: 'drawn', labels: [], unit: 'ms', series: [] })
    drawings[name] = drawingOf(network, samples)
  }
  return { title: 'Metadata refresh and latency', text: TEXT, tables, charts, headlines: [], drawings }
}

export const part: Part = {
  what: 'latency with a metadata refresh every second, and without',
  takes: '5 min',
  takesQuick: null,
  rounds: [5, 1],
  run,
}
