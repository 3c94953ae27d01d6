/**
 * State of `PartitionQueues`: what waits for a topic or one of its partitions, and how many unsettled messages hold it.
 * Plain counts, whatever the chunks of messages `M` are; the rules are in `partition-queues.ts`.
 */
import { Fifo } from '../fifo.js'

/** One partition: messages that wait for it, and how many unsettled ones hold it. */
export class Partition<M> {
  readonly waiting = new Fifo<M>()
  held = 0
  /** The run that took it last. */
  run = 0
  isReady = false
  /** Of the call that is being looked at: where its next message for this partition goes. */
  chunk: M | null = null

  constructor(
    readonly topic: Topic<M>,
    readonly id: number,
  ) {}
}

/** A topic as a whole: the same for messages that need all of it. */
export class Topic<M> {
  readonly partitions = new Map<number, Partition<M>>()
  /** Partitions for which messages wait. */
  waitingPartitions = 0
  /** The first one that needs all of the topic, and everything behind it. */
  readonly waiting = new Fifo<M>()
  /** Unsettled messages that hold all of it. While there are some, nothing waits for a partition alone. */
  held = 0
  /** Unsettled messages that hold all of it or a partition. */
  unsettled = 0
  /** Those of them that {@link run} took, when it was collected. */
  unsettledOfRun = 0
  run = 0
  isReady = false
  isTouched = false
  /** As that of a partition, while the last message to the topic needed all of it. */
  chunk: M | null = null
  /** Of the messages to this topic of the call that is being looked at. */
  segment = 0

  constructor(readonly name: string) {}

  get topic(): this {
    return this
  }
}

/** What a message holds from when it is taken until it is settled. */
export type Hold<M> = Partition<M> | Topic<M>
