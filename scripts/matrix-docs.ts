/**
 * Writes the tables about brokers into the documents: what the matrix found, from the results that `npm run test:matrix`
 * left, and what is spoken with which release.
 *
 *     tsx scripts/matrix-docs.ts            writes what is out of date
 *     tsx scripts/matrix-docs.ts --check    changes nothing; exits 1 and names what is out of date
 */
import { pathToFileURL } from 'node:url'
import { readMatrixResults } from '../spec/brokers/contract/matrix-results.js'
import { updateParts } from './generated-part.js'
import { fullTable, shortTable } from './matrix-tables.js'
import { protocolTable } from './protocol-table.js'

const source = 'spec/brokers/matrix-results.json'

/** Returns the exit code. */
export function writeMatrixDocs(isCheck: boolean): number {
  const results = readMatrixResults()
  const parts = [
    { document: 'README.md', name: 'matrix', content: shortTable(results), source },
    { document: 'docs/BROKERS.md', name: 'matrix', content: fullTable(results), source },
    {
      document: 'docs/BROKERS.md',
      name: 'protocol',
      content: protocolTable(),
      source: 'lib/protocol/releases.ts',
    },
  ]
  return updateParts(parts, isCheck)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = writeMatrixDocs(process.argv.includes('--check'))
}
