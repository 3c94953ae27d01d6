/**
 * The whole contract on every version, one after the other. Leaves its results in matrix-results.json, writes the tables
 * of the documents from them and prints them.
 *
 * KAFKA_VERSIONS=0.8.0,4.3.1 runs these only; the results of the others stay as they were.
 */
import { writeMatrixDocs } from '../../scripts/matrix-docs.js'
import { fullTable } from '../../scripts/matrix-tables.js'
import { contractCases } from './contract/cases/index.js'
import { describeContract } from './contract/describe-contract.js'
import {
  type CaseRecord,
  type MatrixResults,
  readMatrixResults,
  type VersionRecord,
  writeMatrixResults,
} from './contract/matrix-results.js'
import { type CaseResult, casesFor } from './contract/run-contract.js'
import { KAFKA_VERSIONS, kafkaVersion } from './support/index.js'

const wanted = process.env.KAFKA_VERSIONS?.split(',').map((version) => kafkaVersion(version.trim()).version)
const all = KAFKA_VERSIONS.map(({ version }) => version)

/** A version whose broker could not be used has failed in everything. */
function recordOf(version: string, results: ReadonlyMap<string, CaseResult> | null): VersionRecord {
  const records = casesFor(version).map(({ name }): [string, CaseRecord] => {
    const result = results?.get(name)
    const outcome = result && !result.error ? 'passed' : 'failed'
    return [name, { outcome, ...(result?.figure !== undefined && { figure: result.figure }) }]
  })
  return Object.fromEntries(records)
}

function merged(earlier: MatrixResults, latest: ReadonlyMap<string, VersionRecord>): MatrixResults {
  const versions = all.flatMap((version) => {
    const record = latest.get(version) ?? earlier.versions[version]
    return record ? [[version, record] as const] : []
  })
  const cases = contractCases.map(({ name, group }) => [name, group] as const)
  return { cases: Object.fromEntries(cases), versions: Object.fromEntries(versions) }
}

describe('The matrix', () => {
  const latest = new Map<string, VersionRecord>()

  for (const version of wanted ?? all) {
    describeContract(version, 'full', (results) => latest.set(version, recordOf(version, results)))
  }

  after(() => {
    if (latest.size === 0) return
    const results = merged(readMatrixResults(), latest)
    writeMatrixResults(results)
    console.log(fullTable(results))
    if (writeMatrixDocs(false) !== 0) throw new Error('the tables could not be written into the documents')
  })
})
