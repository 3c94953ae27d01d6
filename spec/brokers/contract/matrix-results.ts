/**
 * What the last run of the matrix found, as a file that is committed: version → case → outcome. The tables of README
 * and docs/BROKERS.md are made from it and from nothing else.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { contractCases } from './cases/index.js'
import type { ContractCase } from './contract-case.js'
import type { CaseResult } from './run-contract.js'

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

/** @param results - null when the broker could not be used: its version has failed in everything. */
export function recordOf(
  cases: readonly ContractCase[],
  results: ReadonlyMap<string, CaseResult> | null,
): VersionRecord {
  const records = cases.map(({ name }): [string, CaseRecord] => {
    const result = results?.get(name)
    const outcome = result && !result.error ? 'passed' : 'failed'
    return [name, { outcome, ...(result?.figure !== undefined && { figure: result.figure }) }]
  })
  return Object.fromEntries(records)
}

/** Versions that did not run keep their earlier record; the order is that of `allVersions`, which leaves out others. */
export function merged(
  earlier: MatrixResults,
  latest: ReadonlyMap<string, VersionRecord>,
  allVersions: readonly string[],
): MatrixResults {
  const versions = allVersions.flatMap((version) => {
    const record = latest.get(version) ?? earlier.versions[version]
    return record ? [[version, record] as const] : []
  })
  const cases = contractCases.map(({ name, group }) => [name, group] as const)
  return { cases: Object.fromEntries(cases), versions: Object.fromEntries(versions) }
}
