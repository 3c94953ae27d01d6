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
import { type Hold, Partition, Topic } from './holds.js'
import type { PendingMessage } from './pending-message.js'

type MessageTopic = Topic<PendingMessage>
type MessagePartition = Partition<PendingMessage>
type MessageHold = Hold<PendingMessage>

/** Collects the messages of a run. */
export interface RunDraft {
  /** Whether no message is left that the run would still take. */
  readonly isComplete: boolean
  /** @returns false when the run is full for this message; it goes on waiting then. */
  add(message: PendingMessage): boolean
}

export interface PartitionQueuesOptions {
  /** Chooses the partition of a message that has a key, where its topic is known. */
  bind(message: PendingMessage): void
}

export class PartitionQueues {
  readonly #options: PartitionQueuesOptions
  readonly #topics = new Map<string, MessageTopic>()
  /** Of the last message that came: the next one is often of the same. */
  #lastTopic: MessageTopic | null = null
  /** In the order in which they became free; looked at again when their turn comes. */
  readonly #ready = new Fifo<MessageHold>()
  #touched: MessageTopic[] = []
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

  /**
   * A message comes. It goes with the run that is being collected, or waits behind those that came before it.
   *
   * @param mayGo - false when there is no such run.
   * @returns whether it goes.
   */
  arrive(message: PendingMessage, mayGo: boolean): boolean {
    this.#bind(message)
    const topic = this.#topicOf(message)
    const hold = isBound(message) ? this.#partitionOf(topic, message.partition) : topic
    if (mayGo && this.#isFreeForNew(hold)) {
      this.#take(message, hold)
      return true
    }
    if (hold instanceof Partition && topic.held === 0 && topic.waiting.size === 0) {
      this.#pushToPartition(hold, message)
    } else {
      topic.waiting.push(message)
      if (topic.waiting.size === 1) this.#touch(topic)
    }
    return false
  }

  /** Adds to a run what may go, until that is all or the run is full: of the calls that it takes, all that may go. */
  collect(run: RunDraft): void {
    this.#advanceTouched()
    const full: MessageHold[] = []
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

  /** To be called when a message that was taken may have been settled, or bound to a partition. */
  update(message: PendingMessage): void {
    const { hold } = message
    if (!hold) return
    if (message.isSettled && !message.isInFlight) {
      message.hold = null
      hold.topic.unsettled--
      this.#release(hold)
    } else if (isBound(message) && !(hold instanceof Partition && hold.id === message.partition)) {
      message.hold = this.#partitionOf(hold.topic, message.partition)
      message.hold.held++
      this.#release(hold)
    }
  }

  /** To be called when a message that waits has been settled. */
  drop(message: PendingMessage): void {
    const topic = this.#topics.get(message.topic)
    if (!topic) return
    const partition = topic.partitions.get(message.partition)
    if (partition && partition.waiting.size > 0 && !firstUnsettled(partition.waiting))
      topic.waitingPartitions--
    firstUnsettled(topic.waiting)
    this.#touch(topic)
  }

  /** @returns false when the run is full. */
  #collectPartition(partition: MessagePartition, run: RunDraft): boolean {
    const { topic, waiting } = partition
    // If it is not free by now, its holder makes it ready again.
    if (waiting.size === 0 || !this.#isFreePartition(partition)) return true
    for (let next = firstUnsettled(waiting); next; next = firstUnsettled(waiting)) {
      if (!run.add(next)) return false
      waiting.shift()
      this.#take(next, partition)
    }
    topic.waitingPartitions--
    this.#advance(topic)
    return true
  }

  /** @returns false when the run is full. */
  #collectTopic(topic: MessageTopic, run: RunDraft): boolean {
    while (this.#isFreeTopic(topic)) {
      const next = firstUnsettled(topic.waiting)
      if (!next) break
      if (!run.add(next)) return false
      topic.waiting.shift()
      this.#bind(next)
      this.#take(next, isBound(next) ? this.#partitionOf(topic, next.partition) : topic)
    }
    return true
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
  #advance(topic: MessageTopic): void {
    for (let next = firstUnsettled(topic.waiting); next; next = firstUnsettled(topic.waiting)) {
      if (topic.held > 0) return
      this.#bind(next)
      if (!isBound(next)) {
        if (this.#isFreeTopic(topic)) this.#makeReady(topic)
        return
      }
      topic.waiting.shift()
      this.#pushToPartition(this.#partitionOf(topic, next.partition), next)
    }
    if (topic.unsettled === 0 && topic.waitingPartitions === 0) this.#forget(topic)
  }

  #forget(topic: MessageTopic): void {
    this.#topics.delete(topic.name)
    if (topic === this.#lastTopic) this.#lastTopic = null
  }

  #pushToPartition(partition: MessagePartition, message: PendingMessage): void {
    partition.waiting.push(message)
    if (partition.waiting.size > 1) return
    partition.topic.waitingPartitions++
    if (this.#isFreePartition(partition)) this.#makeReady(partition)
  }

  #take(message: PendingMessage, hold: MessageHold): void {
    const { topic } = hold
    if (topic.run !== this.#run) {
      topic.run = this.#run
      topic.unsettledOfRun = 0
    }
    hold.run = this.#run
    hold.held++
    topic.unsettled++
    topic.unsettledOfRun++
    message.hold = hold
  }

  #release(hold: MessageHold): void {
    hold.held--
    if (hold instanceof Partition && hold.held === 0 && hold.waiting.size > 0) this.#makeReady(hold)
    this.#touch(hold.topic)
  }

  #makeReady(hold: MessageHold): void {
    if (hold.isReady) return
    hold.isReady = true
    this.#ready.push(hold)
  }

  #touch(topic: MessageTopic): void {
    if (topic.isTouched) return
    topic.isTouched = true
    this.#touched.push(topic)
  }

  #bind(message: PendingMessage): void {
    if (message.partition < 0) this.#options.bind(message)
  }

  /** For a message that comes: what waits is in front of it. */
  #isFreeForNew(hold: MessageHold): boolean {
    const { topic } = hold
    if (topic.waiting.size > 0) return false
    if (hold instanceof Topic) return this.#isFreeTopic(hold)
    if (hold.waiting.size > 0) return false
    return topic.held === 0 ? this.#isFreePartition(hold) : this.#isTakenByRunAlone(topic)
  }

  /** Nobody else's messages hold it. */
  #isFreePartition({ held, run }: MessagePartition): boolean {
    return held === 0 || run === this.#run
  }

  /** Nobody else's messages hold any of it, and none waits in front of those that need all of it. */
  #isFreeTopic(topic: MessageTopic): boolean {
    return topic.waitingPartitions === 0 && this.#isTakenByRunAlone(topic)
  }

  #isTakenByRunAlone({ unsettled, unsettledOfRun, run }: MessageTopic): boolean {
    return unsettled === (run === this.#run ? unsettledOfRun : 0)
  }

  #topicOf({ topic: name }: PendingMessage): MessageTopic {
    if (this.#lastTopic?.name === name) return this.#lastTopic
    let topic = this.#topics.get(name)
    if (!topic) {
      topic = new Topic(name)
      this.#topics.set(name, topic)
    }
    this.#lastTopic = topic
    return topic
  }

  #partitionOf(topic: MessageTopic, id: number): MessagePartition {
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
function firstUnsettled(waiting: Fifo<PendingMessage>): PendingMessage | undefined {
  let first = waiting.peek()
  while (first?.isSettled) {
    waiting.shift()
    first = waiting.peek()
  }
  return first
}
