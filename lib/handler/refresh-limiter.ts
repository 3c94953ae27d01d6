/**
 * Policy: how long the next metadata request has to wait. At most ten start within a second, whatever happens, and
 * after failures they grow apart, with jitter so that many producers do not ask in step.
 *
 * Pure: told the time and what happened, it answers in milliseconds.
 *
 * @see reliability reference S22
 */
const MAX_PER_WINDOW = 10
const WINDOW_MS = 1000
/** Longest wait for failures alone: brokers that come back are found soon after. */
const MAX_FAILURE_WAIT_MS = 500
const FIRST_FAILURE_WAIT_MS = 25

export class RefreshLimiter {
  readonly #random: () => number
  /** When the latest requests started, oldest first. */
  readonly #starts: number[] = []
  #failures = 0
  #lastFailureMs = Number.NEGATIVE_INFINITY
  #failureWaitMs = 0

  /** @param random - 0 ≤ n < 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** Milliseconds until a request may start; 0 for now. */
  waitMs(nowMs: number): number {
    const oldest = this.#starts.length < MAX_PER_WINDOW ? Number.NEGATIVE_INFINITY : this.#starts[0]!
    return Math.max(0, oldest + WINDOW_MS - nowMs, this.#lastFailureMs + this.#failureWaitMs - nowMs)
  }

  started(nowMs: number): void {
    this.#starts.push(nowMs)
    if (this.#starts.length > MAX_PER_WINDOW) this.#starts.shift()
  }

  succeeded(): void {
    this.#failures = 0
    this.#failureWaitMs = 0
  }

  /** The wait is drawn anew each time, from an interval that doubles up to half a second. */
  failed(nowMs: number): void {
    const longest = Math.min(MAX_FAILURE_WAIT_MS, FIRST_FAILURE_WAIT_MS * 2 ** this.#failures)
    this.#failures++
    this.#lastFailureMs = nowMs
    this.#failureWaitMs = longest * this.#random()
  }
}
