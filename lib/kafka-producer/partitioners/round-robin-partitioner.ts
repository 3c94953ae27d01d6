/**
 * `org.apache.kafka.clients.producer.RoundRobinPartitioner`: one partition after the other, whatever the key, per topic.
 *
 * Only partitions with a leader, in ascending order; where none has one, all. It is asked once per record, so no partition
 * is passed over when a batch begins, as in clients before 4.0 (KAFKA-9965).
 */
import type { Partitioner, TopicView } from './partitioner.js'

export class RoundRobinPartitioner implements Partitioner {
  readonly #counters = new PartitionCounters(() => 0)

  partition(
    topic: string,
    _key: unknown,
    _keyBytes: Uint8Array | null,
    _value: unknown,
    _valueBytes: Uint8Array | null,
    cluster: TopicView,
  ): number {
    return this.#counters.next(topic, cluster)
  }
}

/** A counter per topic, and the partition that it points at. */
export class PartitionCounters {
  readonly #next = new Map<string, number>()
  readonly #start: () => number

  /** @param start - where the counter of a topic begins, an integer from 0 on. */
  constructor(start: () => number) {
    this.#start = start
  }

  next(topic: string, { available, partitionCount }: TopicView): number {
    const counter = this.#next.get(topic) ?? this.#start()
    this.#next.set(topic, (counter + 1) & 0x7fffffff)
    return available.length > 0 ? available[counter % available.length]! : counter % partitionCount
  }
}
