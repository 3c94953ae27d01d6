/**
 * Claim: TLS costs little beside what it costs other clients.
 *
 * Each client over the plaintext listener of a real broker and over its TLS listener, in the same interleaved rounds. TLS 1.3 as
 * Node and librdkafka agree on it with Java; no client has a certificate of its own. The broker is on the same machine, so its own
 * encryption takes CPU from the client: ratios of throughput are those of such a machine, CPU per message is the client's alone.
 */
import { type Contest, type Contestant, tlsContests } from '../contests.js'
import { type Context, chosen, type Part } from '../context.js'
import type { Sample } from '../programs/support/measured.js'
import type { Plan } from '../programs/support/plan.js'
import type { Cell, Column, Findings, Table } from '../report/report.js'
import type { Product } from '../support/build.js'
import { installPeers, isInstalled, newNode, type Peer } from '../support/peers.js'
import { type ProgramRun, runProgram } from '../support/program.js'
import { interleaved, type Samples, type Variant } from '../support/rounds.js'
import { ratioOf, spreadOf } from '../support/statistics.js'
import { startTlsBroker, type TlsBroker } from '../support/tls-broker.js'
import { isOurs, labelOf } from './peers-tables.js'

const TOPIC = 'bench'
const VERSION = '4.3.1'
const QUICK_SHARE = 0.15

const TEXT = `Each client over the plaintext listener of a real broker and over its TLS listener, on one machine, in the same interleaved rounds: TLS 1.3, a
certificate of the broker's alone. CPU is that of the client's process with all its threads; the broker encrypts on the same cores, which throughput shows.`

const columns: readonly Column[] = [
  { name: 'client', unit: 'text' },
  { name: 'messages/s, TLS : plaintext', unit: 'ratio', hasSpread: true },
  { name: 'CPU, TLS : plaintext', unit: 'ratio', hasSpread: true },
  { name: 'CPU, plaintext', unit: 'µs' },
  { name: 'CPU, TLS', unit: 'µs' },
  { name: 'messages/s, plaintext', unit: 'perSecond' },
  { name: 'messages/s, TLS', unit: 'perSecond' },
  { name: 'messages/s with TLS, the first : this', unit: 'ratio', hasSpread: true },
]

/** One client; its two samples are named apart. */
interface Client {
  readonly name: string
  readonly run: (plan: Pick<Plan, 'bootstrap' | 'tls'>) => Promise<Sample>
}

const overTls = (name: string): string => `${name}, TLS`

function clientsOf(context: Context, { contestants }: Contest): Client[] {
  const { products } = context
  return contestants.flatMap((contestant): Client[] => {
    const plan = planOf(context, contestant)
    if (isOurs(contestant)) return products.map((product) => ourClient(contestant, product, plan))
    if (products.length > 1) return []
    const other = contestant.run as Peer
    return [
      { name: contestant.name, run: async (where) => runProgram(peerRun(other, { ...plan, ...where })) },
    ]
  })
}

function ourClient(contestant: Contestant, product: Product, plan: ReturnType<typeof planOf>): Client {
  const { program = 'clients/classic' } = contestant
  return {
    name: labelOf(contestant, product),
    run: (where) => runProgram({ program, plan: { ...plan, ...where, product: product.folder } }),
  }
}

function planOf(
  { isQuick }: Context,
  { workload, variant = '' }: Contestant,
): Pick<Plan, 'workload' | 'variant'> {
  const messages = Math.ceil(workload.messages * (isQuick ? QUICK_SHARE : 1))
  return { workload: { ...workload, messages }, variant }
}

/** @throws {Error} for a client that is not there. */
function peerRun(other: Peer, plan: ProgramRun['plan']): ProgramRun {
  if (!isInstalled(other)) throw new Error('is not installed')
  const node = other.needsNewNode ? newNode() : undefined
  return { program: `peers/${other.program}`, plan, ...(node && { node }) }
}

async function contestOf(context: Context, contest: Contest, broker: TlsBroker): Promise<Table> {
  context.log(`${contest.name} (${contest.version})`)
  const clients = clientsOf(context, contest)
  const { plaintext, tls, ca } = broker
  const variants = clients.flatMap(({ name, run }): Variant<Sample>[] => [
    { name, sample: () => run({ bootstrap: plaintext }) },
    { name: overTls(name), sample: () => run({ bootstrap: tls, tls: { ca } }) },
  ])
  // A broker that has just started is slow; these are for its own warm-up.
  for (const { sample } of variants.slice(0, 2)) await sample()
  const samples = await interleaved(variants, context.rounds, (name, _round, figures, failure) =>
    context.log(
      `  ${name}: ${figures ? `${figures.cpuUs.toFixed(3)} µs, ${Math.round(figures.perSecond).toLocaleString('en-US')}/s` : failure}`,
    ),
  )
  const first = samples.get(overTls(clients[0]!.name))!
  const rows = clients.map(({ name }) => rowOf(name, samples.get(name)!, samples.get(overTls(name))!, first))
  return {
    title: `${contest.name[0]!.toUpperCase()}${contest.name.slice(1)}`,
    note: contest.note,
    columns,
    rows,
  }
}

type Found = Samples<Sample>

function rowOf(name: string, plain: Found, tls: Found, first: Found): Cell[] {
  const failure = plain.failure ?? tls.failure
  if (failure !== null) return [`${name}: ${failure.split('\n')[0]!.slice(0, 100)}`]
  const values = ({ rounds }: Found, figure: 'cpuUs' | 'perSecond'): number[] =>
    rounds.map((one) => one[figure])
  const ratio = (figure: 'cpuUs' | 'perSecond'): Cell => ratioOf(values(tls, figure), values(plain, figure))
  return [
    name,
    ratio('perSecond'),
    ratio('cpuUs'),
    spreadOf(values(plain, 'cpuUs')),
    spreadOf(values(tls, 'cpuUs')),
    spreadOf(values(plain, 'perSecond')),
    spreadOf(values(tls, 'perSecond')),
    first.failure === null ? ratioOf(values(first, 'perSecond'), values(tls, 'perSecond')) : null,
  ]
}

async function run(context: Context): Promise<Findings | null> {
  const missing = context.kafkaBrokers.missing()
  if (missing.length > 0) {
    context.log(`left out: real brokers cannot run here: ${missing.join('; ')}`)
    return null
  }
  if (context.products.length === 1 && !context.isQuick) await installPeers(context.log)
  const broker = await startTlsBroker(VERSION, TOPIC)
  try {
    const tables: Table[] = []
    for (const contest of chosen(tlsContests, context)) tables.push(await contestOf(context, contest, broker))
    return { title: 'What TLS costs', text: TEXT, tables, charts: [], headlines: [] }
  } finally {
    await broker.stop()
  }
}

export const part: Part = {
  what: 'what TLS costs on a real broker, and what it costs kafkajs and node-rdkafka',
  takes: '8 min',
  takesQuick: null,
  rounds: [5, 1],
  run,
}
