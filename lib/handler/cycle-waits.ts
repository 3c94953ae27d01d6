/**
 * The waits of a cycle: for an answer, and between attempts. Messages whose time limit ends meanwhile fail then, and a
 * wait for nobody ends at once. Time limits are on the monotonic clock.
 */
import { setMaxListeners } from 'node:events'
import { pause } from '../timers.js'
import type { Envelope } from './envelope.js'

/** Fails the messages whose time limit is over. @returns the others. */
export type Expire = (envelopes: readonly Envelope[]) => readonly Envelope[]

export class CycleWaits {
  readonly #expire: Expire
  readonly #ending = new AbortController()

  constructor(expire: Expire) {
    this.#expire = expire
    // As many back-offs may be under way as cycles overlap.
    setMaxListeners(0, this.#ending.signal)
  }

  /**
   * @param done - must not reject. Waited for even after {@link end}, which ends it by other means.
   * @returns the messages that are left.
   */
  async forAnswer(done: Promise<void>, envelopes: readonly Envelope[]): Promise<readonly Envelope[]> {
    let left = envelopes
    let isOver = false
    const over = done.then(() => {
      isOver = true
    })
    while (!isOver && left.length > 0) {
      const endMs = firstDeadlineMs(left)
      await (endMs === Number.POSITIVE_INFINITY ? over : settledOrAt(over, endMs))
      left = this.#expire(left)
    }
    return left
  }

  /**
   * @param pauseMs - `retry.backoff.ms`.
   * @returns the messages that are left.
   */
  async backOff(pauseMs: number, envelopes: readonly Envelope[]): Promise<readonly Envelope[]> {
    const endMs = performance.now() + pauseMs
    let left = envelopes
    const { signal } = this.#ending
    for (let nowMs = performance.now(); nowMs < endMs; nowMs = performance.now()) {
      await pause(Math.min(endMs, firstDeadlineMs(left)) - nowMs, signal)
      left = this.#expire(left)
      if (signal.aborted || left.length === 0) break
    }
    return left
  }

  /** No back-off lasts any longer. */
  end(): void {
    this.#ending.abort()
  }
}

/** Infinity where no message has a time limit. */
function firstDeadlineMs(envelopes: readonly Envelope[]): number {
  let first = Number.POSITIVE_INFINITY
  for (const { deadlineMs } of envelopes) if (deadlineMs > 0 && deadlineMs < first) first = deadlineMs
  return first
}

/** Resolves with the promise, or at this time if that is earlier. */
async function settledOrAt(promise: Promise<void>, atMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, atMs - performance.now()))
  })
  await Promise.race([promise, time])
  clearTimeout(timer)
}
