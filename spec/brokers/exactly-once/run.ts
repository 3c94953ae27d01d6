/**
 * One exactly-once run on one cluster: producer processes send for some time while brokers and producers have faults, then all
 * of it is healed, ended, read back and judged.
 */

import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkHistory, type Violation } from '../../support/exactly-once/check-history.js'
import type { ProducerHistory } from '../../support/exactly-once/history.js'
import type { KafkaCluster } from '../support/index.js'
import type { BrokerFault } from './broker-faults.js'
import { injectFaults, type ProducerFaultCounts } from './inject-faults.js'
import { ProducerChain } from './producer-chain.js'
import type { FixedSettings } from './producer-setup.js'
import { readBack } from './read-back.js'

export type TrafficKind = 'idempotent' | 'transactional'

const CHAINS = 2
const PARTITIONS = 3

/** A cluster that keeps what it acknowledged through any one fault. */
export const SAFE_SETTINGS = {
  'min.insync.replicas': 2,
  'unclean.leader.election.enable': false,
  'offsets.topic.replication.factor': 3,
  'transaction.state.log.replication.factor': 3,
  'transaction.state.log.min.isr': 2,
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 5000,
} as const

export interface RunOptions {
  readonly cluster: KafkaCluster
  readonly kind: TrafficKind
  /** Name of a topic that does not exist yet. */
  readonly topic: string
  readonly seconds: number
  readonly seed: number
  readonly brokerFaults: readonly BrokerFault[]
  /** Longest time between two faults of producers. Default 6 s. */
  readonly producerFaultEveryMs?: number
  /** Folder with the library's sources. Default: this project's. */
  readonly library?: string
  /** What producers do not choose by their seeds. */
  readonly fixed?: FixedSettings
  /** Something else that happens after half of the time. */
  readonly halfway?: () => Promise<void>
}

export interface RunResult {
  readonly histories: readonly ProducerHistory[]
  readonly violations: readonly Violation[]
  readonly brokerFaults: Readonly<Record<BrokerFault, number>>
  readonly producerFaults: ProducerFaultCounts
  readonly read: number
}

export async function runExactlyOnce(options: RunOptions): Promise<RunResult> {
  const { cluster, kind, topic } = options
  const isTransactional = kind === 'transactional'
  await cluster.createTopic(topic, { partitions: PARTITIONS, replicationFactor: 3 })
  const chains = Array.from({ length: CHAINS }, (_, i) => new ProducerChain(chainOptions(options, i)))
  try {
    await Promise.all(chains.map((chain) => chain.start()))
    const faults = await injectFaults({ ...options, partitions: PARTITIONS }, chains)
    await Promise.all(chains.map((chain) => chain.close()))
    const histories = chains.flatMap((chain) => chain.histories())
    const groups = isTransactional ? chains.map((_, i) => chainName(options, i)) : []
    const { bootstrap } = cluster
    const read = await readBack({ bootstrap, topic, groups, isCommittedOnly: isTransactional })
    const crashes = chains.flatMap(({ crashed }) => crashed)
    // Nothing that producers did can be concluded from it.
    if (crashes.length > 0) throw new Error(`a producer process crashed: ${crashes.join('; ')}`)
    return { histories, violations: checkHistory(histories, read), read: read.records.length, ...faults }
  } finally {
    await Promise.all(chains.map((chain) => chain.killAll()))
  }
}

function chainName({ topic, kind }: RunOptions, index: number): string {
  return `${topic}-${kind[0]}${index}`
}

function chainOptions(options: RunOptions, index: number) {
  const { cluster, topic, kind, seed, fixed, library = path.resolve('lib') } = options
  return {
    library: pathToFileURL(path.join(library, 'kafka-producer/index.ts')).href,
    bootstrap: cluster.bootstrap,
    topic,
    partitions: PARTITIONS,
    chain: chainName(options, index),
    isTransactional: kind === 'transactional',
    seed: seed * 10 + index,
    folder: cluster.folder,
    ...(fixed && { fixed }),
  }
}
