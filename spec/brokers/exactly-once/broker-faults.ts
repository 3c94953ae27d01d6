/**
 * What is done to the brokers of an exactly-once run, one thing after the other: the leader of a partition or a coordinator is
 * killed, paused for less or more than its session, or restarted cleanly. After each the run waits until all replicas are in
 * sync again: with two faults at once brokers may lose what they acknowledged, which would say nothing of the producer.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { SeededRandom } from '../../support/seeded-random.js'
import type { KafkaCluster } from '../support/index.js'

export const BROKER_FAULTS = ['kill', 'pause', 'long pause', 'restart'] as const
export type BrokerFault = (typeof BROKER_FAULTS)[number]

/** Longer than a producer of the run waits for an answer, shorter than the session of a broker. */
const SHORT_PAUSE_MS = [1700, 2500] as const
/** Longer than the session: leaders move, and the paused broker finds out afterwards. */
const LONG_PAUSE_MS = [4500, 7000] as const

export interface BrokerFaultsOptions {
  readonly cluster: KafkaCluster
  readonly topic: string
  readonly partitions: number
  readonly isTransactional: boolean
  readonly random: SeededRandom
  /** Of which one is picked each time; with repetition. */
  readonly kinds: readonly BrokerFault[]
}

export class BrokerFaults {
  readonly counts = new Map<BrokerFault, number>(BROKER_FAULTS.map((kind) => [kind, 0]))
  readonly #options: BrokerFaultsOptions

  constructor(options: BrokerFaultsOptions) {
    this.#options = options
  }

  /** One fault, from its beginning until everything is in sync again. */
  async next(): Promise<void> {
    const { random, kinds } = this.#options
    const kind = random.pick(kinds)
    const id = await this.#target()
    await this.#inject(kind, id)
    this.counts.set(kind, this.counts.get(kind)! + 1)
    for (const topic of this.#topics) await this.#options.cluster.waitForFullIsr(topic)
  }

  async #inject(kind: BrokerFault, id: number): Promise<void> {
    const { cluster, random } = this.#options
    const between = ([least, most]: readonly [number, number]): number => least + random.int(most - least)
    switch (kind) {
      case 'kill':
        await cluster.killBroker(id)
        await pause(random.int(4000))
        await cluster.startBroker(id)
        break
      case 'restart':
        await cluster.stopBroker(id)
        await pause(random.int(1000))
        await cluster.startBroker(id)
        break
      default:
        cluster.pauseBroker(id)
        await pause(between(kind === 'pause' ? SHORT_PAUSE_MS : LONG_PAUSE_MS))
        cluster.resumeBroker(id)
    }
  }

  async #target(): Promise<number> {
    const { cluster, random, partitions, topic } = this.#options
    const picked = random.pick(this.#topics)
    return cluster.leaderOf(picked, picked === topic ? random.int(partitions) : 0)
  }

  /** Coordinators lead the partitions of Kafka's own topics, which have one each here. */
  get #topics(): readonly string[] {
    const { topic, isTransactional } = this.#options
    return isTransactional ? [topic, '__transaction_state', '__consumer_offsets'] : [topic]
  }
}
