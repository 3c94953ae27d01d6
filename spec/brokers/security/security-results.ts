/**
 * What the last run of `npm run test:security` found, as a file that is committed: version → row → outcome. The table of
 * docs/SECURITY-SETUP.md is made from it and from nothing else.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** Rows that a version is not concerned with are absent. */
export type SecurityRecord = Readonly<Record<string, 'passed' | 'failed'>>

/** Oldest version first. */
export type SecurityResults = Readonly<Record<string, SecurityRecord>>

const FILE = new URL('../security-results.json', import.meta.url)

/** Those at which TLS, mechanisms or the way to log in changed. Oldest first. */
export const SECURED_VERSIONS: readonly string[] = [
  '0.9.0.1',
  '0.10.2.2',
  '0.11.0.3',
  '1.1.1',
  '2.8.2',
  '3.9.2',
  '4.3.1',
  '4.4.0',
]

export function readSecurityResults(): SecurityResults {
  if (!existsSync(FILE)) return {}
  return JSON.parse(readFileSync(FILE, 'utf8')) as SecurityResults
}

export function writeSecurityResults(results: SecurityResults): void {
  writeFileSync(FILE, `${JSON.stringify(results, null, 2)}\n`)
}

/** Versions that did not run keep their earlier record; unknown ones are dropped. */
export function mergedSecurity(
  earlier: SecurityResults,
  latest: ReadonlyMap<string, SecurityRecord>,
): SecurityResults {
  const all = SECURED_VERSIONS.flatMap((version) => {
    const record = latest.get(version) ?? earlier[version]
    return record ? [[version, record] as const] : []
  })
  return Object.fromEntries(all)
}
