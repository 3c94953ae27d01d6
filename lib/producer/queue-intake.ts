/**
 * Async mode: puts messages into the queue, waits for room, and refuses what finds none.
 *
 * Messages of one call stay together and in order: after the first one that is refused, none of the call is accepted.
 * Knows no events and no metrics: what is refused is handed to `refuse`, which makes the error of it.
 */
import type { KafkaError } from '../errors.js'
import type { EventLoopYield } from '../event-loop.js'
import type { PendingMessage } from '../handler/pending-message.js'
import type { MessageQueue } from './message-queue.js'
import { abortedSend } from './refusals.js'
import { RoomWait } from './room-wait.js'
import { unreadable } from './send-arguments.js'

/** A call may wait for nothing else, so once in this many messages it is looked at whether a turn of the event loop is due. */
const MESSAGES_PER_LOOK = 64
/**
 * With more than this queued or being sent a turn is due at each look, so that answers are read and what is queued is sent: callers
 * that never wait would fill a queue of 500,000, and the garbage collector copies all of it. At least two batches: one that is being
 * sent and one that is complete when that ends. What is being sent counts, as with 5 in flight it is 5 batches, most of which wait
 * for their partitions: they cost 0.15 µs a message when only the queue counted.
 */
const DEEP_QUEUE = 20_000

const atOnce = Promise.resolve()
const noOthers: readonly PendingMessage[] = []

export interface QueueIntakeOptions {
  readonly queue: MessageQueue<PendingMessage>
  /** `queue.enqueue.timeout.ms`. */
  readonly timeoutMs: number
  /** `batch.num.messages`. */
  readonly batchSize: number
  readonly eventLoop: EventLoopYield
  /** Messages that were taken from the queue and are being sent. */
  underWay(): number
  /** Called after the queue has grown. */
  onQueued(): void
  /** The queue has had no room for these in time. @returns what the call rejects with. */
  refuse(accepted: number, rejected: readonly PendingMessage[]): KafkaError
}

type Resolve = (refused?: Promise<never>) => void

/** A call of `send()` with one message. */
class BlockedSend extends RoomWait<PendingMessage> {
  readonly #onEnded: (isQueued: boolean, message: PendingMessage, resolve: Resolve) => void
  readonly #resolve: Resolve

  constructor(
    message: PendingMessage,
    timeoutMs: number,
    onEnded: (isQueued: boolean, message: PendingMessage, resolve: Resolve) => void,
    resolve: Resolve,
  ) {
    super(message, noOthers, timeoutMs)
    this.#onEnded = onEnded
    this.#resolve = resolve
  }

  ended(): void {
    this.#onEnded(this.isOver, this.first, this.#resolve)
  }
}

export class QueueIntake {
  readonly #options: QueueIntakeOptions
  readonly #deepQueue: number
  /** Since the last look at the event loop. */
  #messages = 0
  /** Calls that wait for room. */
  #blocked = 0
  #onUnblocked: (() => void) | null = null
  #isReporting = false
  readonly #onSendEnded = (isQueued: boolean, message: PendingMessage, resolve: Resolve): void => {
    if (isQueued) {
      this.#reportSoon()
      this.#ended()
      resolve()
    } else {
      resolve(this.#refused([message], 0).finally(() => this.#ended()))
    }
  }

  constructor(options: QueueIntakeOptions) {
    this.#options = options
    this.#deepQueue = Math.max(DEEP_QUEUE, 2 * options.batchSize)
  }

  /** Resolves when the message is queued. @throws as {@link putAll}. */
  put(message: PendingMessage, signal?: AbortSignal): Promise<void> {
    return this.putOrWait(message, signal) ?? this.#accepted(1)
  }

  /** As {@link put}. @returns null when the message is queued already. */
  putOrWait(message: PendingMessage, signal?: AbortSignal): Promise<void> | null {
    if (signal?.aborted) return this.#refused([message], 0, signal)
    if (this.#options.queue.offer(message)) {
      this.#options.onQueued()
      return null
    }
    return signal === undefined ? this.#wait(message) : this.#putInOrder([message], 0, signal)
  }

  /**
   * Resolves when all messages are queued.
   *
   * @throws {KafkaError} that `refuse` returns, when one has found no room in time.
   * @throws {SendAbortedError} when the signal ended the wait, or had aborted before.
   */
  putAll(messages: readonly PendingMessage[], signal?: AbortSignal): Promise<void> {
    const { queue } = this.#options
    if (signal?.aborted && messages.length > 0) return this.#refused(messages, 0, signal)
    for (let i = 0; i < messages.length; i++) {
      if (!queue.offer(messages[i]!)) return this.#putInOrder(messages, i, signal)
      this.#options.onQueued()
    }
    return this.#accepted(messages.length)
  }

  /** Resolves when no call waits for room any more. To be awaited once. */
  async unblocked(): Promise<void> {
    if (this.#blocked === 0) return
    await new Promise<void>((resolve) => {
      this.#onUnblocked = resolve
    })
  }

  /** Resolves at once, or after a turn of the event loop where that is due. */
  #accepted(count: number): Promise<void> {
    const { eventLoop, queue, underWay } = this.#options
    if (eventLoop.overdue) return eventLoop.overdue
    this.#messages += count
    if (this.#messages < MESSAGES_PER_LOOK) return atOnce
    this.#messages = 0
    return queue.size + underWay() > this.#deepQueue ? eventLoop.pass() : (eventLoop.due() ?? atOnce)
  }

  /** As {@link #putInOrder}, for a call with one message: thousands of these may wait. */
  #wait(message: PendingMessage): Promise<void> {
    const { queue, timeoutMs } = this.#options
    this.#blocked++
    return new Promise((resolve) =>
      queue.wait(new BlockedSend(message, timeoutMs, this.#onSendEnded, resolve)),
    )
  }

  /** Once for all that are let in together, and not before the queue has let in the last of them. */
  #reportSoon(): void {
    if (this.#isReporting) return
    this.#isReporting = true
    queueMicrotask(() => {
      this.#isReporting = false
      this.#options.onQueued()
    })
  }

  #ended(): void {
    if (--this.#blocked === 0) this.#onUnblocked?.()
  }

  /** @param from - where the messages begin that are not in the queue yet. */
  async #putInOrder(messages: readonly PendingMessage[], from: number, signal?: AbortSignal): Promise<void> {
    const { queue, timeoutMs, onQueued } = this.#options
    this.#blocked++
    try {
      const taken = await queue.put(messages.slice(from), timeoutMs, signal)
      if (taken > 0) onQueued()
      if (from + taken < messages.length) await this.#refused(messages, from + taken, signal)
    } catch (thrown) {
      // A signal of another make may throw.
      throw unreadable(thrown)
    } finally {
      this.#ended()
    }
  }

  /** @param accepted - how many of the messages are queued. */
  async #refused(
    messages: readonly PendingMessage[],
    accepted: number,
    signal?: AbortSignal,
  ): Promise<never> {
    const { eventLoop, refuse } = this.#options
    await eventLoop.due()
    const rejected = messages.slice(accepted)
    throw signal?.aborted ? abortedSend(accepted, rejected, signal) : refuse(accepted, rejected)
  }
}
