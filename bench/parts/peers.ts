/**
 * Claim: nothing on npm, and neither of Kafka's own producers, sends faster.
 *
 * Each client in a process of its own, one after the other, against one real broker: interleaved rounds. A client that cannot be
 * installed, or cannot produce to the broker, is named with the reason. With several products the other clients stay out.
 */

import { type Context, chosen, type Part } from '../context.js'
import type { Sample } from '../programs/support/measured.js'
import type { Workload } from '../programs/support/plan.js'
import type { Cell, Chart, Column, Findings, Headline, Table } from '../report/report.js'
import { cellText } from '../report/tables.js'
import { javaPerSecond, scalaPerSecond } from '../support/java-tools.js'
import { installPeers, isInstalled, newNode, type Peer, peers } from '../support/peers.js'
import { runProgram } from '../support/program.js'
import { interleaved, type Samples, type Variant } from '../support/rounds.js'
import { ratioOf, spreadOf } from '../support/statistics.js'
import {
  ARRAYS,
  DEFAULT_BATCH,
  DELIVER,
  IN_TURNS,
  KILOBYTE,
  SYNC,
  TEN_KILOBYTES,
  workload,
} from '../workloads.js'

/** Of a perf tool only the rate is known. */
type Figures = Pick<Sample, 'perSecond'> & Partial<Sample>

interface Contestant {
  readonly name: string
  readonly run: 'ours' | 'Java' | 'Scala' | Peer
  readonly workload: Workload
  readonly variant?: string
}

/** One table: the first contestant is the one that the others are compared with. */
interface Contest {
  readonly name: string
  readonly version: string
  readonly note: string
  /** Takes part in a quick run, where one broker has to do. */
  readonly isQuick?: true
  readonly contestants: readonly Contestant[]
}

const TOPIC = 'bench'
/** A perf tool's figure needs a warm virtual machine. */
const QUICK_SHARE = { client: 0.15, tool: 0.3 }
const { kafkajs, kafkaNode, noKafka, platformatic, rdkafka, confluent } = peers

const ours = (what: string, changes: Partial<Workload> = {}): Contestant => {
  return { name: `ours, ${what}`, run: 'ours', workload: workload(changes) }
}
const other = (run: Peer, what: string, changes: Partial<Workload>, variant = ''): Contestant => {
  return { name: `${run.name}${what}`, run, workload: workload(changes), variant }
}
const java = (changes: Partial<Workload> = {}): Contestant => {
  return { name: "Java client's perf tool (4.3.1)", run: 'Java', workload: workload(changes) }
}

const ONE_AT_A_TIME = { callers: 1000, messages: 30_000 }
const FIVE_ARRAYS = { ...ARRAYS, callers: 5 }
/** Batches of librdkafka, which counts messages, at their best; 1 MB of them at most. */
const nativeBatch = (changes: Partial<Workload>): Partial<Workload> => ({ ...changes, batch: 10_000 })

