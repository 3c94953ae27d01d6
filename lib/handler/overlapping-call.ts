/**
 * One call where cycles overlap, and its chunks: those of its messages that need the same partition, or the same whole topic.
 * Chunks wait, are taken and are collated as a whole; a message finds its own where it has to be looked at alone.
 *
 * Plain counts, whatever the messages `M` are, kept by `OverlappingDispatch` and `PartitionQueues`.
 */
import type { Link } from '../linked-list.js'
import { type Hold, Partition } from './holds.js'

interface Waiting {
  readonly isSettled: boolean
  readonly chunk: { readonly isTaken: boolean } | null
}

export class Chunk<M extends Waiting> {
  messages: readonly M[]
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
    readonly hold: Hold<Chunk<M>>,
    readonly call: Call<M> | null,
    messages: readonly M[],
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
  firstUnsettled(): M {
    while (this.messages[this.#firstUnsettled]!.isSettled) this.#firstUnsettled++
    return this.messages[this.#firstUnsettled]!
  }
}

export class Call<M extends Waiting> {
  /** In the order of their first messages. */
  chunks: readonly Chunk<M>[] = []
  /** Of keys and values. */
  bytes = 0
  /** Messages that are not settled. */
  open: number
  /** Messages that wait. */
  waiting: number
  /** Its place among the calls with messages that wait and have a time limit. */
  link: Link<Call<M>> | null = null
  /** The last run that some of it joined. */
  run = 0
  /** Where the first message that waits is, or one before it. */
  #position = 0
  readonly #end: () => void

  /** @param end - called once, when each message is settled. */
  constructor(
    readonly messages: readonly M[],
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
  nextThatWaits(): M | undefined {
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
