/**
 * Policy, pure: messages × metadata → per leader, one batch per partition; and the messages that cannot go, each with
 * its own reason (D1). Order within a partition is the order of the messages.
 *
 * @see classic-producer reference §4
 */
import { KafkaError, MetadataError, PartitionerError, printable } from '../errors.js'
import type { TopicPartitions } from './broker-partition-info.js'
import type { Envelope } from './envelope.js'
import { nameOfThrown } from './name-of-thrown.js'
import type { Partitioner } from './partitioners/partitioner.js'

/** Messages of one partition that go to one broker together. */
export interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  readonly envelopes: readonly Envelope[]
}

export interface Rejection {
  readonly envelope: Envelope
  readonly error: KafkaError
}

export interface Collated {
  /** Leader's broker id → its batches. */
  readonly batchesByLeader: ReadonlyMap<number, PartitionBatch[]>
  /** In the order of the messages. A retriable error may be gone at the next attempt. */
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
  readonly buckets: (Envelope[] | undefined)[]
}

/** Sorts messages into batches. Sets `partition` of each message that gets one. */
export function partitionAndCollate(envelopes: readonly Envelope[], context: CollateContext): Collated {
  const topics = new Map<string, TopicInHand>()
  const rejections: Rejection[] = []
  const batchesByLeader = new Map<number, PartitionBatch[]>()
  let topic: TopicInHand | undefined
  for (const envelope of envelopes) {
    if (topic?.name !== envelope.topic) topic = topicInHand(envelope.topic, topics, context)
    const chosen = topic.known instanceof KafkaError ? topic.known : choose(envelope, topic.known, context)
    if (chosen instanceof KafkaError) {
      rejections.push({ envelope, error: chosen })
      continue
    }
    const bucket = topic.buckets[chosen]
    if (bucket) bucket.push(envelope)
    else open(topic, topic.known as TopicPartitions, chosen, envelope, batchesByLeader)
  }
  return { batchesByLeader, rejections }
}

/** Sets the partition of a message that has a key, where its topic is known and the partitioner gives an answer. */
export function bindToPartition(envelope: Envelope, context: CollateContext): void {
  if (envelope.message.partitionKey === null) return
  const known = context.topic(envelope.topic)
  if (!(known instanceof KafkaError)) choose(envelope, known, context)
}

function topicInHand(name: string, topics: Map<string, TopicInHand>, context: CollateContext): TopicInHand {
  let topic = topics.get(name)
  if (!topic) {
    topic = { name, known: context.topic(name), buckets: [] }
    topics.set(name, topic)
  }
  return topic
}

/** First message of its partition: a new batch with its leader. */
function open(
  topic: TopicInHand,
  known: TopicPartitions,
  position: number,
  envelope: Envelope,
  batchesByLeader: Map<number, PartitionBatch[]>,
): void {
  const { partitionId, leaderId } = known.partitions[position]!
  const bucket = [envelope]
  topic.buckets[position] = bucket
  const batch = { topic: topic.name, partition: partitionId, envelopes: bucket }
  const batches = batchesByLeader.get(leaderId!)
  if (batches) batches.push(batch)
  else batchesByLeader.set(leaderId!, [batch])
}

/** @returns the position of the message's partition in the sorted list, or why it has none now. */
function choose(envelope: Envelope, known: TopicPartitions, context: CollateContext): number | KafkaError {
  const key = envelope.message.partitionKey
  const position = key === null ? keyless(envelope, known, context) : keyed(key, envelope, known, context)
  if (typeof position !== 'number') return position
  const { partitionId, leaderId } = known.partitions[position]!
  envelope.partition = partitionId
  if (leaderId !== null) return position
  return new MetadataError(`${printable(envelope.topic)}/${partitionId} has no leader at the moment`, {
    topic: envelope.topic,
    partition: partitionId,
  })
}

function keyed(
  key: unknown,
  { topic, partition }: Envelope,
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
    if (cause instanceof KafkaError) return cause
    return new PartitionerError(
      `the partitioner threw ${nameOfThrown(cause)} for a message to ${printable(topic)}`,
      {
        topic,
        cause,
      },
    )
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
function keyless(envelope: Envelope, known: TopicPartitions, context: CollateContext): number | KafkaError {
  if (envelope.isAmbiguous) {
    const position = known.positionOf(envelope.partition)
    if (position !== undefined) return position
  }
  const { stickyPartitions, random } = context
  const sticky = stickyPartitions.get(envelope.topic)
  const position = sticky === undefined ? undefined : known.positionOf(sticky)
  if (position !== undefined && known.partitions[position]!.leaderId !== null) return position
  if (known.withLeader.length === 0) {
    return new MetadataError(`no partition of ${printable(envelope.topic)} has a leader at the moment`, {
      topic: envelope.topic,
    })
  }
  const chosen = known.withLeader[Math.floor(random() * known.withLeader.length)]!
  stickyPartitions.set(envelope.topic, known.partitions[chosen]!.partitionId)
  return chosen
}

/** Partitioners are foreign code: what they answer need not even have a text. */
function shown(chosen: unknown): string {
  return typeof chosen === 'number' ? String(chosen) : `something of type ${typeof chosen}`
}
