/**
 * Gets the first attempt of the next cycle ready while another one waits for its answers: puts the messages into batches and
 * has what each leader is sent first written.
 *
 * It decides nothing that the cycle itself would not: what is ready is used only while the metadata and the sticky
 * partitions are those that it rests on, and for the very same messages; else the cycle begins from nothing. Until then no
 * message shows a trace of it. Settles nothing and sends nothing.
 *
 * @see docs/decisions/0007-the-next-cycle-is-prepared.md
 */
import groupBy from 'lodash/groupBy.js'
import partition from 'lodash/partition.js'
import sumBy from 'lodash/sumBy.js'
import { PartitionMap } from '../produce/partition-batch.js'
import type { CollateContext } from './choose-partition.js'
import type { LeaderDispatch } from './leader-dispatch.js'
import {
  type Collated,
  collateGroups,
  type MessageGroup,
  partitionAndCollate,
} from './partition-and-collate.js'
import type { PendingMessage } from './pending-message.js'

/** What a leader gets of messages that come in groups; of all leaders where a group may go to any of them. */
interface Part {
  readonly groups: readonly MessageGroup[]
  readonly batchesByLeader: Collated['batchesByLeader']
}

interface Prepared {
  readonly messages: readonly PendingMessage[]
  /** What has not been taken; null where the messages come in no groups. */
  parts: readonly Part[] | null
  readonly collated: Collated
  /** Topic → what was known of it. */
  readonly knownByTopic: ReadonlyMap<string, unknown>
}

export class NextCycle {
  readonly #context: CollateContext
  readonly #leaders: LeaderDispatch
  #prepared: Prepared | null = null

  constructor(context: CollateContext, leaders: LeaderDispatch) {
    this.#context = context
    this.#leaders = leaders
  }

  /**
   * @param messages - serialized, none of them sent yet.
   * @param topics - of the messages; all of them are known.
   * @param groups - the same messages in the same order, where they keep their partitions; else null.
   */
  prepare(
    messages: readonly PendingMessage[],
    topics: ReadonlySet<string>,
    groups: readonly MessageGroup[] | null = null,
  ): void {
    this.forget()
    const collated = groups
      ? collateGroups(groups, this.#context, false)
      : partitionAndCollate(messages, this.#context, false)
    if (collated.rejections.length > 0) return
    for (const [leaderId, batches] of collated.batchesByLeader) this.#leaders.prepare(leaderId, batches)
    const knownByTopic = new Map([...topics].map((topic) => [topic, this.#context.topic(topic)]))
    const parts = groups && partsOf(groups, collated)
    this.#prepared = { messages, parts, collated, knownByTopic }
  }

  /**
   * What was prepared, where it holds for these messages now, in this order or group by group; else null. Groups are taken as
   * their leaders get them, all of a leader's together: where cycles overlap, leaders are free one after the other.
   */
  take(messages: readonly PendingMessage[], groups: readonly MessageGroup[] | null = null): Collated | null {
    const prepared = this.#prepared
    if (!prepared) return null
    let collated: Collated | null = null
    if (prepared.parts && groups) collated = takeParts(prepared, groups)
    else if (isSame(prepared, messages)) collated = prepared.collated
    const isTaken = prepared.parts && groups ? prepared.parts.length === 0 : collated !== null
    // Where cycles overlap, others begin before it.
    if (isTaken || !this.#context.keepsPartitions) this.#prepared = null
    if (!collated || !this.#isCurrent(prepared)) return null
    for (const batches of collated.batchesByLeader.values()) {
      for (const batch of batches) setPartition(batch.messages, batch.partition)
    }
    return collated
  }

  /** Its cycle has begun otherwise, or the partitions that were chosen do not count any more. */
  forget(): void {
    this.#prepared = null
  }

  #isCurrent({ knownByTopic }: Prepared): boolean {
    for (const [topic, known] of knownByTopic) if (this.#context.topic(topic) !== known) return false
    return true
  }
}

function isSame(prepared: Prepared, messages: readonly PendingMessage[]): boolean {
  if (prepared.messages === messages) return true
  if (prepared.messages.length !== messages.length) return false
  return messages.every((message, i) => message === prepared.messages[i])
}

/** Takes the parts that these groups are, no more and no less; a group has the same messages as long as it exists. */
function takeParts(prepared: Prepared, groups: readonly MessageGroup[]): Collated | null {
  const given = new Set(groups)
  const [taken, left] = partition(prepared.parts!, (part) => part.groups.every((group) => given.has(group)))
  if (sumBy(taken, (part) => part.groups.length) !== groups.length) return null
  prepared.parts = left
  const batchesByLeader = new Map(taken.flatMap((part) => [...part.batchesByLeader]))
  return { batchesByLeader, rejections: [] }
}

function partsOf(groups: readonly MessageGroup[], { batchesByLeader }: Collated): Part[] {
  if (groups.some(({ partition }) => partition < 0)) return [{ groups, batchesByLeader }]
  const leaders = new PartitionMap<number>()
  for (const [leader, batches] of batchesByLeader) {
    for (const { topic, partition } of batches) leaders.set(topic, partition, leader)
  }
  const groupsByLeader = groupBy(groups, ({ topic, partition }) => leaders.get(topic, partition))
  return [...batchesByLeader].map(([leader, batches]) => ({
    groups: groupsByLeader[leader]!,
    batchesByLeader: new Map([[leader, batches]]),
  }))
}

function setPartition(messages: readonly PendingMessage[], partition: number): void {
  for (let i = 0; i < messages.length; i++) messages[i]!.partition = partition
}
