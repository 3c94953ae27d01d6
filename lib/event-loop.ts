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

  /**
   * To be called between two pieces of work; costs a look at the clock, and an immediate at most every 2 ms.
   *
   * @returns null when the work may go on, else what to wait for first: a turn of the event loop. All that ask
   *   meanwhile wait for the same turn.
   */
  due(): Promise<void> | null {
    const nowMs = performance.now()
    if (this.#asked) return nowMs - this.#askedMs < MAX_BUSY_MS ? null : this.#asked
    if (nowMs - this.#lastTurnMs < MAX_BUSY_MS) return null
    this.#askedMs = nowMs
    this.#asked = new Promise((resolve) => {
      setImmediate(() => {
        this.#asked = null
        this.#lastTurnMs = performance.now()
        resolve()
      })
    })
    return null
  }
}
