/**
 * The Java client as judge: what it put on the wire, KafkaProducer must put there too.
 *
 * Each scenario is one spec. They are played some at a time before the first one, because their waits are
 * real; a spec only judges. Where a decision of ours departs, departures.ts says which and what we do instead.
 */
import { expect } from 'chai'
import { differences } from './compare.js'
import { asOurs, departures } from './departures.js'
import type { ProducerUnderTest } from './driven-producer.js'
import { play } from './play.js'
import { type Golden, readGolden } from './scenario.js'
import { type Trace, traceOfTranscript } from './trace.js'

const AT_A_TIME = 12
const TIMEOUT_MS = 120_000

const groups: Readonly<Record<string, string>> = {
  a: 'acks',
  b: 'batches and memory',
  c: 'configuration',
  e: 'errors and retries',
  f: 'flush, close and callbacks',
  i: 'idempotence',
  m: 'metadata',
  n: 'interceptors and serializers',
  o: 'brokers of other releases',
  p: 'partitions',
  r: 'records on the wire',
  t: 'throttling',
  x: 'transactions',
}

/** Declares the specs; called once, by the spec file that imports the class. */
export function describeScenarios(underTest: ProducerUnderTest): void {
  describe('KafkaProducer does what the Java client did', () => {
    const golden = readGolden().map(asOurs)
    let played: ReadonlyMap<string, Trace | Error>

    before(async function () {
      this.timeout(TIMEOUT_MS)
      played = await playAll(golden, underTest)
    })

    for (const [letter, title] of Object.entries(groups)) {
      describe(title, () => {
        for (const one of golden.filter(({ scenario }) => scenario.name.startsWith(letter)))
          it(titleOf(one), () => judge(one, played.get(one.scenario.name)!))
      })
    }
  })
}

function titleOf({ scenario }: Golden): string {
  const departure = departures[scenario.name]
  const ours = departure ? ` (ours, ${departure.decision}: ${departure.because})` : ''
  return `${scenario.name}: ${scenario.desc}${ours}`
}

function judge({ scenario, transcript }: Golden, trace: Trace | Error): void {
  if (trace instanceof Error) throw trace
  expect(differences(scenario, traceOfTranscript(transcript), trace)).to.deep.equal([])
}

/** Plays all, {@link AT_A_TIME} at once; a play that breaks off is the result of its own scenario. */
export async function playAll(
  golden: readonly Golden[],
  underTest: ProducerUnderTest,
): Promise<Map<string, Trace | Error>> {
  const played = new Map<string, Trace | Error>()
  const waiting = [...golden]
  const next = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const { scenario } = one
      played.set(scenario.name, await play(scenario, underTest).catch((error: Error) => error))
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, next))
  return played
}