const contests: readonly Contest[] = [
  {
    name: 'one message per call, the outcome by event or report',
    version: '4.3.1',
    isQuick: true,
    note: '100 bytes, acks 1.',
    contestants: [
      ours('async, batch of 10,000', IN_TURNS),
      ours('async, default batch of 200', { ...IN_TURNS, ...DEFAULT_BATCH }),
      other(rdkafka, ', with delivery reports', { messages: 1_000_000 }, 'reports'),
      other(rdkafka, ', nothing known of a message', {}, ''),
      java(),
    ],
  },
  {
    name: 'one message per call, each with a promise, 1,000 outstanding',
    version: '4.3.1',
    isQuick: true,
    note: '100 bytes, acks 1.',
    contestants: [
      ours('deliver()', DELIVER),
      ours('sync', SYNC),
      other(confluent, '', { ...ONE_AT_A_TIME, messages: 200_000 }),
      other(kafkajs, '', ONE_AT_A_TIME),
      other(platformatic, '', ONE_AT_A_TIME),
    ],
  },
  {
    name: 'arrays of 500',
    version: '4.3.1',
    note: '100 bytes, acks 1, five calls at a time; ours ten, each accepted by the queue.',
    contestants: [
      ours('async', ARRAYS),
      ours('sync', { ...FIVE_ARRAYS, mode: 'sync', messages: 600_000 }),
      other(confluent, '', { ...FIVE_ARRAYS, messages: 300_000 }),
      other(kafkajs, '', { ...FIVE_ARRAYS, messages: 300_000 }),
      other(platformatic, '', { ...FIVE_ARRAYS, messages: 300_000 }),
    ],
  },
  {
    name: 'values of 1 KB',
    version: '4.3.1',
    note: 'One message per call, acks 1.',
    contestants: [
      ours('async, batch of 900', { ...IN_TURNS, ...KILOBYTE }),
      other(rdkafka, ', with delivery reports', nativeBatch(KILOBYTE), 'reports'),
      other(rdkafka, ', nothing known of a message', nativeBatch(KILOBYTE), ''),
      java({ ...KILOBYTE, messages: 800_000 }),
    ],
  },
  {
    name: 'values of 10 KB',
    version: '4.3.1',
    note: 'One message per call, acks 1.',
    contestants: [
      ours('async, batch of 90', { ...IN_TURNS, ...TEN_KILOBYTES }),
      other(rdkafka, ', with delivery reports', nativeBatch(TEN_KILOBYTES), 'reports'),
      other(rdkafka, ', nothing known of a message', nativeBatch(TEN_KILOBYTES), ''),
      java({ ...TEN_KILOBYTES, messages: 100_000 }),
    ],
  },
  {
    name: 'older clients',
    version: '2.8.2',
    note: 'kafka-node and no-kafka cannot produce to Kafka 4; this is the newest broker of the specs that they know. One message of 100 bytes per call, each with a promise, 1,000 outstanding, acks 1.',
    contestants: [
      ours('deliver()', DELIVER),
      ours('sync', SYNC),
      other(noKafka, '', { ...ONE_AT_A_TIME, messages: 60_000 }),
      other(kafkaNode, '', ONE_AT_A_TIME),
      other(kafkajs, '', ONE_AT_A_TIME),
    ],
  },
  {
    name: 'the Scala producer',
    version: '0.8.2.2',
    note: "Async, 100 bytes, and its defaults: batches of 200, a queue of 10,000. `queue.buffering.max.ms` is 5 for ours and 5000 for the tool, which has no option for it; at full speed batches are full long before. The JVM's start is not counted, its warm-up is.",
    contestants: [
      ours('acks 0', { ...IN_TURNS, ...DEFAULT_BATCH, messages: 1_000_000, acks: 0 }),
      ours('acks 1', { ...IN_TURNS, ...DEFAULT_BATCH, messages: 1_000_000 }),
      {
        name: "the Scala producer's perf tool, acks 0",
        run: 'Scala',
        workload: workload({ messages: 2_000_000, acks: 0 }),
      },
      {
        name: "the Scala producer's perf tool, acks 1",
        run: 'Scala',
        workload: workload({ messages: 2_000_000 }),
      },
    ],
  },
]

const isOurs = ({ run }: Contestant): boolean => run === 'ours'

function variantsOf(context: Context, { contestants }: Contest, bootstrap: string): Variant<Figures>[] {
  return contestants.flatMap((contestant): Variant<Figures>[] => {
    const isTool = contestant.run === 'Java' || contestant.run === 'Scala'
    const share = context.isQuick ? QUICK_SHARE[isTool ? 'tool' : 'client'] : 1
    const messages = Math.ceil(contestant.workload.messages * share)
    const plan = {
      bootstrap,
      workload: { ...contestant.workload, messages },
      variant: contestant.variant ?? '',
    }
    if (isOurs(contestant)) {
      return context.products.map(({ name, folder }) => ({
        name: contestant.name.replace(/^ours/, name),
        sample: () => runProgram({ program: 'clients/classic', plan: { ...plan, product: folder } }),
      }))
    }
    if (context.products.length > 1) return []
    return [{ name: contestant.name, sample: () => sampleOther(contestant, plan) }]
  })
}

async function sampleOther(
  { run }: Contestant,
  plan: { readonly bootstrap: string; readonly workload: Workload; readonly variant: string },
): Promise<Figures> {
  const { bootstrap, workload: work } = plan
  const { messages, valueBytes, acks } = work
  const perf = { bootstrap, topic: TOPIC, messages, valueBytes, acks }
  if (run === 'Java') return { perSecond: await javaPerSecond(perf) }
  if (run === 'Scala') return { perSecond: await scalaPerSecond(perf) }
  const other = run as Peer
  if (!isInstalled(other)) throw new Error('is not installed')
  const node = other.needsNewNode ? newNode() : undefined
  return runProgram({ program: `peers/${other.program}`, plan, ...(node && { node }) })
}

