/**
 * The tables of the matrix on real brokers as markdown, from the results of its last run.
 */
import type { CaseRecord, MatrixResults, VersionRecord } from '../spec/brokers/contract/matrix-results.js'

const PASSED = '✓'
const FAILED = '✗'
/** The version is not concerned: it came before, or the case is about what came before it. */
const NOT_CONCERNED = '·'

/** A row for each case, a column for each version. */
export function fullTable({ cases, versions }: MatrixResults): string {
  const rows = Object.keys(cases).map((name) => {
    return [name, ...Object.values(versions).map((version) => cell(version[name]))]
  })
  return markdown(['', ...Object.keys(versions)], rows)
}

/** A row for each version, a column for each group of cases. */
export function shortTable({ cases, versions }: MatrixResults): string {
  const groups = [...new Set(Object.values(cases))]
  const rows = Object.entries(versions).map(([version, record]) => {
    return [version, ...groups.map((group) => groupCell(record, namesOf(cases, group)))]
  })
  return markdown(['broker', ...groups], rows)
}

function namesOf(cases: MatrixResults['cases'], group: string): string[] {
  return Object.keys(cases).filter((name) => cases[name] === group)
}

function groupCell(version: VersionRecord, names: readonly string[]): string {
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
