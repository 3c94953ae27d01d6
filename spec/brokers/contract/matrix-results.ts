/**
 * What the last run of the matrix found, as a file that is committed: version → producer → case → outcome. The tables of README
 * and docs/BROKERS.md are made from it and from nothing else.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { contractCases } from './cases/index.js'
import { type ContractCase, PRODUCERS, type ProducerName, producerOf } from './contract-case.js'
import type { CaseResults } from './run-contract.js'

export interface CaseRecord {
  readonly outcome: 'passed' | 'failed'
  /** What the case measured or found. */
  readonly figure?: string
}

/** Cases a version is not concerned with are absent. */
export type CaseRecords = Readonly<Record<string, CaseRecord>>
export type ByProducer<T> = Readonly<Record<ProducerName, T>>
export type VersionRecord = ByProducer<CaseRecords>

export interface MatrixResults {
  /** Cases in the order of the table, with the group that stands for them in the short one. */
  readonly cases: ByProducer<Readonly<Record<string, string>>>
  /** Oldest first. */
  readonly versions: Readonly<Record<string, VersionRecord>>
}

const FILE = new URL('../matrix-results.json', import.meta.url)

export function readMatrixResults(): MatrixResults {
  if (!existsSync(FILE)) return { cases: byProducer(() => ({})), versions: {} }
  return JSON.parse(readFileSync(FILE, 'utf8')) as MatrixResults
}

export function writeMatrixResults(results: MatrixResults): void {
  writeFileSync(FILE, `${JSON.stringify(results, null, 2)}\n`)
}

function byProducer<T>(of: (producer: ProducerName) => T): ByProducer<T> {
  return Object.fromEntries(PRODUCERS.map((producer) => [producer, of(producer)])) as ByProducer<T>
}

/** @param results - null when the broker could not be used: its version has failed in everything. */
export function recordOf(cases: readonly ContractCase[], results: CaseResults | null): VersionRecord {
  return byProducer((producer) => {
    const records = cases
      .filter((one) => producerOf(one) === producer)
      .map((one) => {
        const result = results?.get(one)
        const outcome = result && !result.error ? 'passed' : 'failed'
        const figure = result?.figure
        return [one.name, { outcome, ...(figure !== undefined && { figure }) }] as const
      })
    return Object.fromEntries(records)
  })
}

export interface MergeOptions {
  /** Oldest first; others are left out. */
  readonly allVersions: readonly string[]
  /** Figures of {@link ContractCase.isTiming} stay as they were, where a case passed before and now. Default false. */
  readonly keepsTimings?: boolean
}

/** Versions that did not run keep their earlier record. */
export function merged(
  earlier: MatrixResults,
  latest: ReadonlyMap<string, VersionRecord>,
  { allVersions, keepsTimings = false }: MergeOptions,
): MatrixResults {
  const versions = allVersions.flatMap((version) => {
    const [before, now] = [earlier.versions[version], latest.get(version)]
    const record = before && now && keepsTimings ? withTimingsOf(before, now) : (now ?? before)
    return record ? [[version, record] as const] : []
  })
  const cases = byProducer((producer) => {
    const own = contractCases.filter((one) => producerOf(one) === producer)
    return Object.fromEntries(own.map(({ name, group }) => [name, group]))
  })
  return { cases, versions: Object.fromEntries(versions) }
}

function withTimingsOf(before: VersionRecord, now: VersionRecord): VersionRecord {
  return byProducer((producer) => {
    const timed = contractCases.filter((one) => one.isTiming && producerOf(one) === producer)
    const kept = timed.flatMap(({ name }) => {
      const [then, again] = [before[producer][name], now[producer][name]]
      return then?.outcome === 'passed' && again?.outcome === 'passed' ? [[name, then] as const] : []
    })
    return { ...now[producer], ...Object.fromEntries(kept) }
  })
}
