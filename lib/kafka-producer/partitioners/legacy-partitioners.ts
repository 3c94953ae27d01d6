/**
 * How clients before 3.3 chose the partition of records without a key, for configurations written for them.
 *
 * Up to 2.3 `DefaultPartitioner` rotated over the partitions with a leader. From 2.4 to 3.2 it stayed on one until a
 * record would begin a new batch (KIP-480); `UniformStickyPartitioner` does so for records with a key as well.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-480
 */
import { partitionOfKey } from '../murmur2.js'
import type { Partitioner, TopicView } from './partitioner.js'
import { PartitionCounters } from './round-robin-partitioner.js'

/** An integer from 0 to 2³¹ − 1. */
const random = (): number => Math.floor(Math.random() * 0x80000000)

/** `DefaultPartitioner` of clients up to 2.3: the hash of the key, else one partition after the other from a random one on. */
export class RotatingPartitioner implements Partitioner {
  readonly #counters: PartitionCounters

  constructor(randomInt: () => number = random) {
    this.#counters = new PartitionCounters(randomInt)
  }

  partition(
    topic: string,
    _key: unknown,
    keyBytes: Uint8Array | null,
    _value: unknown,
    _valueBytes: Uint8Array | null,
    cluster: TopicView,
  ): number {
    return keyBytes === null
      ? this.#counters.next(topic, cluster)
      : partitionOfKey(keyBytes, cluster.partitionCount)
  }
}

/** `UniformStickyPartitioner`: one partition per topic until a batch is full, whatever the key. */
export class UniformStickyPartitioner implements Partitioner {
  readonly #current = new Map<string, number>()
  readonly #random: () => number

  constructor(randomInt: () => number = random) {
    this.#random = randomInt
  }

  partition(
    topic: string,
    _key: unknown,
    _keyBytes: Uint8Array | null,
    _value: unknown,
    _valueBytes: Uint8Array | null,
    cluster: TopicView,
  ): number {
    return this.#current.get(topic) ?? this.#choose(topic, cluster, undefined)
  }

  /** Several records may ask for a new batch of the same partition: the first one switches. */
  onNewBatch(topic: string, cluster: TopicView, previousPartition: number): void {
    const current = this.#current.get(topic)
    if (current === undefined || current === previousPartition) this.#choose(topic, cluster, current)
  }

  #choose(topic: string, { available, partitionCount }: TopicView, current: number | undefined): number {
    const others = available.length > 1 ? available.filter((partition) => partition !== current) : available
    const chosen =
      others.length > 0 ? others[this.#random() % others.length]! : this.#random() % partitionCount
    this.#current.set(topic, chosen)
    return chosen
  }
}

/** `DefaultPartitioner` of clients from 2.4 on: the hash of the key, else as {@link UniformStickyPartitioner}. */
export class DefaultPartitioner extends UniformStickyPartitioner {
  override partition(
    topic: string,
    key: unknown,
    keyBytes: Uint8Array | null,
    value: unknown,
    valueBytes: Uint8Array | null,
    cluster: TopicView,
  ): number {
    if (keyBytes !== null) return partitionOfKey(keyBytes, cluster.partitionCount)
    return super.partition(topic, key, keyBytes, value, valueBytes, cluster)
  }
}
