/**
 * Policy, pure: messages × metadata → per leader, one batch per partition; and the messages that cannot go, each with
 * its own reason. Order within a partition is the order of the messages.
 *
 * @see docs/reference/classic-producer.md#collation-and-partitions, docs/decisions/0000-classic-producer.md#d1
 */
import type { TopicPartitions } from '../cluster/topic-partitions.js'
import { KafkaError, MetadataError, printable, UnknownPartitionError } from '../errors.js'
import type { PartitionBatch } from '../produce/partition-batch.js'
import { type CollateContext, choose, NOWHERE } from './choose-partition.js'
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

interface Batch extends PendingBatch {
  messages: readonly PendingMessage[]
}

interface TopicInHand {
  readonly name: string
  readonly known: TopicPartitions | KafkaError
  /** By position in the sorted partition list. */
  readonly batches: (Batch | undefined)[]
  /** Likewise: one error for all messages of a partition without a leader; under {@link NOWHERE} for the whole topic. */
  readonly leaderless: Map<number, MetadataError>
  /** By partition: one error for all messages that were given with a partition which the topic has not. */
  unknown: Map<number, UnknownPartitionError> | null
  /** Position of the partition that messages without a key stick to, once one of them was placed; else {@link NOWHERE}. */
  sticky: number
}

/** Of that. */
const nowhere = { partitionId: -1, leaderId: null }

/**
 * Sorts messages into batches.
 *
 * @param binds - whether to set `partition` of each message that gets one.
 */
export function partitionAndCollate(
  messages: readonly PendingMessage[],
  context: CollateContext,
  binds = true,
): Collated {
  const collation = new Collation(context, binds, messages)
  for (let i = 0; i < messages.length; i++) collation.add(messages[i]!)
  return collation
}

/**
 * The same for messages that keep their partitions and come in groups: a group whose partition has a leader costs the same,
 * however many messages it has.
 */
export function collateGroups(
  groups: readonly MessageGroup[],
  context: CollateContext,
  binds = true,
): Collated {
  const collation = new Collation(context, binds, null)
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
  readonly #binds: boolean
  readonly #all: readonly PendingMessage[] | null
  readonly #topics = new Map<string, TopicInHand>()
  #last: TopicInHand | null = null
  /**
   * The batch of all messages so far, while there is no other: most messages without a key go to one, whose list is theirs
   * then. A list that grows takes three times its place.
   */
  #only: Batch | null = null
  #ofOnly = 0

  /** @param all - what is added, in this order, one by one; null for groups. */
  constructor(context: CollateContext, binds: boolean, all: readonly PendingMessage[] | null) {
    this.#context = context
    this.#binds = binds
    this.#all = all
  }

  add(message: PendingMessage): void {
    const topic = this.#topic(message.topic)
    const { known } = topic
    const position = known instanceof KafkaError ? known : place(message, topic, known, this.#context)
    const batch = typeof position === 'number' ? this.#batchAt(topic, position, message) : position
    if (batch instanceof KafkaError) {
      this.#endOnly()
      this.rejections.push({ message, error: batch })
    } else if (batch === this.#only) this.#ofOnly++
    else (batch.messages as PendingMessage[]).push(message)
  }

  /** @returns false when it cannot be said of all of them at once where they go. */
  addGroup({ topic: name, partition, messages }: MessageGroup): boolean {
    const topic = this.#topic(name)
    const { known } = topic
    if (known instanceof KafkaError) return false
    const position = known.positionOf(partition)
    if (position === undefined || known.partitions[position]!.leaderId === null) return false
    const batch = topic.batches[position]
    if (batch) for (const message of messages) (batch.messages as PendingMessage[]).push(message)
    else this.#open(topic, known, position, messages.slice())
    return true
  }

  /** Of a topic that is known. */
  #batchAt(topic: TopicInHand, position: number, message: PendingMessage): Batch | KafkaError {
    const known = topic.known as TopicPartitions
    const { partitionId, leaderId } = known.partitions[position] ?? nowhere
    if (this.#binds && partitionId >= 0) message.partition = partitionId
    if (leaderId === null) return leaderless(topic, position, partitionId)
    return topic.batches[position] ?? this.#open(topic, known, position, [])
  }

  #topic(name: string): TopicInHand {
    if (this.#last?.name === name) return this.#last
    let topic = this.#topics.get(name)
    if (!topic) {
      const known = this.#context.topic(name)
      topic = { name, known, batches: [], leaderless: new Map(), unknown: null, sticky: NOWHERE }
      this.#topics.set(name, topic)
    }
    this.#last = topic
    return topic
  }

  /** The first messages of their partition: a new batch with its leader. */
  #open(topic: TopicInHand, known: TopicPartitions, position: number, messages: PendingMessage[]): Batch {
    const { partitionId, leaderId } = known.partitions[position]!
    const batch: Batch = { topic: topic.name, partition: partitionId, messages }
    const isFirst = this.batchesByLeader.size === 0 && this.rejections.length === 0
    if (!isFirst) this.#endOnly()
    else if (this.#all !== null) {
      batch.messages = this.#all
      this.#only = batch
    }
    topic.batches[position] = batch
    const batches = this.batchesByLeader.get(leaderId!)
    if (batches) batches.push(batch)
    else this.batchesByLeader.set(leaderId!, [batch])
    return batch
  }

  #endOnly(): void {
    if (this.#only === null) return
    this.#only.messages = this.#all!.slice(0, this.#ofOnly)
    this.#only = null
  }
}

/** @returns as {@link choose}, which is asked for no given partition, and once for the messages that stick to one. */
function place(
  message: PendingMessage,
  topic: TopicInHand,
  known: TopicPartitions,
  context: CollateContext,
): number | KafkaError {
  if (message.isPartitionGiven)
    return known.positionOf(message.partition) ?? unknownPartition(topic, known, message.partition)
  const isSticky = message.partitionKey === null && !message.isAmbiguous
  if (isSticky && topic.sticky !== NOWHERE) return topic.sticky
  const position = choose(message, known, context)
  if (isSticky && typeof position === 'number') topic.sticky = position
  return position
}

function unknownPartition(topic: TopicInHand, known: TopicPartitions, partition: number): KafkaError {
  topic.unknown ??= new Map()
  let error = topic.unknown.get(partition)
  if (!error) {
    error = new UnknownPartitionError(topic.name, partition, known.partitions.length)
    topic.unknown.set(partition, error)
  }
  return error
}

/** @param position - of the partition, or {@link NOWHERE}. */
function leaderless(
  { name, leaderless: errors }: TopicInHand,
  position: number,
  partition: number,
): MetadataError {
  const error = errors.get(position) ?? noLeader(name, position === NOWHERE ? undefined : partition)
  errors.set(position, error)
  return error
}

function noLeader(topic: string, partition: number | undefined): MetadataError {
  const where =
    partition === undefined ? `no partition of ${printable(topic)}` : `${printable(topic)}/${partition}`
  const text = `${where} has ${partition === undefined ? 'a' : 'no'} leader at the moment`
  return new MetadataError(text, { topic, ...(partition !== undefined && { partition }) })
}
