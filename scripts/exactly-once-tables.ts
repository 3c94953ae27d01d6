/** The tables of exactly-once runs, in Markdown: the command prints them, and docs/BROKERS.md has them. */
import type { ExactlyOnceResults, Made, MutantRow, RunRow } from '../spec/brokers/exactly-once/results.js'

type Row = readonly (string | number)[]

const KINDS = [
  ['lost', 'lost'],
  ['twice', 'twice'],
  ['outOfOrder', 'out of order'],
  ['abortedSeen', 'aborted but seen'],
  ['half', 'in part'],
  ['misreported', 'otherwise wrong'],
] as const

const grouped = (count: number): string => count.toLocaleString('en-US')

export function runsTable(rows: readonly RunRow[]): string {
  const cells = rows.map((row) => [
    row.version,
    row.traffic,
    `${row.seconds} s`,
    row.brokerFaults,
    `${row.producersKilled} / ${row.producersFenced}`,
    grouped(row.sent),
    grouped(row.acknowledged),
    grouped(row.doubtful),
    ...(row.traffic === 'transactional'
      ? [row.committed, row.aborted, row.unknown].map(grouped)
      : ['·', '·', '·']),
    grouped(row.read),
    ...KINDS.map(([kind]) => row.violations[kind]),
  ])
  const heads = [
    ...[
      'Kafka',
      'traffic',
      'time',
      'faults of brokers',
      'producers killed / fenced',
      'records sent',
      'acknowledged',
    ],
    ...[
      'in doubt',
      'transactions committed',
      'aborted',
      'unknown',
      'records read',
      ...KINDS.map(([, head]) => head),
    ],
  ]
  return table(heads, cells)
}

export function mutantsTable(rows: readonly MutantRow[]): string {
  return table(
    ['a producer with which …', 'traffic', 'is caught by'],
    rows.map(({ title, traffic, violations }) => [title, traffic, caughtBy(violations)]),
  )
}

function caughtBy(violations: MutantRow['violations']): string {
  const found = KINDS.filter(([kind]) => (violations[kind] ?? 0) > 0)
  return found.map(([kind, head]) => `${head}: ${grouped(violations[kind]!)}`).join(', ') || '**nothing**'
}

/** Both tables, each with when and how it was made. */
export function exactlyOnceSection({ runs, mutants }: ExactlyOnceResults): string {
  const parts: string[] = []
  const rows = runs.flatMap((made) => made.rows)
  if (rows.length > 0) parts.push(runs.map(runsMadeBy).join(' '), runsTable(rows))
  if (mutants) {
    const { version, seconds, rows } = mutants
    parts.push(
      `The same with faults put into the producer, ${seconds} s each on Kafka ${version}: all of them have to be caught, ${madeBy(mutants)}`,
      mutantsTable(rows),
    )
  }
  return parts.join('\n\n')
}

function madeBy({ date, command, seed }: Omit<Made<unknown>, 'rows'>): string {
  return `made on ${date} by \`${command}\` (seed ${seed}).`
}

function runsMadeBy(made: Made<RunRow>): string {
  return `${[...new Set(made.rows.map(({ version }) => version))].join(', ')}: ${madeBy(made)}`
}

function table(heads: readonly string[], rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.join(' | ')} |`
  const isNumber = (column: number): boolean => rows.every((row) => /^[\d,·]+$/.test(String(row[column])))
  const rule = heads.map((_, column) => (isNumber(column) ? '--:' : '---'))
  return [line(heads), `|${rule.join('|')}|`, ...rows.map(line)].join('\n')
}
