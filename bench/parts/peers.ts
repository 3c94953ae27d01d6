/**
 * Claim: nothing on npm, and neither of Kafka's own producers, sends faster.
 *
 * Each client in a process of its own, one after the other, against one real broker: interleaved rounds. A client that cannot be
 * installed, or cannot produce to the broker, is named with the reason. With several products the other clients stay out.
 */
import { type Contest, type Contestant, contests } from '../contests.js'
import { type Context, chosen, type Part } from '../context.js'
import type { Workload } from '../programs/support/plan.js'
import type { Chart, Findings, Headline, Table } from '../report/report.js'
import { javaPerSecond, scalaPerSecond } from '../support/java-tools.js'
import { installPeers, isInstalled, newNode, type Peer } from '../support/peers.js'
import { runProgram } from '../support/program.js'
import { interleaved, type Variant } from '../support/rounds.js'
import { chartOf, type Figures, headlinesOf, isOurs, labelOf, tableOf } from './peers-tables.js'

const TOPIC = 'bench'
/** A perf tool's figure needs a warm virtual machine. */
const QUICK_SHARE = { client: 0.15, tool: 0.3 }

/** A row, and the row that it is compared with. */
interface Row extends Variant<Figures> {
  readonly base: string
}

function rowsOf(context: Context, { contestants }: Contest, bootstrap: string): Row[] {
  const isComparison = context.products.length > 1
  const firstProduct = context.products[0]!
  const first = labelOf(contestants[0]!, firstProduct)
  return contestants.flatMap((contestant): Row[] => {
    const isTool = contestant.run === 'Java' || contestant.run === 'Scala'
    const share = context.isQuick ? QUICK_SHARE[isTool ? 'tool' : 'client'] : 1
    const messages = Math.ceil(contestant.workload.messages * share)
    const plan = {
      bootstrap,
      workload: { ...contestant.workload, messages },
      variant: contestant.variant ?? '',
    }
    if (isOurs(contestant)) {
      return context.products.map((product) => ({
        name: labelOf(contestant, product),
        base: isComparison ? labelOf(contestant, firstProduct) : first,
        sample: () => runProgram({ program: 'clients/classic', plan: { ...plan, product: product.folder } }),
      }))
    }
    if (isComparison) return []
    return [{ name: contestant.name, base: first, sample: () => sampleOther(contestant, plan) }]
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
): Promise<{ table: Table; chart: Chart; headlines: Headline[] }> {
  context.log(`${contest.name} (${contest.version})`)
  const cluster = await context.kafkaBrokers.withTopic(contest.version, TOPIC)
  const rows = rowsOf(context, contest, cluster.bootstrap.join(','))
  // A broker that has just started is slow; its first sample is for its own warm-up.
  await rows[0]!.sample()
  const samples = await interleaved(rows, context.rounds, (name, _round, figures, failure) =>
    context.log(
      `  ${name}: ${figures ? `${Math.round(figures.perSecond).toLocaleString('en-US')}/s` : failure}`,
    ),
  )
  const baseByRow = new Map(rows.map(({ name, base }) => [name, base]))
  return {
    table: tableOf(context, contest, samples, (row) => baseByRow.get(row)!),
    chart: chartOf(contest, samples),
    headlines: headlinesOf(contest, samples, context),
  }
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
    const { table, chart, headlines: own } = await contestOf(context, contest)
    tables.push(table)
    charts.push(chart)
    headlines.push(...own)
  }
  return { title: 'Beside other clients, on real brokers', text: TEXT, tables, charts, headlines }
}

export const part: Part = {
  what: "messages per second beside other npm clients and Kafka's own perf tools, on real brokers",
  takes: '18 min, and ten more when the clients are installed',
  takesQuick: '20 s',
  rounds: [5, 1],
  run,
}
