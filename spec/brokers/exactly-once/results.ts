/** What runs came to, in numbers: rows of the table that the command prints and that the documents have. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ViolationKind } from '../../support/exactly-once/check-history.js'
import type { ProducerHistory } from '../../support/exactly-once/history.js'
import { BROKER_FAULTS } from './broker-faults.js'
import type { RunResult, TrafficKind } from './run.js'

export const VIOLATION_KINDS: readonly ViolationKind[] = [
  'lost',
  'twice',
  'outOfOrder',
  'abortedSeen',
  'half',
  'misreported',
]

export interface RunRow {
  readonly version: string
  readonly traffic: TrafficKind
  readonly seconds: number
  /** Processes. */
  readonly producers: number
  readonly producersKilled: number
  readonly producersFenced: number
  /** `kill 3, pause 2`. */
  readonly brokerFaults: string
  readonly sent: number
  readonly acknowledged: number
  /** Failed, or of a producer that was killed before it knew: they may be stored. */
  readonly doubtful: number
  readonly committed: number
  readonly aborted: number
  readonly unknown: number
  readonly read: number
  readonly violations: Readonly<Record<ViolationKind, number>>
}

export interface MutantRow {
  readonly title: string
  readonly traffic: TrafficKind
  /** Violations by kind; empty where it was not caught. */
  readonly violations: Readonly<Partial<Record<ViolationKind, number>>>
}

export interface Made<Row> {
  /** `YYYY-MM-DD`. */
  readonly date: string
  readonly command: string
  readonly seed: number
  readonly rows: readonly Row[]
}

export interface ExactlyOnceResults {
  /** One entry for each command whose rows are the newest of their versions. */
  readonly runs: readonly Made<RunRow>[]
  readonly mutants: (Made<MutantRow> & { readonly version: string; readonly seconds: number }) | null
}

export function rowOf(
  about: { readonly version: string; readonly traffic: TrafficKind; readonly seconds: number },
  result: RunResult,
): RunRow {
  const sent = result.histories.flatMap((history) => history.sent)
  const transactions = result.histories.flatMap((history) => history.transactions)
  const sentWith = (outcome: string): number => sent.filter((one) => one.outcome === outcome).length
  const ended = (...outcomes: string[]): number =>
    transactions.filter(({ outcome }) => outcomes.includes(outcome)).length
  return {
    ...about,
    producers: result.histories.length,
    producersKilled: result.producerFaults.killed,
    producersFenced: result.histories.filter(wasFenced).length,
    brokerFaults: BROKER_FAULTS.filter((kind) => result.brokerFaults[kind] > 0)
      .map((kind) => `${kind} ${result.brokerFaults[kind]}`)
      .join(', '),
    sent: sent.length,
    acknowledged: sentWith('acknowledged'),
    doubtful: sentWith('possibly-persisted') + sentWith('none'),
    committed: ended('committed'),
    aborted: ended('aborted', 'abandoned'),
    unknown: ended('unknown'),
    read: result.read,
    violations: countByKind(result) as Record<ViolationKind, number>,
  }
}

/** Every kind, 0 where there is none. */
export function countByKind({ violations }: Pick<RunResult, 'violations'>): Record<ViolationKind, number> {
  const counts = VIOLATION_KINDS.map(
    (kind) => [kind, violations.filter((one) => one.kind === kind).length] as const,
  )
  return Object.fromEntries(counts) as Record<ViolationKind, number>
}

function wasFenced({ error }: ProducerHistory): boolean {
  return error !== null && /^(ProducerFencedError|InvalidProducerEpochError):/.test(error)
}

const FILE = fileURLToPath(new URL('./results.json', import.meta.url))

/** Of the last runs of each kind. */
export function readResults(): ExactlyOnceResults {
  if (!existsSync(FILE)) return { runs: [], mutants: null }
  return JSON.parse(readFileSync(FILE, 'utf8')) as ExactlyOnceResults
}

/** Takes the place of earlier runs on the same versions. */
export function addRuns(made: Made<RunRow>): void {
  const results = readResults()
  const versions = new Set(made.rows.map(({ version }) => version))
  const earlier = results.runs.map((one) => ({
    ...one,
    rows: one.rows.filter(({ version }) => !versions.has(version)),
  }))
  write({ ...results, runs: [...earlier.filter(({ rows }) => rows.length > 0), made] })
}

/** Takes the place of earlier runs with the same mutants. */
export function addMutants(
  made: NonNullable<ExactlyOnceResults['mutants']>,
  titles: readonly string[],
): void {
  const results = readResults()
  const known = [...made.rows, ...(results.mutants?.rows ?? [])]
  const rows = titles.flatMap((title) => known.find((row) => row.title === title) ?? [])
  write({ ...results, mutants: { ...made, rows } })
}

function write(results: ExactlyOnceResults): void {
  writeFileSync(FILE, `${JSON.stringify(results, null, 2)}\n`)
}
