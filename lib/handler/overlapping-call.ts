/**
 * One call where cycles overlap, and its chunks: the messages of it that need the same partition or the same whole topic.
 * What waits and goes are chunks, so what a call costs does not depend on its messages alone being counted one by one.
 *
 * Plain counts, kept by `OverlappingDispatch` and `PartitionQueues`.
 */
import type { Link } from '../linked-list.js'
import { type Hold, Partition } from './holds.js'
import type { MessageGroup } from './partition-and-collate.js'
import type { PendingMessage } from './pending-message.js'

export type ChunkHold = Hold<Chunk>

export class Chunk implements MessageGroup {
  messages: readonly PendingMessage[]
  /** Messages that have no outcome, as long as it waits. */
  size: number
  /** It is in a run, or some of its messages are. */
  isTaken = false
  #firstUnsettled = 0

  /**
   * @param call - null where that knows already that the messages are settled.
   * @param segment - of the call's messages to a topic; a message that needs the whole topic begins another one.
   */
  constructor(
    readonly hold: ChunkHold,
    readonly call: Call | null,
    messages: readonly PendingMessage[],
    readonly segment = 0,
  ) {
    this.messages = messages
    this.size = messages.length
  }

  get topic(): string {
    return this.hold.topic.name
  }

  /** −1 where they need the whole topic. */
  get partition(): number {
    return this.hold instanceof Partition ? this.hold.id : -1
  }

  /** The first message that has no outcome; there must be one. */
  firstUnsettled(): PendingMessage {
    while (this.messages[this.#firstUnsettled]!.isSettled) this.#firstUnsettled++
    return this.messages[this.#firstUnsettled]!
  }
}

export class Call {
  /** In the order of their first messages. */
  chunks: readonly Chunk[] = []
  /** Of keys and values. */
  bytes = 0
  /** Messages that are not settled. */
  open: number
  /** Messages that wait. */
  waiting: number
  /** Its place among the calls with messages that wait and have a time limit. */
  link: Link<Call> | null = null
  /** The last run that some of it joined. */
  run = 0
  /** Where the first message that waits is, or one before it. */
  #position = 0
  readonly #end: () => void

  /** @param end - called once, when each message is settled. */
  constructor(
    readonly messages: readonly PendingMessage[],
    end: () => void,
  ) {
    this.open = messages.length
    this.waiting = messages.length
    this.#end = end
  }

  /** So many more of its messages are settled. */
  settled(count: number): void {
    this.open -= count
    if (this.open === 0) this.#end()
  }

  /** Goes on to the first message that waits. */
  nextThatWaits(): PendingMessage | undefined {
    for (; this.#position < this.messages.length; this.#position++) {
      const message = this.messages[this.#position]!
      if (!message.isSettled && message.chunk !== null && !message.chunk.isTaken) return message
    }
    return undefined
  }

  /** The first message that waits does so no longer. */
  skip(): void {
    this.#position++
  }
}
