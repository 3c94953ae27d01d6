/**
 * Writes the tables about brokers into the documents: what the matrix found, from the results that `npm run test:matrix`
 * left, and what is spoken with which release.
 *
 *     tsx scripts/matrix-docs.ts            writes what is out of date
 *     tsx scripts/matrix-docs.ts --check    changes nothing; exits 1 and names what is out of date
 */
import { pathToFileURL } from 'node:url'
import { PRODUCERS, type ProducerName } from '../spec/brokers/contract/contract-case.js'
import { readMatrixResults } from '../spec/brokers/contract/matrix-results.js'
import { type GeneratedPart, updateParts } from './generated-part.js'
import { fullTable, shortTable } from './matrix-tables.js'
import { protocolTable } from './protocol-table.js'

const source = 'spec/brokers/matrix-results.json'
const partNames: Readonly<Record<ProducerName, string>> = {
  Producer: 'matrix',
  KafkaProducer: 'matrix-kafka-producer',
}

/** Returns the exit code. */
export function writeMatrixDocs(isCheck: boolean): number {
  const results = readMatrixResults()
  const tables = PRODUCERS.flatMap((producer): GeneratedPart[] => {
    const name = partNames[producer]
    return [
      { document: 'README.md', name, content: shortTable(results, producer), source },
      { document: 'docs/BROKERS.md', name, content: fullTable(results, producer), source },
    ]
  })
  const protocol = { document: 'docs/BROKERS.md', name: 'protocol', content: protocolTable() }
  return updateParts([...tables, { ...protocol, source: 'lib/protocol/releases.ts' }], isCheck)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = writeMatrixDocs(process.argv.includes('--check'))
}
