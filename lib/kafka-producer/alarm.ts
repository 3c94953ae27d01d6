/** One timer for everything that a producer waits for: it goes off at the earliest time, and is set anew where one is earlier. */
import { LONGEST_TIMER_MS } from '../timers.js'

export class Alarm {
  readonly #onDue: () => void
  #timer: NodeJS.Timeout | null = null
  #dueMs = Number.POSITIVE_INFINITY

  constructor(onDue: () => void) {
    this.#onDue = onDue
  }

  /**
   * @param dueMs - on the monotonic clock; Infinity for nothing. A later time than the one set leaves the timer alone: going off
   *   early costs less than setting timers again and again.
   * @param keepsProcess - whether the process has to wait for it.
   */
  set(dueMs: number, nowMs: number, keepsProcess: boolean): void {
    if (dueMs < this.#dueMs) this.#start(dueMs, nowMs)
    if (!this.#timer) return
    if (keepsProcess) this.#timer.ref()
    else this.#timer.unref()
  }

  clear(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#dueMs = Number.POSITIVE_INFINITY
  }

  #start(dueMs: number, nowMs: number): void {
    this.clear()
    this.#dueMs = dueMs
    // Timers may go off a fraction of a millisecond early.
    const delayMs = Math.min(Math.max(Math.ceil(dueMs - nowMs), 1), LONGEST_TIMER_MS)
    this.#timer = setTimeout(() => {
      this.clear()
      this.#onDue()
    }, delayMs)
  }
}
