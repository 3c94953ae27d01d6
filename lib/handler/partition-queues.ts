/**
 * Policy, pure: which messages may be sent while others have no outcome yet, and a queue for those that may not, one
 * per partition. Costs the same for each message, however many wait.
 *
 * A message needs the partition that it cannot leave any more: it was given with it, has a key, or may be stored there
 * already. Where
 * that is not so yet, it needs its whole topic, since a retry may take it to any partition. It may be sent when no
 * unsettled message of another run, and no message that came before it and waits, needs the same. So each partition
 * is stored as if one call followed another.
 *
 * A topic queues messages per partition; from the first one on that needs the whole topic, all queue together.
 * What queues is a chunk: the messages of one call that need the same. Knows no attempts and no time.
 *
 * @see docs/decisions/0004-in-flight-partitions.md
 */
import { Fifo } from '../fifo.js'
import {
  type ChunkPartition,
  type ChunkTopic,
  ChunkTopics,
  type MessageCall,
  type MessageChunk,
} from './chunk-topics.js'
import { type Hold, Partition, Topic } from './holds.js'
import { Chunk } from './overlapping-call.js'
import type { PendingMessage } from './pending-message.js'

/** Collects the chunks of a run. */
export interface RunDraft {
  /** Whether no chunk is left that the run would still take. */
  readonly isComplete: boolean
  /** @returns false when the run is full for this chunk; it goes on waiting then. */
  add(chunk: MessageChunk): boolean
}

export interface PartitionQueuesOptions {
  /** Chooses the partition of a message that has a key, where its topic is known. */
  bind(message: PendingMessage): void
}

export class PartitionQueues {
  readonly #topics: ChunkTopics
  /** In the order in which they became free; looked at again when their turn comes. */
  readonly #ready = new Fifo<Hold<MessageChunk>>()
  #touched: ChunkTopic[] = []
  /** Number of the run that is being collected. */
  #run = 1

  constructor({ bind }: PartitionQueuesOptions) {
    this.#topics = new ChunkTopics(bind)
  }

  /** Number of the run that is being collected; another one after {@link endRun}. */
  get run(): number {
    return this.#run
  }

  /** What is taken from now on is of another run. */
  endRun(): void {
    this.#run++
  }

  /** Binds the messages of a call where that can be done, and puts those that need the same into chunks. */
  split(call: MessageCall): readonly MessageChunk[] {
    return this.#topics.split(call, call.messages)
  }

  /**
   * A chunk comes. It goes with the run that is being collected, or waits behind those that came before it.
   *
   * @param mayGo - false when there is no such run.
   * @returns whether it goes.
   */
  arrive(chunk: MessageChunk, mayGo: boolean): boolean {
    const { hold } = chunk
    const { topic } = hold
    if (mayGo && this.#isFreeForNew(hold)) {
      this.#take(chunk)
      return true
    }
    if (hold instanceof Partition && topic.held === 0 && topic.waiting.size === 0) {
      this.#pushToPartition(hold, chunk)
    } else {
      topic.waiting.push(chunk)
      if (topic.waiting.size === 1) this.#touch(topic)
    }
    return false
  }

  /** Adds to a run what may go, until that is all or the run is full: of the calls that it takes, all that may go. */
  collect(run: RunDraft): void {
    this.#advanceTouched()
    const full: Hold<MessageChunk>[] = []
    // After the first message that finds no room, only for what is left of the calls that are in already.
    while (full.length === 0 || !run.isComplete) {
      const next = this.#ready.shift()
      if (!next) break
      // What is behind it may make it ready once more.
      next.isReady = false
      const hasRoom =
        next instanceof Partition ? this.#collectPartition(next, run) : this.#collectTopic(next, run)
      if (!hasRoom) full.push(next)
    }
    for (const hold of full.reverse()) {
      if (hold.isReady) continue
      hold.isReady = true
      this.#ready.unshift(hold)
    }
  }

  /**
   * To be called when messages that were taken may have been settled, or bound to a partition.
   *
   * @returns how many of them hold nothing any more, and did before.
   */
  update(messages: readonly PendingMessage[]): number {
    let released = 0
    for (let i = 0; i < messages.length; ) {
      const { chunk } = messages[i]!
      const ended = chunk === null ? 0 : takeEnded(chunk, messages, i)
      if (ended > 0) this.#release(chunk!.hold, ended)
      if (ended > 0) chunk!.call?.settled(ended)
      else if (chunk !== null) this.#updateOpen(messages[i]!, chunk)
      released += ended
      i += ended || 1
    }
    return released
  }

  /** To be called when a message that waits has been settled. */
  drop(message: PendingMessage): void {
    const { chunk } = message
    if (chunk === null) return
    const { hold, call } = chunk
    message.chunk = null
    chunk.size--
    if (hold instanceof Partition && hold.waiting.size > 0 && !firstUnsettled(hold.waiting))
      hold.topic.waitingPartitions--
    firstUnsettled(hold.topic.waiting)
    this.#touch(hold.topic)
    call?.settled(1)
  }

  /** @returns false when the run is full. */
  #collectPartition(partition: ChunkPartition, run: RunDraft): boolean {
    const { topic, waiting } = partition
    // If it is not free by now, its holder makes it ready again.
    if (waiting.size === 0 || !this.#isFreePartition(partition)) return true
    for (let next = firstUnsettled(waiting); next; next = firstUnsettled(waiting)) {
      if (!run.add(next)) return false
      waiting.shift()
      this.#take(next)
    }
    topic.waitingPartitions--
    this.#advance(topic)
    return true
  }

