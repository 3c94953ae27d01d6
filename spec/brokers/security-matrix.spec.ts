/**
 * TLS, SASL and ACLs on every version that differs in them, one after the other. Leaves its results in security-results.json and
 * writes the table of docs/SECURITY-SETUP.md from them.
 *
 * KAFKA_VERSIONS=0.9.0.1,4.3.1 runs these only; the results of the others stay as they were.
 */
import { writeSecurityDocs } from '../../scripts/security-docs.js'
import { describeSecurity } from './security/describe-security.js'
import {
  mergedSecurity,
  readSecurityResults,
  SECURED_VERSIONS,
  type SecurityRecord,
  writeSecurityResults,
} from './security/security-results.js'
import { kafkaVersion } from './support/index.js'

const wanted =
  process.env.KAFKA_VERSIONS?.split(',').map((version) => kafkaVersion(version.trim()).version) ??
  SECURED_VERSIONS

describe('The matrix of security', () => {
  const latest = new Map<string, SecurityRecord>()

  for (const version of wanted) describeSecurity(version, (record) => latest.set(version, record))

  after(() => {
    if (latest.size === 0) return
    writeSecurityResults(mergedSecurity(readSecurityResults(), latest))
    if (writeSecurityDocs(false) !== 0) throw new Error('the table could not be written into the document')
  })
})
