/**
 * Claim: KafkaProducer sends faster than the Java client and than what is used in its place on npm; what it promises beyond that,
 * idempotence, costs next to nothing.
 *
 * CPU per record against a null broker beside the floor, a bare loop in Node that does the same work; then contests on a real broker. One
 * record at a time is in `latency.ts`.
 */
import { kafkaProducerContests } from '../contests.js'
import { type Context, chosen, type Part, scaled } from '../context.js'
import type { Cell, Column, Findings, Table } from '../report/report.js'
import { installPeers } from '../support/peers.js'
import { kafkaProducerRows } from '../workloads.js'
import {
  type ComparedVariant,
  compare,
  FLOOR,
  healthCells,
  healthColumns,
  ratioOfFigures,
  spreadOfFigure,
} from './compare.js'
import { contestsOf } from './contest.js'

const PROGRAM = 'clients/kafka-producer'

const TEXT = `\`KafkaProducer\` with the settings of Kafka's own perf tool (linger 5 ms, batches of 64 KB, no idempotence) where nothing else is said. The
JVM's warm-up is not counted. *Loop delay*: how late a timer of 1 ms came in the client's process. Native clients work on threads of their own, which their
CPU time includes.`

const columns: readonly Column[] = [
  { name: 'workload', unit: 'text' },
  { name: 'product', unit: 'text' },
  { name: 'CPU, × floor', unit: 'ratio', hasSpread: true },
  { name: 'CPU, × the first', unit: 'ratio', hasSpread: true },
  { name: 'CPU', unit: 'µs', hasSpread: true },
  { name: 'floor', unit: 'µs' },
  { name: 'records/s', unit: 'perSecond' },
  ...healthColumns,
]

function variantsOf({ products }: Context, variant: string): ComparedVariant[] {
  return products.map(({ name, folder }) => ({ name, program: PROGRAM, product: folder, variant }))
}

async function cpuTable(context: Context): Promise<Table> {
  const rows: Cell[][] = []
  const [first] = context.products
  for (const plain of chosen(kafkaProducerRows, context)) {
    const each = scaled(plain, context)
    const samples = await compare(context, each, [...variantsOf(context, plain.variant), FLOOR])
    for (const { name } of context.products) {
      rows.push([
        each.name,
        name,
        ratioOfFigures(samples, name, FLOOR.name, 'cpuUs'),
        ratioOfFigures(samples, name, first!.name, 'cpuUs'),
        spreadOfFigure(samples, name, 'cpuUs'),
        spreadOfFigure(samples, FLOOR.name, 'cpuUs'),
        spreadOfFigure(samples, name, 'perSecond'),
        ...healthCells(samples, name),
      ])
    }
  }
  return { title: 'CPU per record, a null broker', note: '', columns, rows }
}

async function run(context: Context): Promise<Findings> {
  const cpu = await cpuTable(context)
  const text = TEXT
  const title = 'KafkaProducer'
  const missing = context.kafkaBrokers.missing()
  if (missing.length > 0) {
    context.log(`contests left out: real brokers cannot run here: ${missing.join('; ')}`)
    return { title, text, tables: [cpu], charts: [], headlines: [] }
  }
  if (context.products.length === 1 && !context.isQuick) await installPeers(context.log)
  const { tables, charts, headlines } = await contestsOf(context, kafkaProducerContests, 'kafka-producer')
  return { title, text, tables: [cpu, ...tables], charts, headlines }
}

export const part: Part = {
  what: 'KafkaProducer: CPU per record, beside the Java client and other npm clients on a real broker',
  takes: '15 min',
  takesQuick: '30 s',
  rounds: [5, 1],
  run,
}
