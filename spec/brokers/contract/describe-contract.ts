/**
 * The contract as specs: one suite per version, one spec per case. All writing and reading happens in the hook before
 * them; the specs report what came of it.
 */
import type { Scope } from './contract-case.js'
import { type CaseResult, casesFor, runContract } from './run-contract.js'

/** Much longer than any version takes; the broker's start and each case have limits of their own. */
const VERSION_LIMIT_MS = 300_000

/** @param report - gets the results of the version, or null when its broker could not be used. */
export function describeContract(
  version: string,
  scope: Scope,
  report: (results: ReadonlyMap<string, CaseResult> | null) => void = () => {},
): void {
  describe(`The producer on a real Kafka ${version}`, () => {
    let results: ReadonlyMap<string, CaseResult> | null = null

    before(async function () {
      this.timeout(VERSION_LIMIT_MS)
      results = await runContract(version, scope)
    })

    after(() => report(results))

    for (const { name, title } of casesFor(version)) {
      it(title, () => {
        const result = results?.get(name)
        if (!result) throw new Error(`no result for ${name}`)
        if (result.error) throw result.error
      })
    }
  })
}
