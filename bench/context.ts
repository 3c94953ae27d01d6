/** What every part of the bench is given. */
import type { Workload } from './programs/support/plan.js'
import type { Findings } from './report/report.js'
import type { Product } from './support/build.js'
import type { KafkaBrokers } from './support/kafka-brokers.js'
import type { NullBrokers } from './support/null-broker.js'

export interface Context {
  readonly isQuick: boolean
  readonly rounds: number
  /** At least one. With several, they are compared with each other and other clients stay out. */
  readonly products: readonly Product[]
  /** Rows whose name contains one of these; empty for all. */
  readonly only: readonly string[]
  readonly nullBrokers: NullBrokers
  readonly kafkaBrokers: KafkaBrokers
  /** Progress, one line. */
  log(text: string): void
}

export interface Part {
  /** What it measures, for the list of parts. */
  readonly what: string
  /** About how long it takes on two cores: in full, and with `--quick`. Null: not part of a quick run of everything. */
  readonly takes: string
  readonly takesQuick: string | null
  /** Default of `--rounds`: in full, and quick. */
  readonly rounds: readonly [full: number, quick: number]
  /** Null: it prints what it found, and there is no page about it. */
  run(context: Context): Promise<Findings | null>
}

/** The rows that `--only` leaves. */
export function chosen<Row extends { readonly name: string }>(
  rows: readonly Row[],
  { only }: Context,
): readonly Row[] {
  if (only.length === 0) return rows
  return rows.filter(({ name }) => only.some((text) => name.includes(text)))
}

/** Quick samples are this much shorter. */
const QUICK_SHARE = 0.2

export function scaled<Row extends { readonly workload: Workload }>(row: Row, { isQuick }: Context): Row {
  if (!isQuick) return row
  const messages = Math.ceil(row.workload.messages * QUICK_SHARE)
  return { ...row, workload: { ...row.workload, messages } }
}
