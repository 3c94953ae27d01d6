/**
 * Policy, pure: messages × metadata → per leader, one batch per partition; and the messages that cannot go, each with
 * its own reason. Order within a partition is the order of the messages.
 *
 * @see docs/reference/classic-producer.md#collation-and-partitions, docs/decisions/0000-classic-producer.md#d1
 */
import type { TopicPartitions } from '../cluster/topic-partitions.js'
import { asKafkaError, KafkaError, MetadataError, PartitionerError, printable } from '../errors.js'
import { nameOfThrown } from '../name-of-thrown.js'
import type { PartitionBatch } from '../produce/partition-batch.js'
import type { Partitioner } from './partitioners/partitioner.js'
import type { PendingMessage } from './pending-message.js'

/** Messages on their way that go to one partition together. */
export type PendingBatch = PartitionBatch<PendingMessage>

export interface Rejection {
  readonly message: PendingMessage
  readonly error: KafkaError
}

export interface Collated {
  /** Leader's broker id → its batches. */
  readonly batchesByLeader: ReadonlyMap<number, PendingBatch[]>
  /** In the order of the messages. The next attempt may go without a retriable error. */
  readonly rejections: readonly Rejection[]
}

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

interface TopicInHand {
  readonly name: string
  readonly known: TopicPartitions | KafkaError
  /** By position in the sorted partition list. */
  readonly buckets: (PendingMessage[] | undefined)[]
  /** Likewise: one error for all messages of a partition without a leader; under {@link NOWHERE} for the whole topic. */
  readonly leaderless: Map<number, MetadataError>
}

/** In place of a position, for a message without a key while no partition has a leader. */
const NOWHERE = -1

/** Sorts messages into batches. Sets `partition` of each message that gets one. */
export function partitionAndCollate(messages: readonly PendingMessage[], context: CollateContext): Collated {
  const topics = new Map<string, TopicInHand>()
  const rejections: Rejection[] = []
  const batchesByLeader = new Map<number, PendingBatch[]>()
  let topic: TopicInHand | undefined
  for (const message of messages) {
    if (topic?.name !== message.topic) topic = topicInHand(message.topic, topics, context)
    const chosen =
      topic.known instanceof KafkaError ? topic.known : place(message, topic, topic.known, context)
    if (chosen instanceof KafkaError) {
      rejections.push({ message, error: chosen })
      continue
    }
    const bucket = topic.buckets[chosen]
    if (bucket) bucket.push(message)
    else open(topic, topic.known as TopicPartitions, chosen, message, batchesByLeader)
  }
  return { batchesByLeader, rejections }
}

/** Sets the partition of a message that has a key, where its topic is known and the partitioner gives an answer. */
export function bindToPartition(message: PendingMessage, context: CollateContext): void {
  if (message.partitionKey === null) return
  try {
    const known = context.topic(message.topic)
    if (!(known instanceof KafkaError)) choose(message, known, context)
  } catch {
    // Its cycle will find the same, and has an outcome for it; here other messages would be held up.
  }
}

function topicInHand(name: string, topics: Map<string, TopicInHand>, context: CollateContext): TopicInHand {
  let topic = topics.get(name)
  if (!topic) {
    topic = { name, known: context.topic(name), buckets: [], leaderless: new Map() }
    topics.set(name, topic)
  }
  return topic
}

/** First message of its partition: a new batch with its leader. */
function open(
  topic: TopicInHand,
  known: TopicPartitions,
  position: number,
  message: PendingMessage,
  batchesByLeader: Map<number, PendingBatch[]>,
): void {
  const { partitionId, leaderId } = known.partitions[position]!
  const bucket = [message]
  topic.buckets[position] = bucket
  const batch = { topic: topic.name, partition: partitionId, messages: bucket }
  const batches = batchesByLeader.get(leaderId!)
  if (batches) batches.push(batch)
  else batchesByLeader.set(leaderId!, [batch])
}

/** @returns the position of the message's partition in the sorted list, or why it cannot go there now. */
function place(
  message: PendingMessage,
  { name, leaderless }: TopicInHand,
  known: TopicPartitions,
  context: CollateContext,
): number | KafkaError {
  const position = choose(message, known, context)
  if (typeof position !== 'number') return position
  if (position !== NOWHERE && known.partitions[position]!.leaderId !== null) return position
  const error = leaderless.get(position) ?? noLeader(name, known.partitions[position]?.partitionId)
  leaderless.set(position, error)
  return error
}

function noLeader(topic: string, partition: number | undefined): MetadataError {
  const where =
    partition === undefined ? `no partition of ${printable(topic)}` : `${printable(topic)}/${partition}`
  const text = `${where} has ${partition === undefined ? 'a' : 'no'} leader at the moment`
  return new MetadataError(text, { topic, ...(partition !== undefined && { partition }) })
}

/** @returns the position of the message's partition in the sorted list, {@link NOWHERE}, or why it has none. */
function choose(
  message: PendingMessage,
  known: TopicPartitions,
  context: CollateContext,
): number | KafkaError {
  const key = message.partitionKey
  const position = key === null ? keyless(message, known, context) : keyed(key, message, known, context)
  if (typeof position === 'number' && position !== NOWHERE) {
    message.partition = known.partitions[position]!.partitionId
  }
  return position
}

function keyed(
  key: unknown,
  { topic, partition }: PendingMessage,
  known: TopicPartitions,
  { partitioner, keepsPartitions }: CollateContext,
): number | KafkaError {
  if (keepsPartitions) {
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
