/**
 * Policy: how long the next metadata request has to wait. The limit is for repeated failures only: while nobody
 * answers, and for topics that are asked for in vain again and again, at most ten requests start within a second, and
 * they grow apart, with jitter so that many producers do not ask in step. A request for anything else starts at once.
 *
 * Pure: given the time and what happened, it answers in milliseconds. Which topics are repeated failures is decided
 * by {@link RepeatedFailures}.
 */
const MAX_PER_WINDOW = 10
const WINDOW_MS = 1000
const FIRST_WAIT_MS = 25
/** Longest wait while nobody answers: brokers that come back are found soon after. */
const MAX_FAILURE_WAIT_MS = 500
/** Longest wait for topics alone: an election is often over within a second. */
const MAX_FRUITLESS_WAIT_MS = 100

/** A wait that is drawn anew each time, from an interval that doubles up to a maximum. */
class BackOff {
  readonly #maxMs: number
  readonly #random: () => number
  #times = 0
  #endMs = Number.NEGATIVE_INFINITY

  constructor(maxMs: number, random: () => number) {
    this.#maxMs = maxMs
    this.#random = random
  }

  get isRunning(): boolean {
    return this.#times > 0
  }

  get endMs(): number {
    return this.#endMs
  }

  grow(nowMs: number): void {
    this.#endMs = nowMs + Math.min(this.#maxMs, FIRST_WAIT_MS * 2 ** this.#times) * this.#random()
    this.#times++
  }

  reset(): void {
    this.#times = 0
    this.#endMs = Number.NEGATIVE_INFINITY
  }
}

export class RefreshLimiter {
  readonly #failures: BackOff
  readonly #repetitions: BackOff
  /** When the latest limited requests started, oldest first; ten at most. */
  readonly #starts: number[] = []

  /** @param random - 0 ≤ n < 1. */
  constructor(random: () => number = Math.random) {
    this.#failures = new BackOff(MAX_FAILURE_WAIT_MS, random)
    this.#repetitions = new BackOff(MAX_FRUITLESS_WAIT_MS, random)
  }

  /**
   * Milliseconds until a request may start; 0 for now.
   *
   * @param isRepeat - all of its topics were asked for in vain again and again.
   */
  waitMs(nowMs: number, isRepeat: boolean): number {
    if (!this.#isLimited(isRepeat)) return 0
    const oldest = this.#starts.length < MAX_PER_WINDOW ? Number.NEGATIVE_INFINITY : this.#starts[0]!
    const repetitionEndMs = isRepeat ? this.#repetitions.endMs : Number.NEGATIVE_INFINITY
    return Math.max(0, oldest + WINDOW_MS - nowMs, this.#failures.endMs - nowMs, repetitionEndMs - nowMs)
  }

  started(nowMs: number, isRepeat: boolean): void {
    if (this.#isLimited(isRepeat)) this.#count(nowMs)
  }

  /** A broker answered. */
  succeeded(): void {
    this.#failures.reset()
  }

  /** No broker answered. */
  failed(nowMs: number): void {
    // The first one started without being limited, and counts from here on.
    if (!this.#failures.isRunning) this.#count(nowMs)
    this.#failures.grow(nowMs)
  }

  /** A repeated request brought nothing new again. */
  wasFruitless(nowMs: number): void {
    this.#repetitions.grow(nowMs)
  }

  /** A repeated request brought something new of all its topics. */
  wasFruitful(): void {
    this.#repetitions.reset()
  }

  #count(nowMs: number): void {
    this.#starts.push(nowMs)
    if (this.#starts.length > MAX_PER_WINDOW) this.#starts.shift()
  }

  #isLimited(isRepeat: boolean): boolean {
    return isRepeat || this.#failures.isRunning
  }
}
