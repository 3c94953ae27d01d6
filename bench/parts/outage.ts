/**
 * Claim: with all brokers gone for ten seconds nothing accepted is lost, the wait costs next to nothing, and delivery goes on at
 * once when they are back.
 *
 * Three real 0.8.2.2 brokers are killed under 2,000 messages a second into an async producer (acks −1, a queue of 100,000), and started
 * again. What was stored is read back with Kafka's own record reader. Memory over an outage is in the part `memory`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaCluster } from '../../spec/brokers/support/index.js'
import type { Context, Part } from '../context.js'
import type { OutageMemory } from '../programs/clients/outage.js'
import type { Cell, Column, Findings } from '../report/report.js'
import type { Product } from '../support/build.js'
import { runProgram } from '../support/program.js'
import { workload } from '../workloads.js'

const TOPIC = 'bench'
const PER_SECOND = 2000
const OUTAGE_MS = { full: 10_000, quick: 3000 }

const columns: readonly Column[] = [
  { name: 'product', unit: 'text' },
  { name: 'accepted', unit: 'count' },
  { name: 'delivered', unit: 'count' },
  { name: 'failed', unit: 'count' },
  { name: 'lost', unit: 'count' },
  { name: 'first delivery after the leaders were back', unit: 'ms' },
  { name: 'CPU while gone', unit: 'share' },
  { name: 'RSS before', unit: 'MB' },
  { name: 'RSS, peak', unit: 'MB' },
]

async function measure(context: Context, product: Product): Promise<Cell[]> {
  const cluster = await KafkaCluster.start({ version: '0.8.2.2', brokers: 3 })
  try {
    await cluster.createTopic(TOPIC, { partitions: 6, replicationFactor: 3 })
    const work = workload({ value: 'string', keys: 60, batch: 200, queue: 100_000, lingerMs: 20, acks: -1 })
    const bootstrap = cluster.bootstrap.join(',')
    const plan = { variant: String(PER_SECOND), product: product.folder, bootstrap, workload: work }
    let backMs = 0
    const found = await runProgram<OutageMemory>({ program: 'clients/outage', plan }, async () => {
      await Promise.all(cluster.brokerIds.map((id) => cluster.killBroker(id)))
      await sleep(context.isQuick ? OUTAGE_MS.quick : OUTAGE_MS.full)
      for (const id of cluster.brokerIds) await cluster.startBroker(id)
      await cluster.waitForLeaders(TOPIC)
      backMs = Date.now()
    })
    const stored = new Set((await cluster.readTopic(TOPIC)).map(({ value }) => Number(value))).size
    return [
      product.name,
      found.sent,
      found.delivered,
      found.failed,
      Math.max(0, found.delivered - stored),
      Math.max(0, found.firstDeliveryAtMs - backMs),
      found.cpuShare,
      found.idleRssMb,
      found.peakRssMb,
    ]
  } finally {
    await cluster.stop()
  }
}

async function run(context: Context): Promise<Findings | null> {
  const missing = context.kafkaBrokers.missing()
  if (missing.length > 0) {
    context.log(`left out: real brokers cannot run here: ${missing.join('; ')}`)
    return null
  }
  const rows: Cell[][] = []
  for (const product of context.products) rows.push(await measure(context, product))
  return {
    title: 'All brokers gone',
    text: `Three real 0.8.2.2 brokers killed and started again under ${PER_SECOND.toLocaleString('en-US')} messages a second, acks −1, a queue of 100,000. *Lost*: delivered, and not in the logs. The source's own share of the CPU is in its figure.`,
    tables: [{ title: '', note: '', columns, rows }],
    charts: [],
    headlines: [],
  }
}

export const part: Part = {
  what: 'all brokers gone for ten seconds under steady traffic; what was stored is read back',
  takes: '1 min',
  takesQuick: null,
  rounds: [1, 1],
  run,
}
