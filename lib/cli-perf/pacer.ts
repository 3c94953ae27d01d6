/**
 * Policy: when each message of a thread is due at a given rate, and from when its latency counts.
 *
 * Due times are computed from the start, so lateness never adds up: who falls behind sends without a pause until it
 * has caught up. A message that had to wait because the producer was busy counts from when it was due, else a stall
 * would hide itself (coordinated omission). That a timer of Node is a little late is no fault of the producer: so much
 * is not counted.
 */

/** Timers were up to 1.4 ms late on an idle machine. */
const TIMER_GRAIN_MS = 2

export interface PacerOptions {
  /** Messages per second of all threads together. */
  readonly perSecond: number
  readonly threads: number
  /** Counted from 0; the threads take turns. */
  readonly threadId: number
  readonly startMs: number
}

export class Pacer {
  readonly #periodMs: number
  readonly #firstMs: number
  #taken = 0
  /** Messages due before this moment could not go earlier. */
  #wokenMs = Number.NEGATIVE_INFINITY

  constructor({ perSecond, threads, threadId, startMs }: PacerOptions) {
    this.#periodMs = (threads * 1000) / perSecond
    this.#firstMs = startMs + (threadId * 1000) / perSecond
  }

  get #dueMs(): number {
    return this.#firstMs + this.#taken * this.#periodMs
  }

  /** Milliseconds until the next message is due; 0 or less: now. */
  waitMs(nowMs: number): number {
    return this.#dueMs - nowMs
  }

  /** To be called when a pause until the next message was due has ended. */
  woke(nowMs: number): void {
    this.#wokenMs = Math.min(nowMs, this.#dueMs + TIMER_GRAIN_MS)
  }

  /** Takes the next turn. @returns the moment from which the latency of its message counts. */
  take(): number {
    const dueMs = this.#dueMs
    this.#taken++
    return Math.max(dueMs, this.#wokenMs)
  }
}
