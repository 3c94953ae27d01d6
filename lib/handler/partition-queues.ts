/**
 * Policy, pure: which messages may be sent while others have no outcome yet, and a queue for those that may not, one
 * per partition. Costs the same for each message, however many wait.
 *
 * A message needs the partition that it cannot leave any more: it has a key, or it may be stored there already. Where
 * that is not so yet, it needs its whole topic, since a retry may take it to any partition. It may be sent when no
 * unsettled message of another run, and no message that came before it and waits, needs the same. So each partition
 * is stored as if one call followed another.
 *
 * A topic queues messages per partition; from the first one on that needs the whole topic, all queue together.
 * Knows no attempts, no calls and no time.
 *
 * @see docs/decisions/0004-in-flight-partitions.md
 */
import { Fifo } from '../fifo.js'
import { Partition, Topic } from './holds.js'
import { type Call, Chunk, type ChunkHold } from './overlapping-call.js'
import type { PendingMessage } from './pending-message.js'

type ChunkTopic = Topic<Chunk>
type ChunkPartition = Partition<Chunk>

/** Collects the chunks of a run. */
export interface RunDraft {
  /** Whether no chunk is left that the run would still take. */
  readonly isComplete: boolean
  /** @returns false when the run is full for this chunk; it goes on waiting then. */
  add(chunk: Chunk): boolean
}

export interface PartitionQueuesOptions {
  /** Chooses the partition of a message that has a key, where its topic is known. */
  bind(message: PendingMessage): void
}

export class PartitionQueues {
  readonly #options: PartitionQueuesOptions
  readonly #topics = new Map<string, ChunkTopic>()
  /** Of the last message that came: the next one is often of the same. */
  #lastTopic: ChunkTopic | null = null
  /** In the order in which they became free; looked at again when their turn comes. */
  readonly #ready = new Fifo<ChunkHold>()
  #touched: ChunkTopic[] = []
  /** Number of the run that is being collected. */
  #run = 1

  constructor(options: PartitionQueuesOptions) {
    this.#options = options
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
  split(call: Call): readonly Chunk[] {
    return this.#split(call, call.messages)
  }

  /**
   * A chunk comes. It goes with the run that is being collected, or waits behind those that came before it.
   *
   * @param mayGo - false when there is no such run.
   * @returns whether it goes.
   */
  arrive(chunk: Chunk, mayGo: boolean): boolean {
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
    const full: ChunkHold[] = []
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
  #firstOf(topic: ChunkTopic): Chunk | undefined {
    const first = firstUnsettled(topic.waiting)
    if (!first || first.hold !== topic) return first
    const message = first.firstUnsettled()
    this.#bind(message)
    if (!isBound(message)) return first
    topic.waiting.shift()
    const messages = first.messages.filter(({ isSettled }) => !isSettled)
    for (const chunk of [...this.#split(first.call!, messages)].reverse()) topic.waiting.unshift(chunk)
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
    if (topic.unsettled === 0 && topic.waitingPartitions === 0) this.#forget(topic)
  }

  #forget(topic: ChunkTopic): void {
    this.#topics.delete(topic.name)
    if (topic === this.#lastTopic) this.#lastTopic = null
  }

  #pushToPartition(partition: ChunkPartition, chunk: Chunk): void {
    partition.waiting.push(chunk)
    if (partition.waiting.size > 1) return
    partition.topic.waitingPartitions++
    if (this.#isFreePartition(partition)) this.#makeReady(partition)
  }

  #take(chunk: Chunk): void {
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

  #release(hold: ChunkHold, messages: number): void {
    hold.topic.unsettled -= messages
    this.#unhold(hold, messages)
  }

  #unhold(hold: ChunkHold, messages: number): void {
    hold.held -= messages
    if (hold instanceof Partition && hold.held === 0 && hold.waiting.size > 0) this.#makeReady(hold)
    this.#touch(hold.topic)
  }

  /** It may need something else by now, and its call may wait for it no longer. */
  #updateOpen(message: PendingMessage, { hold, call }: Chunk): void {
    const isOver = message.isSettled && call !== null
    const needed = isBound(message) ? this.#partitionOf(hold.topic, message.partition) : hold
    if (needed === hold && !isOver) return
    message.chunk = new Chunk(needed, isOver ? null : call, [])
    message.chunk.isTaken = true
    if (needed !== hold) {
      needed.held++
      this.#unhold(hold, 1)
    }
    if (isOver) call.settled(1)
  }

