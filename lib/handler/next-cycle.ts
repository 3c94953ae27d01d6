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
import type { CollateContext } from './choose-partition.js'
import type { LeaderDispatch } from './leader-dispatch.js'
import {
  type Collated,
  collateGroups,
  type MessageGroup,
  partitionAndCollate,
} from './partition-and-collate.js'
import type { PendingMessage } from './pending-message.js'

interface Prepared {
  readonly messages: readonly PendingMessage[]
  /** Of the messages, where they come in some. */
  readonly groups: ReadonlySet<MessageGroup> | null
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
    this.#prepared = { messages, groups: groups && new Set(groups), collated, knownByTopic }
  }

  /** What was prepared, where it holds for these messages now, in this order or group by group; else null. */
  take(messages: readonly PendingMessage[], groups: readonly MessageGroup[] | null = null): Collated | null {
    const prepared = this.#prepared
    const isTheirs = prepared !== null && isSame(prepared, messages, groups)
    // Where cycles overlap, others begin before it.
    if (isTheirs || !this.#context.keepsPartitions) this.#prepared = null
    if (!isTheirs || !this.#isCurrent(prepared)) return null
    for (const batches of prepared.collated.batchesByLeader.values()) {
      for (const batch of batches) setPartition(batch.messages, batch.partition)
    }
    return prepared.collated
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

function isSame(
  prepared: Prepared,
  messages: readonly PendingMessage[],
  groups: readonly MessageGroup[] | null,
): boolean {
  if (prepared.messages === messages) return true
  if (prepared.messages.length !== messages.length) return false
  if (!prepared.groups || !groups) return messages.every((message, i) => message === prepared.messages[i])
  // A group has the same messages as long as it exists.
  return groups.length === prepared.groups.size && groups.every((group) => prepared.groups!.has(group))
}

function setPartition(messages: readonly PendingMessage[], partition: number): void {
  for (let i = 0; i < messages.length; i++) messages[i]!.partition = partition
}
