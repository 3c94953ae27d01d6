/**
 * Async mode: drains the queue by count or by time, in order; as many batches at a time as it is allowed.
 *
 * The linger clock runs from the previous flush, not from the arrival of a message, and an idle interval that ends
 * starts the next one, as in the original; it is computed when a message arrives, so nothing wakes while idle. A
 * linger ≤ 0 means as soon as the loop is free. Nothing lingers beyond its own time limit; batches on their way
 * are settled within theirs, and what is queued behind them has later ones. Must be let run dry before it is dropped:
 * see {@link SendLoop.stopLingering}.
 *
 * @see docs/reference/classic-producer.md#the-send-thread, docs/decisions/0000-classic-producer.md#d10
 */

import { FlushTracker } from './flush-tracker.js'
import type { MessageQueue } from './message-queue.js'

export interface SendLoopOptions<T> {
  readonly queue: MessageQueue<T>
  /** Ends when every message of the batch has its outcome; must not reject. */
  readonly dispatch: (batch: T[]) => Promise<void>
  /** Does what can be done ahead for the batch that is dispatched next, while one is under way. Must not throw. */
  readonly prepare?: (batch: T[]) => void
  /** `batch.num.messages`, the size of a batch of the queue; below 1 counts as 1. */
  readonly batchSize: number
  /** `queue.buffering.max.ms`. */
  readonly lingerMs: number
  /** `max.in.flight.requests.per.connection`: cycles at a time, each of one batch of the queue. Default 1. */
  readonly maxInFlight?: number
  /** When the time limit of an item has passed, by `performance.now()`; 0 for never. No later item has an earlier limit. */
  readonly deadlineMsOf?: (item: T) => number
}

export class SendLoop<T> {
  readonly #options: SendLoopOptions<T>
  readonly #batchSize: number
  readonly #maxInFlight: number
  readonly #progress = new FlushTracker()
  #lastFlushMs = performance.now()
  /** Loops under way, each with one cycle, of one batch of the queue, at a time. */
  #running = 0
  /** Messages of these. */
  #underWay = 0
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #isEager = false
  /** Set for the next batch while one is under way, until that has ended. */
  #ahead: NodeJS.Immediate | undefined
  // Made once: a closure in what is called for each message takes 40 bytes of each, though it is seldom reached.
  readonly #onExpired = (): void => {
    this.#disarm()
    if (this.#running < this.#maxInFlight) void this.#run()
  }
  readonly #onAhead = (): void => this.#options.prepare!(this.#options.queue.front(this.#batchSize))

  constructor(options: SendLoopOptions<T>) {
    this.#options = options
    this.#batchSize = Math.max(1, options.batchSize)
    this.#maxInFlight = options.maxInFlight ?? 1
  }

  /** Messages of all batches that are not completed. */
  get underWay(): number {
    return this.#underWay
  }

  /** To be called after the queue has grown. */
  notify(): void {
    if (this.#running >= this.#maxInFlight) this.#lookAhead()
    else if (this.#isDue) this.#begin()
    else this.#arm()
  }

  /** Sends what is queued now without waiting for the linger; resolves when all of it has its outcome. */
  flush(): Promise<void> {
    const over = this.#progress.reach(this.#options.queue.size)
    this.#begin()
    return over
  }

  /** From now on nothing lingers. */
  stopLingering(): void {
    this.#isEager = true
    this.#disarm()
    if (this.#options.queue.size > 0) this.notify()
  }

  /** Whether a batch is to go without waiting any longer. */
  get #isDue(): boolean {
    const { size } = this.#options.queue
    return size >= this.#batchSize || (size > 0 && (this.#isEager || this.#progress.isAwaited))
  }

  #begin(): void {
    while (this.#isDue && this.#running < this.#maxInFlight) void this.#run()
    if (this.#options.queue.size > 0 && this.#running < this.#maxInFlight) this.#arm()
  }

  #arm(): void {
    if (this.#timer || this.#immediate) return
    const { lingerMs } = this.#options
    if (lingerMs <= 0) {
      this.#immediate = setImmediate(this.#onExpired)
      return
    }
    const sinceFlushMs = performance.now() - this.#lastFlushMs
    this.#lastFlushMs += Math.floor(sinceFlushMs / lingerMs) * lingerMs
    const forMs = Math.ceil(lingerMs - (sinceFlushMs % lingerMs))
    this.#timer = setTimeout(this.#onExpired, Math.min(forMs, this.#untilDeadlineMs()))
  }

  /** One whose time limit has passed is handed on, as whoever sends it settles it; nobody else looks into the queue. */
  #untilDeadlineMs(): number {
    const { queue, deadlineMsOf } = this.#options
    const first = queue.peek()
    const deadlineMs = first === undefined ? 0 : (deadlineMsOf?.(first) ?? 0)
    if (deadlineMs <= 0) return Number.POSITIVE_INFINITY
    // A timer may go off up to a millisecond early.
    return Math.max(0, Math.ceil(deadlineMs - performance.now()) + 1)
  }

  #disarm(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#timer = undefined
    this.#immediate = undefined
  }

  /** The next batch is prepared once while one is under way: when the requests of that are written, and it is complete. */
  #lookAhead(): void {
    if (this.#ahead || !this.#options.prepare || !this.#isDue) return
    this.#ahead = setImmediate(this.#onAhead)
  }

  /** Sends what is queued, up to a batch, then goes on while there is a reason to. */
  async #run(): Promise<void> {
    const { queue, dispatch } = this.#options
    this.#running++
    this.#disarm()
    do {
      const batch = queue.take(this.#batchSize)
      this.#underWay += batch.length
      const isOver = this.#progress.take(batch.length)
      const cycle = dispatch(batch)
      this.#lookAhead()
      await cycle
      this.#underWay -= batch.length
      clearImmediate(this.#ahead)
      this.#ahead = undefined
      this.#lastFlushMs = performance.now()
      isOver()
    } while (this.#isDue)
    this.#running--
    if (queue.size > 0) this.#arm()
  }
}
