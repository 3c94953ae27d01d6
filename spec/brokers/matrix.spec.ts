/**
 * The whole contract on every version, one after the other. Leaves its results in matrix-results.json, writes the tables
 * of the documents from them and prints them.
 *
 * KAFKA_VERSIONS=0.8.0,4.3.1 runs these only; the results of the others stay as they were.
 */
import { writeMatrixDocs } from '../../scripts/matrix-docs.js'
import { fullTable } from '../../scripts/matrix-tables.js'
import { describeContract } from './contract/describe-contract.js'
import {
  merged,
  readMatrixResults,
  recordOf,
  type VersionRecord,
  writeMatrixResults,
} from './contract/matrix-results.js'
import { casesFor } from './contract/run-contract.js'
import { KAFKA_VERSIONS, kafkaVersion } from './support/index.js'

const wanted = process.env.KAFKA_VERSIONS?.split(',').map((version) => kafkaVersion(version.trim()).version)
const all = KAFKA_VERSIONS.map(({ version }) => version)

describe('The matrix', () => {
  const latest = new Map<string, VersionRecord>()

  for (const version of wanted ?? all) {
    describeContract(version, 'full', (results) => latest.set(version, recordOf(casesFor(version), results)))
  }

  after(() => {
    if (latest.size === 0) return
    const results = merged(readMatrixResults(), latest, all)
    writeMatrixResults(results)
    console.log(fullTable(results))
    if (writeMatrixDocs(false) !== 0) throw new Error('the tables could not be written into the documents')
  })
})