  /** @returns false when the run is full. */
  #collectTopic(topic: ChunkTopic, run: RunDraft): boolean {
    while (this.#isFreeTopic(topic)) {
      const next = this.#firstOf(topic)
      if (!next) break
      if (!run.add(next)) return false
      topic.waiting.shift()
      this.#take(next)
    }
    return true
  }

  /** The first one that waits for a topic; divided where its messages can be bound by now. */
  #firstOf(topic: ChunkTopic): MessageChunk | undefined {
    const first = firstUnsettled(topic.waiting)
    if (!first || first.hold !== topic) return first
    const message = first.firstUnsettled()
    if (!this.#topics.bind(message)) return first
    topic.waiting.shift()
    const messages = first.messages.filter(({ isSettled }) => !isSettled)
    for (const chunk of [...this.#topics.split(first.call!, messages)].reverse()) topic.waiting.unshift(chunk)
    return topic.waiting.peek()
  }

  #advanceTouched(): void {
    const touched = this.#touched
    this.#touched = []
    for (const topic of touched) {
      topic.isTouched = false
      this.#advance(topic)
    }
  }

  /** Moves what needs one partition only to where it waits for that, up to the first that needs the whole topic. */
  #advance(topic: ChunkTopic): void {
    while (topic.held === 0) {
      const next = this.#firstOf(topic)
      if (!next) break
      if (!(next.hold instanceof Partition)) {
        if (this.#isFreeTopic(topic)) this.#makeReady(topic)
        return
      }
      topic.waiting.shift()
      this.#pushToPartition(next.hold, next)
    }
    if (topic.unsettled === 0 && topic.waitingPartitions === 0) this.#topics.forget(topic)
  }

  #pushToPartition(partition: ChunkPartition, chunk: MessageChunk): void {
    partition.waiting.push(chunk)
    if (partition.waiting.size > 1) return
    partition.topic.waitingPartitions++
    if (this.#isFreePartition(partition)) this.#makeReady(partition)
  }

  #take(chunk: MessageChunk): void {
    const { hold, size, messages } = chunk
    const { topic } = hold
    if (topic.run !== this.#run) {
      topic.run = this.#run
      topic.unsettledOfRun = 0
    }
    hold.run = this.#run
    hold.held += size
    topic.unsettled += size
    topic.unsettledOfRun += size
    chunk.isTaken = true
    if (size < messages.length) chunk.messages = messages.filter(({ isSettled }) => !isSettled)
  }

  #release(hold: Hold<MessageChunk>, messages: number): void {
    hold.topic.unsettled -= messages
    this.#unhold(hold, messages)
  }

  #unhold(hold: Hold<MessageChunk>, messages: number): void {
    hold.held -= messages
    if (hold instanceof Partition && hold.held === 0 && hold.waiting.size > 0) this.#makeReady(hold)
    this.#touch(hold.topic)
  }

  /** It may need something else by now, and its call may wait for it no longer. */
  #updateOpen(message: PendingMessage, { hold, call }: MessageChunk): void {
    const isOver = message.isSettled && call !== null
    const needed = message.isBound ? this.#topics.partitionOf(hold.topic, message.partition) : hold
    if (needed === hold && !isOver) return
    message.chunk = new Chunk(needed, isOver ? null : call, [])
    message.chunk.isTaken = true
    if (needed !== hold) {
      needed.held++
      this.#unhold(hold, 1)
    }
    if (isOver) call.settled(1)
  }

  #makeReady(hold: Hold<MessageChunk>): void {
    if (hold.isReady) return
    hold.isReady = true
    this.#ready.push(hold)
  }

  #touch(topic: ChunkTopic): void {
    if (topic.isTouched) return
    topic.isTouched = true
    this.#touched.push(topic)
  }

  /** For a message that comes: what waits is in front of it. */
  #isFreeForNew(hold: Hold<MessageChunk>): boolean {
    const { topic } = hold
    if (topic.waiting.size > 0) return false
    if (hold instanceof Topic) return this.#isFreeTopic(hold)
    if (hold.waiting.size > 0) return false
    return topic.held === 0 ? this.#isFreePartition(hold) : this.#isTakenByRunAlone(topic)
  }

  /** Nobody else's messages hold it. */
  #isFreePartition({ held, run }: ChunkPartition): boolean {
    return held === 0 || run === this.#run
  }

  /** Nobody else's messages hold any of it, and none waits in front of those that need all of it. */
  #isFreeTopic(topic: ChunkTopic): boolean {
    return topic.waitingPartitions === 0 && this.#isTakenByRunAlone(topic)
  }

  #isTakenByRunAlone({ unsettled, unsettledOfRun, run }: ChunkTopic): boolean {
    return unsettled === (run === this.#run ? unsettledOfRun : 0)
  }
}

/** Takes out those in front that have been settled while they waited. */
function firstUnsettled(waiting: Fifo<MessageChunk>): MessageChunk | undefined {
  let first = waiting.peek()
  while (first?.size === 0) {
    waiting.shift()
    first = waiting.peek()
  }
  return first
}

/** @returns how many messages in a row, from this position on, are of the chunk and need nothing any more. */
function takeEnded(chunk: MessageChunk, messages: readonly PendingMessage[], from: number): number {
  let i = from
  for (; i < messages.length; i++) {
    const message = messages[i]!
    if (message.chunk !== chunk || !message.isSettled || message.isInFlight) break
    message.chunk = null
  }
  return i - from
}
