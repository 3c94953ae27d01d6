/**
 * The contract as specs: one suite per version, one spec per case. All writing and reading happens in the hook before
 * them; the specs report what came of it.
 */
import { PRODUCERS, producerOf, type Scope } from './contract-case.js'
import { type CaseResults, casesFor, runContract } from './run-contract.js'

/** Much longer than any version takes; the broker's start and each case have limits of their own. */
const VERSION_LIMIT_MS = 600_000

/** @param report - gets the results of the version, or null when its broker could not be used. */
export function describeContract(
  version: string,
  scope: Scope,
  report: (results: CaseResults | null) => void = () => {},
): void {
  describe(`On a real Kafka ${version}`, () => {
    let results: CaseResults | null = null

    before(async function () {
      this.timeout(VERSION_LIMIT_MS)
      results = await runContract(version, scope)
    })

    after(() => report(results))

    for (const producer of PRODUCERS) {
      for (const one of casesFor(version).filter((some) => producerOf(some) === producer)) {
        it(`${producer} ${one.title}`, () => {
          const result = results?.get(one)
          if (!result) throw new Error(`no result for ${one.name}`)
          if (result.error) throw result.error
        })
      }
    }
  })
}
