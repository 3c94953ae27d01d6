/**
 * What chooses partitions: the contract for classes of users, and the one place that calls them.
 *
 * A record that names its partition asks nobody. Without `partitioner.class` the hash of the key decides, and of records
 * without one the accumulator, see `built-in-partitioner.ts`.
 */
import { asKafkaError, PartitionerError, printable } from '../../errors.js'
import { nameOfThrown } from '../../name-of-thrown.js'
import type { Serialized } from '../../protocol/writer.js'
import type { PluginConfig } from '../serializer.js'

/** What a partitioner may know of a topic. */
export interface TopicView {
  /** Of all partitions, with a leader or without; their numbers are 0 … partitionCount − 1. At least 1. */
  readonly partitionCount: number
  /** The numbers of the partitions whose leader is known, ascending. */
  readonly available: readonly number[]
}

/** As `org.apache.kafka.clients.producer.Partitioner`, with the view of the topic in place of the cluster. */
export interface Partitioner {
  configure?(config: PluginConfig): void
  /** @returns a number from 0 on. One that does not exist (yet) is waited for until `delivery.timeout.ms`. */
  partition(
    topic: string,
    key: unknown,
    keyBytes: Uint8Array | null,
    value: unknown,
    valueBytes: Uint8Array | null,
    cluster: TopicView,
  ): number
  /**
   * Called before a record begins a new batch, and then `partition` again; by the releases that did so: with
   * `client.defaults` 2.8 and 3.9, or where the class is one of Kafka's that need it.
   */
  onNewBatch?(topic: string, cluster: TopicView, previousPartition: number): void
  close?(): void
}

/** Key and value of a record, as given and as bytes. */
export interface PartitionedRecord {
  readonly topic: string
  readonly key: unknown
  readonly value: unknown
}

const MAX_INT32 = 0x7fffffff

/** @throws {PartitionerError} when it throws or returns anything but an integer from 0 on. */
export function askPartitioner(
  partitioner: Partitioner,
  { topic, key, value }: PartitionedRecord,
  keyBytes: Serialized,
  valueBytes: Serialized,
  cluster: TopicView,
): number {
  let partition: unknown
  try {
    partition = partitioner.partition(topic, key, asBytes(keyBytes), value, asBytes(valueBytes), cluster)
  } catch (cause) {
    const what = asKafkaError(cause)?.message ?? nameOfThrown(cause)
    throw new PartitionerError(`the partitioner threw for ${printable(topic)}: ${what}`, { topic, cause })
  }
  if (Number.isInteger(partition) && (partition as number) >= 0 && (partition as number) <= MAX_INT32) {
    return partition as number
  }
  const found = typeof partition === 'number' ? partition : `something of type ${typeof partition}`
  throw new PartitionerError(
    `the partitioner returned ${found} for ${printable(topic)}: expected an integer from 0 on`,
    { topic },
  )
}

function asBytes(serialized: Serialized): Uint8Array | null {
  return typeof serialized === 'string' ? Buffer.from(serialized) : serialized
}
