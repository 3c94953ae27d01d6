/** How many produce requests there were, how long they took and how large they were: to one broker, or to all. */
import { Distribution } from './distribution.js'
import { Meter, type RateClock } from './meter.js'
import { type HistogramSeries, series, type Tags, type TimerSeries } from './snapshot.js'

const MICROSECONDS_PER_MS = 1000

export class RequestMetrics {
  readonly #tags: Tags
  readonly #rate: Meter
  readonly #timesMs = new Distribution(MICROSECONDS_PER_MS)
  readonly #sizes = new Distribution()
  readonly #throttleRate: Meter
  readonly #throttleTimesMs = new Distribution(MICROSECONDS_PER_MS)

  constructor(clock: RateClock, tags: Tags) {
    this.#tags = tags
    this.#rate = new Meter(clock)
    this.#throttleRate = new Meter(clock)
  }

  /** Requests so far. */
  get count(): number {
    return this.#rate.count
  }

  /**
   * @param bytes - null when it was never encoded, because there was no connection.
   * @param nowMs - on the monotonic clock.
   */
  record(bytes: number | null, durationMs: number, nowMs: number): void {
    this.#rate.mark()
    this.#timesMs.record(durationMs, nowMs)
    if (bytes !== null) this.#sizes.record(bytes, nowMs)
  }

  /** A quota was exceeded. @param throttleTimeMs - what the broker says. */
  throttled(throttleTimeMs: number, nowMs: number): void {
    this.#throttleRate.mark()
    this.#throttleTimesMs.record(throttleTimeMs, nowMs)
  }

  times(): TimerSeries {
    const reading = { ...this.#timesMs.read(), ...this.#rate.read() }
    return series('ProducerRequestRateAndTimeMs', 'timer', this.#tags, reading)
  }

  sizes(): HistogramSeries {
    return series('ProducerRequestSize', 'histogram', this.#tags, this.#sizes.read())
  }

  throttleTimes(): TimerSeries {
    const reading = { ...this.#throttleTimesMs.read(), ...this.#throttleRate.read() }
    return series('ProducerRequestThrottleRateAndTimeMs', 'timer', this.#tags, reading)
  }
}
