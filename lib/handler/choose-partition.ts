/**
 * Policy, pure: which partition a message gets, by its key and what is known of its topic. What a partitioner of the user's does
 * wrong becomes an error of that message.
 *
 * @see docs/reference/classic-producer.md#collation-and-partitions
 */
import type { TopicPartitions } from '../cluster/topic-partitions.js'
import { asKafkaError, KafkaError, PartitionerError, printable } from '../errors.js'
import { nameOfThrown } from '../name-of-thrown.js'
import type { Partitioner } from './partitioners/partitioner.js'
import type { PendingMessage } from './pending-message.js'

export interface CollateContext {
  readonly partitioner: Partitioner
  /** What is known of a topic, or why nothing is. */
  topic(name: string): TopicPartitions | KafkaError
  /** Topic → partition that messages without a key stick to; changed here. */
  readonly stickyPartitions: Map<string, number>
  /**
   * Whether a message with a key keeps its first partition through its retries while that exists, as it must where
   * cycles overlap; else the partitioner is asked each time. Default false, as in the original.
   */
  readonly keepsPartitions?: boolean
  /** 0 ≤ n < 1. */
  random(): number
}

/** In place of a position, for a message without a key while no partition has a leader. */
export const NOWHERE = -1

/** Sets the partition of a message that has a key, where its topic is known and the partitioner gives an answer. */
export function bindToPartition(message: PendingMessage, context: CollateContext): void {
  if (message.partitionKey === null) return
  try {
    const known = context.topic(message.topic)
    if (known instanceof KafkaError) return
    const position = choose(message, known, context)
    if (typeof position === 'number' && position !== NOWHERE)
      message.partition = known.partitions[position]!.partitionId
  } catch {
    // Its cycle will find the same, and has an outcome for it; here other messages would be held up.
  }
}

/** @returns the position of the message's partition in the sorted list, {@link NOWHERE}, or why it has none. */
export function choose(
  message: PendingMessage,
  known: TopicPartitions,
  context: CollateContext,
): number | KafkaError {
  const key = message.partitionKey
  return key === null ? keyless(message, known, context) : keyed(key, message, known, context)
}

function keyed(
  key: unknown,
  { topic, partition }: PendingMessage,
  known: TopicPartitions,
  { partitioner, keepsPartitions }: CollateContext,
): number | KafkaError {
  if (keepsPartitions && partition >= 0) {
    const position = known.positionOf(partition)
    if (position !== undefined) return position
  }
  const { partitions } = known
  let chosen: number
  try {
    chosen = partitioner.partition(key, partitions.length)
  } catch (cause) {
    const text = `the partitioner threw ${nameOfThrown(cause)} for a message to ${printable(topic)}`
    return asKafkaError(cause) ?? new PartitionerError(text, { topic, cause })
  }
  if (Number.isInteger(chosen) && chosen >= 0 && chosen < partitions.length) return chosen
  const last = partitions.length - 1
  return new PartitionerError(
    `the partitioner answered ${shown(chosen)} for a message to ${printable(topic)}, where 0 to ${last} exist`,
    { topic },
  )
}

/**
 * Without a key: the topic's sticky partition while it has a leader, else a random one that has. A message that may
 * already be stored keeps its partition, so that a retry cannot put it into a second one.
 */
function keyless(message: PendingMessage, known: TopicPartitions, context: CollateContext): number {
  if (message.isAmbiguous) {
    const position = known.positionOf(message.partition)
    if (position !== undefined) return position
  }
  const { stickyPartitions, random } = context
  const sticky = stickyPartitions.get(message.topic)
  const position = sticky === undefined ? undefined : known.positionOf(sticky)
  if (position !== undefined && known.partitions[position]!.leaderId !== null) return position
  if (known.withLeader.length === 0) return NOWHERE
  const chosen = known.withLeader[Math.floor(random() * known.withLeader.length)]!
  stickyPartitions.set(message.topic, known.partitions[chosen]!.partitionId)
  return chosen
}

/** Partitioners are foreign code: what they answer need not even have a text. */
function shown(chosen: unknown): string {
  return typeof chosen === 'number' ? String(chosen) : `something of type ${typeof chosen}`
}
