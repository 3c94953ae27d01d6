/**
 * The language in which a scripted cluster is described: what it looks like and what goes wrong.
 *
 * It is the `cluster` and `rules` part of a golden scenario (spec/vectors/golden/README.md), so recorded
 * scenarios and specs written by hand drive the same brokers. Types only.
 */

/** A partition as metadata reports it. */
export interface PartitionScript {
  id: number
  /** Broker id; −1 for none. */
  leader: number
  /** Default: the leader alone, or nobody where there is none. */
  replicas?: number[]
  /** Default: as `replicas`. */
  isr?: number[]
  /** Default 0, or 5 where there is no leader. */
  error?: number
}

export interface TopicScript {
  /** Topic-level error in metadata, default 0. */
  error?: number
  partitions: PartitionScript[]
}

export interface ClusterScript {
  /** How many; their ids are 0 … brokers − 1. */
  brokers: number
  topics?: Record<string, TopicScript>
  /** Not listening at first; `up` starts them. */
  down?: number[]
  /** Connection attempts get no answer at all. */
  blackhole?: number[]
  /** Running, but missing from the broker list of metadata answers. */
  unlisted?: number[]
  /** An unknown topic answers 5 without partitions `after` times, then exists. */
  autoCreate?: { after: number; topic: TopicScript }
  /** What metadata says of a broker's address, where that is not the truth. */
  advertise?: Record<string, { host?: string; port?: number; brokerPort?: number }>
}

/** How an answer is spoiled; see delivery.ts. */
export type Action =
  | 'close'
  | 'reset'
  | 'silent'
  | 'half'
  | 'halfSilent'
  | 'drip'
  | 'badCorrelation'
  | 'zeroSize'
  | 'zeroSizeThenFrame'
  | 'negSize'
  | 'truncatedBody'
  | 'trailing'

/** One change to the cluster. */
export interface Change {
  leader?: { topic: string; partition: number; to: number }
  down?: number
  up?: number
  topic?: { name: string; to: TopicScript }
  unlist?: number
  list?: number
}

/**
 * What goes wrong, and when. Each rule counts the requests (or connections) that fit its filters and acts on
 * those that `nth`, or `from` and `to`, name; counts start at 1, and a rule that names none acts always.
 */
export interface Rule {
  on: 'produce' | 'metadata' | 'connect'
  broker?: number
  topic?: string
  /** Produce only. */
  partition?: number
  nth?: number | number[]
  from?: number
  to?: number

  /** Produce: error code of the partitions the filters name. Metadata: as `topicError`. */
  error?: number
  /** Metadata: the topic answers this code and no partitions. */
  topicError?: number
  /** Partition id → error code, in every topic the filters name. */
  partitionErrors?: Record<string, number>
  /** Leaves this partition out of the produce answer. */
  dropPartition?: number
  /** Adds an entry for this partition to the produce answer, with code `extraError` (default 0). */
  extraPartition?: number
  extraError?: number
  /** The name that stands in the produce answer instead of each topic's own. */
  renameTopic?: string
  /** Waits before answering; later requests of the same connection wait as well. */
  delayMs?: number
  action?: Action
  /** Milliseconds between the bytes of `drip`, default 150. */
  dripMs?: number
  /** Metadata: changes made before the answer is built. */
  before?: Change[]
  /** Changes made when the answer is built and not yet sent. */
  then?: Change[]
}