  #split(call: Call, messages: readonly PendingMessage[]): readonly Chunk[] {
    const chunks: Chunk[] = []
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]!
      this.#bind(message)
      const chunk = this.#chunkFor(message, call, chunks)
      message.chunk = chunk
      chunk.size++
      if (chunks.length === 1) continue
      // Most calls need one thing only, and their list of messages will do then.
      if (chunks.length === 2 && chunk.size === 1) chunks[0]!.messages = messages.slice(0, i)
      ;(chunk.messages as PendingMessage[]).push(message)
    }
    if (chunks.length === 1) chunks[0]!.messages = messages
    for (const { hold } of chunks) {
      hold.chunk = null
      hold.topic.chunk = null
    }
    return chunks
  }

  /** Of the messages to a topic, one that needs all of it stays behind those in front of it, and in front of those behind it. */
  #chunkFor(message: PendingMessage, call: Call, chunks: Chunk[]): Chunk {
    const topic = this.#topicOf(message)
    const hold = isBound(message) ? this.#partitionOf(topic, message.partition) : topic
    if (hold !== topic) topic.chunk = null
    const open = hold.chunk
    if (open !== null && open.segment === topic.segment) return open
    if (hold === topic) topic.segment++
    const chunk = new Chunk(hold, call, [], topic.segment)
    hold.chunk = chunk
    chunks.push(chunk)
    return chunk
  }

  #makeReady(hold: ChunkHold): void {
    if (hold.isReady) return
    hold.isReady = true
    this.#ready.push(hold)
  }

  #touch(topic: ChunkTopic): void {
    if (topic.isTouched) return
    topic.isTouched = true
    this.#touched.push(topic)
  }

  #bind(message: PendingMessage): void {
    if (message.partition < 0) this.#options.bind(message)
  }

  /** For a message that comes: what waits is in front of it. */
  #isFreeForNew(hold: ChunkHold): boolean {
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

  #topicOf({ topic: name }: PendingMessage): ChunkTopic {
    if (this.#lastTopic?.name === name) return this.#lastTopic
    let topic = this.#topics.get(name)
    if (!topic) {
      topic = new Topic(name)
      this.#topics.set(name, topic)
    }
    this.#lastTopic = topic
    return topic
  }

  #partitionOf(topic: ChunkTopic, id: number): ChunkPartition {
    let partition = topic.partitions.get(id)
    if (!partition) {
      partition = new Partition(topic, id)
      topic.partitions.set(id, partition)
    }
    return partition
  }
}

function isBound({ partitionKey, partition, isAmbiguous }: PendingMessage): boolean {
  return partition >= 0 && (partitionKey !== null || isAmbiguous)
}

/** Takes out those in front that have been settled while they waited. */
function firstUnsettled(waiting: Fifo<Chunk>): Chunk | undefined {
  let first = waiting.peek()
  while (first?.size === 0) {
    waiting.shift()
    first = waiting.peek()
  }
  return first
}

/** @returns how many messages in a row, from this position on, are of the chunk and need nothing any more. */
function takeEnded(chunk: Chunk, messages: readonly PendingMessage[], from: number): number {
  let i = from
  for (; i < messages.length; i++) {
    const message = messages[i]!
    if (message.chunk !== chunk || !message.isSettled || message.isInFlight) break
    message.chunk = null
  }
  return i - from
}
