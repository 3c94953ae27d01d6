/**
 * Lets the event loop turn while work goes on that never waits for it; a leaf.
 *
 * With acks 0 a request is done when the kernel has its bytes, and an async `send()` when its message is queued: neither
 * waits for anything from outside, so a loop of `await send()` would run on microtasks alone, and no timer, socket or
 * signal of the process would get its turn.
 */

/** Longest work without a turn, twice at most. Also how late a closed connection may be noticed under acks 0. */
const MAX_BUSY_MS = 2

export class EventLoopYield {
  #lastTurnMs = performance.now()
  /** Since when a turn is asked for; the loop may have turned by itself between {@link #lastTurnMs} and then. */
  #askedMs = 0
  #asked: Promise<void> | null = null
  #overdue: Promise<void> | null = null

  /**
   * The turn that {@link due} has begun to make everybody wait for, until it has come; else null. A field, for work that
   * is too small for a look at the clock each time: a thousand callers that look every 64 times each would go on for
   * 64,000 pieces otherwise.
   */
  get overdue(): Promise<void> | null {
    return this.#overdue
  }

  /**
   * To be called between two pieces of work; costs a look at the clock, and an immediate at most every 2 ms.
   *
   * @returns null when the work may go on, else what to wait for first: a turn of the event loop. All that ask
   *   meanwhile wait for the same turn.
   */
  due(): Promise<void> | null {
    const nowMs = performance.now()
    if (this.#asked) {
      if (nowMs - this.#askedMs >= MAX_BUSY_MS) this.#overdue = this.#asked
      return this.#overdue
    }
    if (nowMs - this.#lastTurnMs < MAX_BUSY_MS) return null
    this.#askedMs = nowMs
    this.#asked = this.#turn()
    return null
  }

  /** Makes everybody wait for the next turn, whatever the clock says. */
  pass(): Promise<void> {
    this.#asked ??= this.#turn()
    this.#overdue = this.#asked
    return this.#asked
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#asked = null
        this.#overdue = null
        this.#lastTurnMs = performance.now()
        resolve()
      })
    })
  }
}
