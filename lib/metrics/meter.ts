/**
 * Counts events and says how many there were per second: since the start, and as averages over 1, 5 and 15 minutes
 * that fade exponentially, in steps of five seconds, like a Unix load average and the original's meters.
 *
 * Nothing here has a timer. All meters of a producer share a clock that is looked at now and then; a meter catches up
 * with it at its next event or reading. Between two looks an event counts for the interval of the earlier one.
 *
 * @see docs/reference/classic-producer.md#metrics
 */

/** Length of a step. */
const INTERVAL_MS = 5000
const MS_PER_SECOND = 1000
const INTERVALS_PER_MINUTE = 60_000 / INTERVAL_MS
/** Over which rates are averaged, in minutes. */
const SPANS = [1, 5, 15] as const
const FADINGS = SPANS.map((minutes) => Math.exp(-1 / (minutes * INTERVALS_PER_MINUTE)))

/** Which interval it is. */
export class RateClock {
  readonly #now: () => number
  readonly #startMs: number
  /** As of the last {@link advance}; a plain field, because meters compare it at every event. */
  interval = 0

  /** @param now - milliseconds on a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now
    this.#startMs = now()
  }

  /**
   * Looks at the clock, or gets the time passed in.
   *
   * @returns milliseconds since the start.
   */
  advance(nowMs = this.#now()): number {
    const elapsedMs = nowMs - this.#startMs
    this.interval = Math.floor(elapsedMs / INTERVAL_MS)
    return elapsedMs
  }
}

/** Rates are per second. */
export interface MeterReading {
  readonly count: number
  /** Since the meter exists. */
  readonly meanRate: number
  readonly oneMinuteRate: number
  readonly fiveMinuteRate: number
  readonly fifteenMinuteRate: number
}

export class Meter {
  readonly #clock: RateClock
  readonly #startMs: number
  /** The interval that {@link Meter.#recent} belongs to. */
  #interval: number
  #count = 0
  /** Events of the current interval, not yet in the rates. */
  #recent = 0
  /** Per second, one for each of {@link SPANS}; null until the first interval has passed. */
  #rates: number[] | null = null

  constructor(clock: RateClock) {
    this.#clock = clock
    this.#startMs = clock.advance()
    this.#interval = clock.interval
  }

  get count(): number {
    return this.#count
  }

  mark(events = 1): void {
    if (this.#interval !== this.#clock.interval) this.#catchUp()
    this.#count += events
    this.#recent += events
  }

  /** @param nowMs - what the clock's `advance` has just returned, for whoever reads many. */
  read(nowMs = this.#clock.advance()): MeterReading {
    const elapsedMs = nowMs - this.#startMs
    if (this.#interval !== this.#clock.interval) this.#catchUp()
    const [oneMinuteRate = 0, fiveMinuteRate = 0, fifteenMinuteRate = 0] = this.#rates ?? []
    return {
      count: this.#count,
      meanRate: elapsedMs > 0 ? (this.#count / elapsedMs) * MS_PER_SECOND : 0,
      oneMinuteRate,
      fiveMinuteRate,
      fifteenMinuteRate,
    }
  }

  /** Ends the interval: what it had enters the rates; the intervals since then had nothing. */
  #catchUp(): void {
    const empty = this.#clock.interval - this.#interval - 1
    const rate = (this.#recent / INTERVAL_MS) * MS_PER_SECOND
    this.#interval = this.#clock.interval
    this.#recent = 0
    this.#rates = FADINGS.map((fading, i) => {
      // As in the original, the first interval is taken as if it had always been so.
      const before = this.#rates?.[i] ?? rate
      return (rate + (before - rate) * fading) * fading ** empty
    })
  }
}
