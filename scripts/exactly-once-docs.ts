/**
 * Writes the tables of the last exactly-once runs into docs/BROKERS.md, from the results that
 * `npm run test:exactly-once -- --write` left.
 *
 *     tsx scripts/exactly-once-docs.ts            writes what is out of date
 *     tsx scripts/exactly-once-docs.ts --check    changes nothing; exits 1 and names what is out of date
 */
import { pathToFileURL } from 'node:url'
import { readResults } from '../spec/brokers/exactly-once/results.js'
import { exactlyOnceSection } from './exactly-once-tables.js'
import { updateParts } from './generated-part.js'

/** Returns the exit code. */
export function writeExactlyOnceDocs(isCheck: boolean): number {
  const content = exactlyOnceSection(readResults())
  const source = 'spec/brokers/exactly-once/results.json'
  return updateParts([{ document: 'docs/BROKERS.md', name: 'exactly-once', content, source }], isCheck)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = writeExactlyOnceDocs(process.argv.includes('--check'))
}
