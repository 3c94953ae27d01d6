/**
 * What the last run of the matrix found, as a file that is committed: version → case → outcome. The tables of README
 * and docs/BROKERS.md are made from it and from nothing else.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

export interface CaseRecord {
  readonly outcome: 'passed' | 'failed'
  /** What the case measured or found. */
  readonly figure?: string
}

/** Cases a version is not concerned with are absent. */
export type VersionRecord = Readonly<Record<string, CaseRecord>>

export interface MatrixResults {
  /** Cases in the order of the table, with the group that stands for them in the short one. */
  readonly cases: Readonly<Record<string, string>>
  /** Oldest first. */
  readonly versions: Readonly<Record<string, VersionRecord>>
}

const FILE = new URL('../matrix-results.json', import.meta.url)

export function readMatrixResults(): MatrixResults {
  if (!existsSync(FILE)) return { cases: {}, versions: {} }
  return JSON.parse(readFileSync(FILE, 'utf8')) as MatrixResults
}

export function writeMatrixResults(results: MatrixResults): void {
  writeFileSync(FILE, `${JSON.stringify(results, null, 2)}\n`)
}
