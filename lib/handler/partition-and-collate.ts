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

/** Messages of one topic that all need the same partition, or none of them a certain one. */
export interface MessageGroup {
  readonly topic: string
  /** That of each of them, which they keep, or −1. */
  readonly partition: number
  readonly messages: readonly PendingMessage[]
}

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
  /** Position of the partition that messages without a key stick to, once one of them was placed; else {@link NOWHERE}. */
  sticky: number
}

/** In place of a position, for a message without a key while no partition has a leader. */
const NOWHERE = -1

/** Sorts messages into batches. Sets `partition` of each message that gets one. */
export function partitionAndCollate(messages: readonly PendingMessage[], context: CollateContext): Collated {
  const collation = new Collation(context)
  for (const message of messages) collation.add(message)
  return collation
}

/**
 * The same for messages that keep their partitions and come in groups: a group whose partition has a leader costs the same,
 * however many messages it has.
 */
export function collateGroups(groups: readonly MessageGroup[], context: CollateContext): Collated {
  const collation = new Collation(context)
  for (const group of groups) {
    if (group.partition >= 0 && collation.addGroup(group)) continue
    for (const message of group.messages) collation.add(message)
  }
  return collation
}

class Collation implements Collated {
  readonly batchesByLeader = new Map<number, PendingBatch[]>()
  readonly rejections: Rejection[] = []
  readonly #context: CollateContext
  readonly #topics = new Map<string, TopicInHand>()
  #last: TopicInHand | null = null

  constructor(context: CollateContext) {
    this.#context = context
  }

  add(message: PendingMessage): void {
    const topic = this.#topic(message.topic)
    const { known } = topic
    const chosen = known instanceof KafkaError ? known : place(message, topic, known, this.#context)
    if (chosen instanceof KafkaError) {
      this.rejections.push({ message, error: chosen })
      return
    }
    const bucket = topic.buckets[chosen]
    if (bucket) bucket.push(message)
    else this.#open(topic, known as TopicPartitions, chosen, [message])
  }

  /** @returns false when it cannot be said of all of them at once where they go. */
  addGroup({ topic: name, partition, messages }: MessageGroup): boolean {
    const topic = this.#topic(name)
    const { known } = topic
    if (known instanceof KafkaError) return false
    const position = known.positionOf(partition)
    if (position === undefined || known.partitions[position]!.leaderId === null) return false
    const bucket = topic.buckets[position]
    if (bucket) for (const message of messages) bucket.push(message)
    else this.#open(topic, known, position, messages.slice())
    return true
  }

  #topic(name: string): TopicInHand {
    if (this.#last?.name === name) return this.#last
    let topic = this.#topics.get(name)
    if (!topic) {
      const known = this.#context.topic(name)
      topic = { name, known, buckets: [], leaderless: new Map(), sticky: NOWHERE }
      this.#topics.set(name, topic)
    }
    this.#last = topic
    return topic
  }

  /** The first messages of their partition: a new batch with its leader. */
  #open(topic: TopicInHand, known: TopicPartitions, position: number, messages: PendingMessage[]): void {
    const { partitionId, leaderId } = known.partitions[position]!
    topic.buckets[position] = messages
    const batch = { topic: topic.name, partition: partitionId, messages }
    const batches = this.batchesByLeader.get(leaderId!)
    if (batches) batches.push(batch)
    else this.batchesByLeader.set(leaderId!, [batch])
  }
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

/** @returns the position of the message's partition in the sorted list, or why it cannot go there now. */
function place(
  message: PendingMessage,
  topic: TopicInHand,
  known: TopicPartitions,
  context: CollateContext,
): number | KafkaError {
  const isSticky = message.partitionKey === null && !message.isAmbiguous
  if (isSticky && topic.sticky !== NOWHERE) {
    message.partition = known.partitions[topic.sticky]!.partitionId
    return topic.sticky
  }
  const position = choose(message, known, context)
  if (typeof position !== 'number') return position
  if (isSticky) topic.sticky = position
  if (position !== NOWHERE && known.partitions[position]!.leaderId !== null) return position
  const { name, leaderless } = topic
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
