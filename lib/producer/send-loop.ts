/**
 * Async mode: drains the queue by count or by time, one batch at a time.
 *
 * The linger clock runs from the previous flush, not from the arrival of a message, and an idle interval that ends
 * starts the next one, as in the original; it is computed when a message arrives, so nothing wakes while idle. A
 * linger ≤ 0 means as soon as the loop is free (D10). Must be let run dry before it is dropped: see {@link SendLoop.hurry}.
 *
 * @see classic-producer reference §8.2
 */
import type { MessageQueue } from './message-queue.js'

export interface SendLoopOptions<T> {
  readonly queue: MessageQueue<T>
  /** Ends when every message of the batch has its outcome; must not reject. */
  readonly dispatch: (batch: T[]) => Promise<void>
  /** `batch.num.messages`; below 1 counts as 1. */
  readonly batchSize: number
  /** `queue.buffering.max.ms`. */
  readonly lingerMs: number
}

export class SendLoop<T> {
  readonly #options: SendLoopOptions<T>
  readonly #batchSize: number
  #lastFlushMs = performance.now()
  #isRunning = false
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  /** Messages that have had their outcome, and messages handed out for it. */
  #settled = 0
  #inFlight = 0
  #isEager = false
  /** Who waits until so many have been settled; ascending. */
  readonly #flushers: { readonly target: number; resolve(): void }[] = []

  constructor(options: SendLoopOptions<T>) {
    this.#options = options
    this.#batchSize = Math.max(1, options.batchSize)
  }

  /** To be called after the queue has grown. */
  notify(): void {
    if (this.#isRunning) return
    if (this.#options.queue.size >= this.#batchSize || this.#isHurried) void this.#run()
    else this.#arm()
  }

  /** Sends what is queued now without waiting for the linger; resolves when all of it has its outcome. */
  flush(): Promise<void> {
    const target = this.#settled + this.#inFlight + this.#options.queue.size
    if (target === this.#settled) return Promise.resolve()
    return new Promise((resolve) => {
      this.#flushers.push({ target, resolve })
      if (!this.#isRunning) void this.#run()
    })
  }

  /** From now on nothing lingers. */
  hurry(): void {
    this.#isEager = true
    this.#disarm()
    if (this.#options.queue.size > 0) this.notify()
  }

  get #isHurried(): boolean {
    return this.#isEager || this.#flushers.length > 0
  }

  #arm(): void {
    if (this.#timer || this.#immediate) return
    const { lingerMs } = this.#options
    if (lingerMs <= 0) {
      this.#immediate = setImmediate(() => this.#expired())
      return
    }
    const sinceFlushMs = performance.now() - this.#lastFlushMs
    this.#lastFlushMs += Math.floor(sinceFlushMs / lingerMs) * lingerMs
    this.#timer = setTimeout(() => this.#expired(), Math.ceil(lingerMs - (sinceFlushMs % lingerMs)))
  }

  #disarm(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#timer = undefined
    this.#immediate = undefined
  }

  #expired(): void {
    this.#disarm()
    if (!this.#isRunning) void this.#run()
  }

  /** Runs at least one batch, then goes on while there is a reason to. */
  async #run(): Promise<void> {
    const { queue, dispatch } = this.#options
    this.#isRunning = true
    this.#disarm()
    do {
      const batch = queue.take(this.#batchSize)
      this.#inFlight = batch.length
      if (batch.length > 0) await dispatch(batch)
      this.#settled += batch.length
      this.#inFlight = 0
      this.#lastFlushMs = performance.now()
      while (this.#flushers.length > 0 && this.#flushers[0]!.target <= this.#settled)
        this.#flushers.shift()!.resolve()
    } while (queue.size >= this.#batchSize || (queue.size > 0 && this.#isHurried))
    this.#isRunning = false
    if (queue.size > 0) this.#arm()
  }
}
