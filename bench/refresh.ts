/**
 * Claim: a metadata refresh costs no latency.
 *
 * One send at a time, acks 1, at a fixed rate, against three real 0.8.2.2 brokers: refresh off, refresh every second,
 * and the Scala producer's habit to rebuild every connection at each refresh; on loopback, over a network of 20 ms there and
 * back, which a proxy adds in front of each broker, and as the Scala producer itself was measured. "Off" runs twice: the
 * second one says how far equal things lie apart on this machine. Rounds are interleaved. Writes tables and charts to
 * `bench/results`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { latencyPanels } from './support/latency-panels.js'
import { startDelayed } from './support/latency-proxy.js'
import { type Percentiles, percentilesOf } from './support/percentiles.js'
import { SenderProcess } from './support/sender-process.js'
import type { Sample } from './support/steady-sender.js'

interface Habit {
  readonly name: string
  readonly color: string
  readonly refreshIntervalMs: number
  readonly rebuilds: boolean
}

const OFF: Habit = { name: 'refresh off', color: '#475569', refreshIntervalMs: -1, rebuilds: false }

/** What is compared: the first one with itself, to know the noise, and with the others. */
function habitsAt(refreshIntervalMs: number, every: string): readonly [Habit, Habit, Habit, Habit] {
  return [
    OFF,
    { ...OFF, name: 'refresh off, again' },
    { name: `refresh every ${every}`, color: '#2563eb', refreshIntervalMs, rebuilds: false },
    { name: `rebuild every ${every}`, color: '#dc2626', refreshIntervalMs, rebuilds: true },
  ]
}

interface Network {
  /** Also the name of its chart. */
  readonly name: string
  readonly title: string
  readonly habits: ReturnType<typeof habitsAt>
  readonly delayMs: number
  readonly perSecond: number | null
  readonly producerCount: number
  /** Of one round, as a share of what is asked for. */
  readonly share: number
}

const networks: readonly Network[] = [
  {
    name: 'plain',
    title: 'loopback, one producer, 500 messages/s',
    habits: habitsAt(1000, 'second'),
    delayMs: 0,
    perSecond: 500,
    producerCount: 1,
    share: 1,
  },
  {
    name: 'delayed',
    title: '20 ms there and back, 16 producers, 30 messages/s each',
    habits: habitsAt(1000, 'second'),
    delayMs: 10,
    perSecond: 480,
    producerCount: 16,
    share: 1,
  },
  {
    name: 'back-to-back',
    title: 'loopback, one producer, one message after the other',
    habits: habitsAt(100, '100 ms'),
    delayMs: 0,
    perSecond: null,
    producerCount: 1,
    share: 0.4,
  },
]

const TOPIC = 'refresh'
/** As fast as it goes and on a network without delay: brokers that have just started are slow now and then. */
const WARM_UP = { seconds: 1.5, perSecond: null }
/** Of each round: caches have forgotten this sender while the others had their turns. Not counted. */
const SETTLING_MS = 500
/** The Scala producer of 0.8.2.2 on loopback against three brokers, one send at a time. */
const SCALA =
  'The Scala producer on loopback: p50 0.3 ms, p99.9 4 to 5 ms without refresh, 7.5 ms with one every 100 ms.'

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3.5' },
      network: { type: 'string', multiple: true, default: networks.map(({ name }) => name) },
    },
  })
  const folder = fileURLToPath(new URL('./results', import.meta.url))
  mkdirSync(folder, { recursive: true })
  const texts: string[] = []
  const chosen = networks.filter(({ name }) => values.network.includes(name))
  for (const network of chosen) {
    const samples = await measure(network, Number(values.rounds), Number(values.seconds) * network.share)
    const text = tableOf(network, samples)
    console.log(`${text}\n`)
    texts.push(text)
    writeFileSync(`${folder}/refresh-${network.name}.svg`, await chartOf(network, samples))
  }
  writeFileSync(`${folder}/refresh.md`, page(texts, args))
}

/** @returns the samples of each habit, all rounds joined on one time line. */
async function measure(network: Network, rounds: number, seconds: number): Promise<Map<Habit, Sample[]>> {
  const { habits, perSecond, producerCount } = network
  const { bootstrap, slowDown, stop } = await startDelayed(TOPIC, network.delayMs)
  const senders = new Map<Habit, SenderProcess>()
  const samples = new Map<Habit, Sample[]>(habits.map((habit) => [habit, []]))
  try {
    for (const habit of habits) {
      const sender = await SenderProcess.start({ ...habit, producerCount, bootstrap, topic: TOPIC })
      senders.set(habit, sender)
      await sender.run(WARM_UP)
    }
    slowDown()
    for (let round = 0; round < rounds; round++) {
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

function rotated<T>(all: readonly T[], by: number): T[] {
  const at = by % all.length
  return [...all.slice(at), ...all.slice(0, at)]
}

function latencies(samples: readonly Sample[]): Percentiles {
  return percentilesOf(samples.map(([, latencyMs]) => latencyMs))
}

function tableOf(network: Network, samples: ReadonlyMap<Habit, readonly Sample[]>): string {
  const off = latencies(samples.get(OFF)!)
  const rows = network.habits.map((habit) => {
    const { count, p50Ms, p99Ms, p999Ms, maxMs } = latencies(samples.get(habit)!)
    const figures = [p50Ms, p99Ms, p999Ms, maxMs].map((ms) => ms.toFixed(2).padStart(8))
    const ratio = (p999Ms / off.p999Ms).toFixed(2).padStart(11)
    return `| ${habit.name.padEnd(20)} | ${String(count).padStart(8)} | ${figures.join(' | ')} | ${ratio} |`
  })
  return [
    `### ${network.title}`,
    '',
    '| habit                | messages |   p50 ms |   p99 ms | p99.9 ms |   max ms | p99.9 : off |',
    '| -------------------- | -------: | -------: | -------: | -------: | -------: | ----------: |',
    ...rows,
  ].join('\n')
}

function chartOf(network: Network, samples: ReadonlyMap<Habit, readonly Sample[]>): Promise<string> {
  const [off, , refresh, rebuild] = network.habits
  const panels = [off, refresh, rebuild].map((habit) => {
    const own = samples.get(habit)!
    const { p50Ms, p999Ms } = latencies(own)
    const figures = `p50 ${p50Ms.toFixed(2)} ms, p99.9 ${p999Ms.toFixed(2)} ms`
    return { title: `${habit.name}: ${figures}`, color: habit.color, samples: own }
  })
  return latencyPanels(`Latency of send(): ${network.title}`, panels)
}

function page(tables: readonly string[], args: readonly string[]): string {
  const command = ['npm run bench -- refresh', ...args].join(' ')
  const charts = networks.map(({ name, title }) => `![${title}](refresh-${name}.svg)`)
  return `# Metadata refresh and latency

Written by \`${command}\`; Node.js ${process.version}, ${os.cpus().length} cores. What is measured, and how, stands at the
top of \`bench/refresh.ts\`. "Rebuild" imitates the Scala producer, which replaces every connection at each refresh;
"off, again" says how far equal things lie apart.

${tables.join('\n\n')}

${SCALA}

${charts.join('\n\n')}
`
}