async function contestOf(
  context: Context,
  contest: Contest,
): Promise<{ table: Table; chart: Chart; headline: Headline | null }> {
  context.log(`${contest.name} (${contest.version})`)
  const cluster = await context.kafkaBrokers.withTopic(contest.version, TOPIC)
  const variants = variantsOf(context, contest, cluster.bootstrap.join(','))
  const [first] = variants as [Variant<Figures>]
  // A broker that has just started is slow; its first sample is for its own warm-up.
  await first.sample()
  const samples = await interleaved(variants, context.rounds, (name, _round, figures, failure) =>
    context.log(
      `  ${name}: ${figures ? `${Math.round(figures.perSecond).toLocaleString('en-US')}/s` : failure}`,
    ),
  )
  const table = {
    title: `${contest.name[0]!.toUpperCase()}${contest.name.slice(1)}, on a real ${contest.version}`,
    note: contest.note,
    columns: columnsOf(first.name),
    rows: [...samples].map(([name, found]) => rowOf(name, found, samples.get(first.name)!)),
  }
  return { table, chart: chartOf(contest, samples), headline: headlineOf(contest, samples, context) }
}

function chartOf(contest: Contest, samples: ReadonlyMap<string, Samples<Figures>>): Chart {
  const known = [...samples].filter(([, { rounds }]) => rounds.length > 0)
  return {
    name: `peers-${contests.indexOf(contest) + 1}`,
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

function columnsOf(first: string): Column[] {
  return [
    { name: 'client', unit: 'text' },
    { ...OURS_TO_IT, name: `${first} : this` },
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

function rowOf(name: string, found: Samples<Figures>, first: Samples<Figures>): Cell[] {
  if (found.failure !== null) return [`${name}: ${reason(found.failure)}`]
  const spread = (figure: keyof Sample): Cell => {
    const values = found.rounds.map((round) => round[figure]).filter((value) => value !== undefined)
    return values.length === 0 ? null : spreadOf(values)
  }
  return [
    name,
    ratioOf(rates(first), rates(found)),
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

/** Our fastest row beside the fastest of the others. */
function headlineOf(
  { name, version, contestants }: Contest,
  samples: ReadonlyMap<string, Samples<Figures>>,
  { products }: Context,
): Headline | null {
  if (products.length > 1) return null
  const best = (isIn: (contestant: Contestant) => boolean): [string, number[]] | undefined =>
    contestants
      .filter(isIn)
      .map((contestant) => {
        const label = isOurs(contestant)
          ? contestant.name.replace(/^ours/, products[0]!.name)
          : contestant.name
        const found = samples.get(label)
        return [label, found ? rates(found) : []] as [string, number[]]
      })
      .filter(([, values]) => values.length > 0)
      .sort(([, a], [, b]) => spreadOf(b).median - spreadOf(a).median)[0]
  const [mine, theirs] = [best(isOurs), best((contestant) => !isOurs(contestant))]
  if (!mine || !theirs) return null
  const figure = cellText(ratioOf(mine[1], theirs[1]), OURS_TO_IT)
  return { what: `messages/s, real ${version}, ${name}: ${mine[0]} beside ${theirs[0]}`, figure }
}

const TEXT = `Messages per second to one real broker (one process, six partitions, Java with its optimizing compiler), each client in a process of its
own, on the same machine as the broker. *Loop delay*: how late a timer of 1 ms came in the client's process. Of perf tools only the rate
is known. Native clients work on threads of their own, which their CPU time includes.`

async function run(context: Context): Promise<Findings | null> {
  const missing = context.kafkaBrokers.missing()
  if (missing.length > 0) {
    context.log(`left out: real brokers cannot run here: ${missing.join('; ')}`)
    return null
  }
  if (context.products.length === 1 && !context.isQuick) await installPeers(context.log)
  const tables: Table[] = []
  const charts: Chart[] = []
  const headlines: Headline[] = []
  for (const contest of chosen(contests, context)) {
    // Somebody who names it wants it.
    if (context.isQuick && !contest.isQuick && context.only.length === 0) continue
    const { table, chart, headline } = await contestOf(context, contest)
    tables.push(table)
    charts.push(chart)
    if (headline) headlines.push(headline)
  }
  return { title: 'Beside other clients, on real brokers', text: TEXT, tables, charts, headlines }
}

export const part: Part = {
  what: "messages per second beside other npm clients and Kafka's own perf tools, on real brokers",
  takes: '12 min, and as long for the first installation of the clients',
  takesQuick: '50 s',
  rounds: [5, 1],
  run,
}
