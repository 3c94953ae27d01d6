/**
 * Gets the first attempt of the next cycle ready while another one waits for its answers: puts the messages into batches and
 * has what each leader is sent first written.
 *
 * It decides nothing that the cycle itself would not: what is ready is used only while the metadata and the sticky
 * partitions are those that it rests on, and for the very same messages; else the cycle begins from nothing. Until then no
 * message shows a trace of it. Settles nothing and sends nothing.
 *
 * @see docs/decisions/0006-the-next-cycle-is-prepared.md
 */
import type { LeaderDispatch } from './leader-dispatch.js'
import { type CollateContext, type Collated, partitionAndCollate } from './partition-and-collate.js'
import type { PendingMessage } from './pending-message.js'

interface Prepared {
  readonly messages: readonly PendingMessage[]
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
   */
  prepare(messages: readonly PendingMessage[], topics: ReadonlySet<string>): void {
    this.forget()
    const before = this.#context.keepsPartitions ? messages.map(({ partition }) => partition) : null
    const collated = partitionAndCollate(messages, this.#context)
    for (let i = 0; i < messages.length; i++) messages[i]!.partition = before ? before[i]! : -1
    if (collated.rejections.length > 0) return
    for (const [leaderId, batches] of collated.batchesByLeader) this.#leaders.prepare(leaderId, batches)
    const knownByTopic = new Map([...topics].map((topic) => [topic, this.#context.topic(topic)]))
    this.#prepared = { messages, collated, knownByTopic }
  }

  /** What was prepared, where it holds for these messages now, in this order or partition by partition; else null. */
  take(messages: readonly PendingMessage[]): Collated | null {
    const prepared = this.#prepared
    const isTheirs = prepared !== null && isSame(prepared, messages)
    // Where cycles overlap, others begin before it.
    if (isTheirs || !this.#context.keepsPartitions) this.#prepared = null
    if (!isTheirs || !this.#isCurrent(prepared)) return null
    for (const batches of prepared.collated.batchesByLeader.values()) {
      for (const batch of batches) for (const message of batch.messages) message.partition = batch.partition
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

function isSame({ messages, collated }: Prepared, now: readonly PendingMessage[]): boolean {
  if (messages.length !== now.length) return false
  return startsWith(now, messages, 0) || isInBatches(collated, now)
}

/** Whether the messages are those of all batches, each batch in one piece. */
function isInBatches({ batchesByLeader }: Collated, messages: readonly PendingMessage[]): boolean {
  const batchByFirst = new Map(
    [...batchesByLeader.values()].flat().map((batch) => [batch.messages[0]!, batch]),
  )
  for (let i = 0; i < messages.length; ) {
    const batch = batchByFirst.get(messages[i]!)
    if (!batch || !startsWith(messages, batch.messages, i)) return false
    i += batch.messages.length
  }
  return true
}

/** Whether these messages stand in the list from this position on. */
function startsWith(
  list: readonly PendingMessage[],
  messages: readonly PendingMessage[],
  from: number,
): boolean {
  for (let i = 0; i < messages.length; i++) if (messages[i] !== list[from + i]) return false
  return true
}
