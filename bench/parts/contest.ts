/**
 * A contest on a real broker: each client in a process of its own, one after the other, in interleaved rounds. A client that cannot be
 * installed, or cannot produce to the broker, is named with the reason. With several products the other clients stay out.
 */
import type { Contest, Contestant } from '../contests.js'
import { type Context, chosen } from '../context.js'
import type { Workload } from '../programs/support/plan.js'
import type { Chart, Headline, Table } from '../report/report.js'
import { javaPerSecond, scalaPerSecond } from '../support/java-tools.js'
import { isInstalled, newNode, type Peer } from '../support/peers.js'
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
      const { program = 'clients/classic' } = contestant
      return context.products.map((product) => ({
        name: labelOf(contestant, product),
        base: isComparison ? labelOf(contestant, firstProduct) : first,
        sample: () => runProgram({ program, plan: { ...plan, product: product.folder } }),
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
  const { bootstrap, workload: work, variant } = plan
  const { messages, valueBytes, acks } = work
  const perf = { bootstrap, topic: TOPIC, messages, valueBytes, acks, hasDefaults: variant === 'defaults' }
  if (run === 'Java') return { perSecond: await javaPerSecond(perf) }
  if (run === 'Scala') return { perSecond: await scalaPerSecond(perf) }
  const other = run as Peer
  if (!isInstalled(other)) throw new Error('is not installed')
  const node = other.needsNewNode ? newNode() : undefined
  return runProgram({ program: `peers/${other.program}`, plan, ...(node && { node }) })
}

async function contestOf(context: Context, contest: Contest, chartName: string): Promise<Found> {
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
    chart: chartOf(contest, samples, chartName),
    headlines: headlinesOf(contest, samples, context),
  }
}

interface Found {
  readonly table: Table
  readonly chart: Chart
  readonly headlines: readonly Headline[]
}

/** Those that `--only` and a quick run leave, one after the other. @param charts - what their names begin with. */
export async function contestsOf(
  context: Context,
  contests: readonly Contest[],
  charts: string,
): Promise<{ tables: Table[]; charts: Chart[]; headlines: Headline[] }> {
  const found: Found[] = []
  for (const contest of chosen(contests, context)) {
    // Somebody who names it wants it.
    if (context.isQuick && !contest.isQuick && context.only.length === 0) continue
    found.push(await contestOf(context, contest, `${charts}-${contests.indexOf(contest) + 1}`))
  }
  return {
    tables: found.map(({ table }) => table),
    charts: found.map(({ chart }) => chart),
    headlines: found.flatMap(({ headlines }) => headlines),
  }
}
