/** Chooses the partition of a message that has a partition key. */
export interface Partitioner<K = unknown> {
  /**
   * @param key - the partition key as the user gave it, never null.
   * @param numPartitions - how many partitions the topic has, leaderless ones included; at least 1.
   * @returns 0 … numPartitions−1; anything else fails the message, and only that.
   */
  partition(key: K, numPartitions: number): number
}

/** How a 32-bit hash becomes non-negative (`partitioner.compatibility`). */
export type PartitionerCompatibility = '0.8.1' | '0.8.2'

/** The part of the configuration that the built-in partitioners look at. */
export interface PartitionerConfig {
  readonly partitionerCompatibility: PartitionerCompatibility
}
