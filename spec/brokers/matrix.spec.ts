/**
 * The whole contract on every version, one after the other. Leaves its results in matrix-results.json, writes the tables
 * of the documents from them and prints them.
 *
 * KAFKA_VERSIONS=0.8.0,4.3.1 runs these only; the results of the others stay as they were. KEEP_TIMINGS=1 leaves the
 * measured times as they were and does not judge them, for a machine that is busy with something else.
 */
import { writeMatrixDocs } from '../../scripts/matrix-docs.js'
import { fullTable } from '../../scripts/matrix-tables.js'
import { PRODUCERS } from './contract/contract-case.js'
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
    const keepsTimings = process.env.KEEP_TIMINGS === '1'
    const results = merged(readMatrixResults(), latest, { allVersions: all, keepsTimings })
    writeMatrixResults(results)
    for (const producer of PRODUCERS) console.log(`${producer}\n\n${fullTable(results, producer)}\n`)
    if (writeMatrixDocs(false) !== 0) throw new Error('the tables could not be written into the documents')
  })
})
