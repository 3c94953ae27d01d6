/**
 * Writes the table of versions, listeners and mechanisms into docs/SECURITY-SETUP.md, from the results that
 * `npm run test:security` left.
 *
 *     tsx scripts/security-docs.ts            writes what is out of date
 *     tsx scripts/security-docs.ts --check    changes nothing; exits 1 and names what is out of date
 */
import { pathToFileURL } from 'node:url'
import { readSecurityResults, type SecurityResults } from '../spec/brokers/security/security-results.js'
import { updateParts } from './generated-part.js'

const OUTCOMES = { passed: '✓', failed: '✗' } as const
/** The version does not know it. */
const UNKNOWN = '–'

/** A row for each listener with each mechanism, and for each refusal; a column for each version. */
export function securityTable(results: SecurityResults): string {
  const versions = Object.entries(results)
  // The newest version has them all, in the order of the specs; a row of an older one alone would come after them.
  const names = new Set([...versions].reverse().flatMap(([, record]) => Object.keys(record)))
  const rows = [...names].map((name) => {
    const cells = versions.map(([, record]) => (record[name] ? OUTCOMES[record[name]] : UNKNOWN))
    return `| ${[name, ...cells].join(' | ')} |`
  })
  const head = `| ${['', ...versions.map(([version]) => version)].join(' | ')} |`
  const rule = `|---|${versions.map(() => ':-:|').join('')}`
  return [head, rule, ...rows].join('\n')
}

/** Returns the exit code. */
export function writeSecurityDocs(isCheck: boolean): number {
  const content = securityTable(readSecurityResults())
  const source = 'spec/brokers/security-results.json'
  return updateParts([{ document: 'docs/SECURITY-SETUP.md', name: 'security', content, source }], isCheck)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = writeSecurityDocs(process.argv.includes('--check'))
}
