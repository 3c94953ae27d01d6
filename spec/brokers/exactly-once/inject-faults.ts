/** The faults of a run: those of brokers one after the other, those of producers one after the other, both side by side. */
import { setTimeout as pause } from 'node:timers/promises'
import { SeededRandom } from '../../support/seeded-random.js'
import { type BrokerFault, BrokerFaults } from './broker-faults.js'
import type { ProducerChain } from './producer-chain.js'
import type { RunOptions } from './run.js'

/** Traffic before the first fault, and after the last. */
const CALM_MS = 1500
/** On average twice as often. */
const PRODUCER_FAULT_EVERY_MS = 6000

export interface ProducerFaultCounts {
  killed: number
  fenced: number
}

export interface InjectedFaults {
  readonly brokerFaults: Readonly<Record<BrokerFault, number>>
  readonly producerFaults: ProducerFaultCounts
}

export type FaultOptions = RunOptions & { readonly partitions: number }

/** Resolves after the time of the run, and when the last fault is over. */
export async function injectFaults(
  options: FaultOptions,
  chains: readonly ProducerChain[],
): Promise<InjectedFaults> {
  const endMs = performance.now() + options.seconds * 1000
  const leftMs = (): number => endMs - performance.now()
  await pause(CALM_MS)
  const ends = await Promise.allSettled([ofBrokers(options, leftMs), ofProducers(options, chains, leftMs)])
  await pause(CALM_MS)
  const [brokers, producers] = ends
  if (brokers.status === 'rejected') throw brokers.reason
  if (producers.status === 'rejected') throw producers.reason
  return { brokerFaults: brokers.value, producerFaults: producers.value }
}

async function ofBrokers(options: FaultOptions, leftMs: () => number): Promise<Record<BrokerFault, number>> {
  const { cluster, topic, partitions, kind, seconds, seed, brokerFaults: kinds } = options
  const random = new SeededRandom(seed)
  const isTransactional = kind === 'transactional'
  const faults = new BrokerFaults({ cluster, topic, partitions, isTransactional, random, kinds })
  let { halfway } = options
  while (leftMs() > 0) {
    await faults.next()
    if (!halfway || leftMs() > seconds * 500) continue
    await halfway()
    halfway = undefined
  }
  return Object.fromEntries(faults.counts) as Record<BrokerFault, number>
}

async function ofProducers(
  { kind, seed, producerFaultEveryMs = PRODUCER_FAULT_EVERY_MS }: FaultOptions,
  chains: readonly ProducerChain[],
  leftMs: () => number,
): Promise<ProducerFaultCounts> {
  const random = new SeededRandom(seed + 1)
  const counts: ProducerFaultCounts = { killed: 0, fenced: 0 }
  while (leftMs() > producerFaultEveryMs) {
    await pause(random.int(producerFaultEveryMs))
    const chain = random.pick(chains)
    // Nothing fences a producer without transactions.
    const fault = kind === 'transactional' ? random.pick(['kill', 'fence', 'fencePaused'] as const) : 'kill'
    await chain[fault]()
    counts[fault === 'kill' ? 'killed' : 'fenced']++
  }
  return counts
}
