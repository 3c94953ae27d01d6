/**
 * Policy, pure but for a partitioner of the user: who chooses the partition of a record, in the order of the Java client.
 */
import type { Serialized } from '../../protocol/writer.js'
import { partitionOfKey } from '../murmur2.js'
import type { RecordLike } from '../producer-record.js'
import { askPartitioner, type Partitioner, type TopicView } from './partitioner.js'

export interface PartitionChoice {
  /** Of `partitioner.class`, or of an older client; null: the built-in rules. */
  readonly partitioner: Partitioner | null
  /** `partitioner.ignore.keys`; of the built-in rules alone. */
  readonly ignoresKeys: boolean
}

/** The accumulator chooses, when it knows which batch has room. */
const UNASSIGNED = -1

/**
 * The partition that the record names; else that of the partitioner; else that of the hash of the key; else −1, for the
 * built-in partitioner of the accumulator.
 *
 * @throws {PartitionerError} when the partitioner throws or returns no partition.
 */
export function choosePartition(
  record: RecordLike,
  key: Serialized,
  value: Serialized,
  topic: TopicView,
  { partitioner, ignoresKeys }: PartitionChoice,
): number {
  const { partition } = record
  if (partition !== null && partition !== undefined) return partition
  if (partitioner !== null) {
    const given = { topic: record.topic, key: record.key ?? null, value: record.value }
    return askPartitioner(partitioner, given, key, value, topic)
  }
  return key === null || ignoresKeys ? UNASSIGNED : partitionOfKey(key, topic.partitionCount)
}
