/**
 * Ends waits when their time limit has passed, with one timer for all of them: thousands of calls may wait for room, and most of
 * them find it in time.
 */
import { type Link, LinkedList } from '../linked-list.js'

/** A wait with the end of its time, on the monotonic clock. */
export interface LimitedWait<T> {
  readonly waiter: T
  readonly dueMs: number
}

export class WaitLimits<T> {
  readonly #waits = new LinkedList<LimitedWait<T>>()
  readonly #end: (waiters: readonly T[]) => void
  #timer: NodeJS.Timeout | undefined

  /** @param end - called with those whose time limit has passed; their limits are removed by then. */
  constructor(end: (waiters: readonly T[]) => void) {
    this.#end = end
  }

  /**
   * @param timeoutMs - from now; must not end before that of an earlier one.
   * @returns what {@link remove} takes.
   */
  add(waiter: T, timeoutMs: number): Link<LimitedWait<T>> {
    const link = this.#waits.push({ waiter, dueMs: performance.now() + timeoutMs })
    this.#timer ??= setTimeout(() => this.#expire(), timeoutMs)
    return link
  }

  /** @param limit - of a wait that is not over. */
  remove(limit: Link<LimitedWait<T>>): void {
    this.#waits.remove(limit)
    if (this.#waits.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #expire(): void {
    this.#timer = undefined
    const nowMs = performance.now()
    const due: T[] = []
    for (let link = this.#waits.first; link && link.item.dueMs <= nowMs; link = this.#waits.first) {
      this.#waits.remove(link)
      due.push(link.item.waiter)
    }
    if (due.length > 0) this.#end(due)
    // What was called may have added one, and with it a timer.
    const first = this.#waits.first
    if (first)
      this.#timer ??= setTimeout(() => this.#expire(), Math.max(1, Math.ceil(first.item.dueMs - nowMs)))
  }
}
