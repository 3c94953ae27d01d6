/**
 * The original as judge: what the Scala producer 0.8.2.2 put on the wire, our producer must put there too.
 *
 * Each scenario is one spec. They are played a few at a time before the specs of their group, because their waits
 * are real; a spec only judges. Where a decision of ours departs, departures.ts says which and what we do instead.
 */
import { expect } from 'chai'
import { Producer, ProducerConfig } from '../../lib/index.js'
import { differences } from './compare.js'
import { brokenClaims, departures } from './departures.js'
import { expectationOf } from './expectation.js'
import { oracleClasses } from './oracle-classes.js'
import { type ProducerFactory, type Replayed, replay } from './replay.js'
import { readScenarios, type Scenario } from './scenario.js'

const AT_A_TIME = 8
const GROUP_TIMEOUT_MS = 60_000

const groups: Record<string, string> = {
  a: 'plain sends',
  b: 'partitions and keys',
  c: 'encoders',
  d: 'compression',
  e: 'failures and retries',
  f: 'metadata',
  g: 'async mode',
  h: 'concurrent sends',
  i: 'configuration',
  j: 'sends beside metrics',
}

const makeProducer: ProducerFactory = (properties, logger) =>
  new Producer(new ProducerConfig({ ...properties, 'broker.version': '0.8.2' }, { logger }), {
    logger,
    classes: oracleClasses,
  })

/** Plays all, {@link AT_A_TIME} at once. */
async function replayAll(scenarios: readonly Scenario[]): Promise<Map<string, Replayed>> {
  const replayedByName = new Map<string, Replayed>()
  const waiting = [...scenarios]
  const player = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      replayedByName.set(next.name, await replay(next, makeProducer))
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, player))
  return replayedByName
}

describe('compared with the Scala producer 0.8.2.2', () => {
  const scenarios = readScenarios()

  it('plays every scenario, and departs only in scenarios that exist', () => {
    expect(scenarios.filter(({ name }) => groups[name.charAt(0)] === undefined)).to.deep.equal([])
    expect(scenarios).to.have.length(71)
    expect(scenarios.map(({ name }) => name)).to.include.members(Object.keys(departures))
  })

  for (const [letter, title] of Object.entries(groups)) {
    describe(title, () => {
      const group = scenarios.filter(({ name }) => name.startsWith(letter))
      let replayedByName: Map<string, Replayed>

      before(async function () {
        this.timeout(GROUP_TIMEOUT_MS)
        replayedByName = await replayAll(group)
      })

      for (const scenario of group) {
        const departure = departures[scenario.name]
        const ours = departure ? ` (ours, ${departure.decision}: ${departure.because})` : ''
        it(`${scenario.name}: ${scenario.desc}${ours}`, () => {
          const replayed = replayedByName.get(scenario.name)!
          const original = expectationOf(scenario)
          const expected = departure?.expectation?.(original) ?? original
          const found = [...differences(scenario, expected, replayed), ...brokenClaims(departure, replayed)]
          expect(found).to.deep.equal([])
        })

        for (const { title: what, rules, expectation } of departure?.variants ?? []) {
          it(`${scenario.name}: ${what} (ours, ${departure?.decision})`, async () => {
            const replayed = await replay({ ...scenario, rules }, makeProducer)
            expect(differences(scenario, expectation(expectationOf(scenario)), replayed)).to.deep.equal([])
          })
        }
      }
    })
  }
})
