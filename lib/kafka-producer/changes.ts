/**
 * Wakes who waits for a change of the producer: a run of the sender has ended, or metadata has come. What they wait for they look at
 * themselves.
 */
import { LONGEST_TIMER_MS } from '../timers.js'

export class Changes {
  #waiting: (() => void)[] = []

  /** Something has changed. */
  notify(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    for (const wake of waiting) wake()
  }

  /** Resolves with the next change, or after this time. */
  next(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeoutMs <= LONGEST_TIMER_MS ? setTimeout(resolve, timeoutMs) : undefined
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
