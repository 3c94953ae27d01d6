/**
 * The tables of the matrix on real brokers as markdown, from the results of its last run.
 */
import type { ProducerName } from '../spec/brokers/contract/contract-case.js'
import type { CaseRecord, CaseRecords, MatrixResults } from '../spec/brokers/contract/matrix-results.js'

const PASSED = '✓'
const FAILED = '✗'
/** The version is not concerned: it came before, or the case is about what came before it. */
const NOT_CONCERNED = '·'

/** What one of the producers does: a row for each case, a column for each version. */
export function fullTable({ cases, versions }: MatrixResults, producer: ProducerName): string {
  const rows = Object.keys(cases[producer]).map((name) => {
    return [name, ...Object.values(versions).map((version) => cell(version[producer][name]))]
  })
  return markdown(['', ...Object.keys(versions)], rows)
}

/** What one of the producers does: a row for each version, a column for each group of cases. */
export function shortTable({ cases, versions }: MatrixResults, producer: ProducerName): string {
  const groupOf = cases[producer]
  const groups = [...new Set(Object.values(groupOf))]
  const rows = Object.entries(versions).map(([version, record]) => {
    const cells = groups.map((group) => groupCell(record[producer], namesOf(groupOf, group)))
    return [version, ...cells]
  })
  return markdown(['broker', ...groups], rows)
}

function namesOf(groupOf: Readonly<Record<string, string>>, group: string): string[] {
  return Object.keys(groupOf).filter((name) => groupOf[name] === group)
}

function groupCell(version: CaseRecords, names: readonly string[]): string {
  const records = names.flatMap((name) => version[name] ?? [])
  const failed = records.filter(({ outcome }) => outcome === 'failed').length
  if (failed > 0) return records.length > 1 ? `${FAILED} ${failed} of ${records.length}` : cell(records[0])
  return cell(records[0])
}

function cell(record: CaseRecord | undefined): string {
  if (record === undefined) return NOT_CONCERNED
  if (record.outcome === 'passed') return record.figure ?? PASSED
  return record.figure === undefined ? FAILED : `${FAILED} ${record.figure}`
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = `|${head.map((_, i) => (i === 0 ? '---' : ':-:')).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}
