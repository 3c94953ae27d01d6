/**
 * Root hooks of the broker specs: checks the machine first, keeps what a failed spec leaves to look at, and
 * lets no cluster outlive the run.
 */
import type { Context, RootHookObject, Suite } from 'mocha'
import { livingClusters } from './cluster.js'
import { missingPrerequisites } from './prerequisites.js'

export const mochaHooks: RootHookObject = {
  /** Without Java or Maven the whole run is skipped, and says so; with CI=true it fails. */
  beforeAll(this: Context) {
    const missing = missingPrerequisites()
    if (missing.length === 0) return
    if (process.env.CI === 'true') throw new Error(`the broker specs cannot run: ${missing.join('; ')}`)
    const count = rootOf(this).total()
    process.stderr.write(skipNotice(count, missing))
    this.skip()
  },

  afterEach(this: Context) {
    const test = this.currentTest
    if (test?.state !== 'failed') return
    for (const cluster of livingClusters()) cluster.keep(`spec "${test.fullTitle()}" failed`)
  },

  async afterAll() {
    const left = livingClusters()
    await Promise.all(left.map((cluster) => cluster.stop()))
    if (left.length > 0)
      throw new Error(`${left.length} clusters were not stopped by the specs that started them`)
  },
}

function rootOf(context: Context): Suite {
  return context.test!.parent!
}

function skipNotice(count: number, missing: readonly string[]): string {
  const rule = '!'.repeat(78)
  const reasons = missing.map((reason) => `!! ${reason}\n`).join('')
  return `\n${rule}\n!! SKIPPED: all ${count} specs against real Kafka brokers.\n${reasons}${rule}\n\n`
}
