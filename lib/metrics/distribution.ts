/**
 * How values are spread. Count, least, largest, mean and deviation are of all values; percentiles of those of the
 * last five to ten minutes in which there were some, as the original's samples favoured the last five.
 *
 * Two HDR histograms take turns: one records, the other keeps the five minutes before. They are looked after when a
 * value comes, not by a timer; so when none comes any more, the last ones stay. Values are put down first and entered
 * some at a time: between two requests the processor's caches have gone cold, which made each entry several times as
 * expensive.
 *
 * @see docs/reference/classic-producer.md#metrics
 */
import { build, type Histogram } from 'hdr-histogram-js'

const WINDOW_MS = 5 * 60_000
/** Percentiles are right to one part in a hundred. */
const SIGNIFICANT_DIGITS = 2
/** Number of values that are entered together. */
const VALUES_AT_ONCE = 64

/** All in the unit of the values; zero where there was none. */
export interface DistributionReading {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly stdDev: number
  readonly p50: number
  readonly p75: number
  readonly p95: number
  readonly p98: number
  readonly p99: number
  readonly p999: number
}

export class Distribution {
  /** What a value of 1 is in the histograms, which hold integers. */
  readonly #resolution: number
  readonly #noted = new Float64Array(VALUES_AT_ONCE)
  /** How often each of them occurred. */
  readonly #notedTimes = new Float64Array(VALUES_AT_ONCE)
  #notedCount = 0
  #count = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0
  #mean = 0
  /** Sum of squared distances from the mean (Welford). */
  #squares = 0
  #recent: Histogram | null = null
  #before: Histogram | null = null
  /** On the caller's clock. */
  #windowStartMs = 0

  /** @param resolution - how many steps there are to 1: values are distinguished to 1/resolution. */
  constructor(resolution = 1) {
    this.#resolution = resolution
  }

  get count(): number {
    let count = this.#count
    for (let i = 0; i < this.#notedCount; i++) count += this.#notedTimes[i]!
    return count
  }

  /**
   * @param value - not negative.
   * @param nowMs - on a monotonic clock.
   * @param times - how often it occurred.
   */
  record(value: number, nowMs: number, times = 1): void {
    if (!this.#recent || nowMs - this.#windowStartMs >= WINDOW_MS) this.#turn(nowMs)
    this.#noted[this.#notedCount] = value
    this.#notedTimes[this.#notedCount++] = times
    if (this.#notedCount === VALUES_AT_ONCE) this.#enterNoted()
  }

  #enterNoted(): void {
    for (let i = 0; i < this.#notedCount; i++) this.#enter(this.#noted[i]!, this.#notedTimes[i]!)
    this.#notedCount = 0
  }

  #enter(value: number, times: number): void {
    this.#count += times
    this.#sum += value * times
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    const distance = value - this.#mean
    this.#mean += (distance * times) / this.#count
    this.#squares += times * distance * (value - this.#mean)
    this.#recent?.recordValueWithCount(Math.round(value * this.#resolution), times)
  }

  read(): DistributionReading {
    this.#enterNoted()
    const recent = merged(this.#recent, this.#before)
    const at = (percent: number): number => {
      if (!recent) return 0
      // A percentile is the upper end of a class of values and may lie above the largest of them.
      return Math.min(recent.getValueAtPercentile(percent) / this.#resolution, this.#max)
    }
    return {
      count: this.#count,
      sum: this.#sum,
      min: this.#count > 0 ? this.#min : 0,
      max: this.#max,
      mean: this.#mean,
      stdDev: this.#count > 1 ? Math.sqrt(this.#squares / (this.#count - 1)) : 0,
      p50: at(50),
      p75: at(75),
      p95: at(95),
      p98: at(98),
      p99: at(99),
      p999: at(99.9),
    }
  }

  /** Begins a window; what is older than the one before is forgotten. */
  #turn(nowMs: number): void {
    this.#enterNoted()
    const isBeforeOver = nowMs - this.#windowStartMs >= 2 * WINDOW_MS
    const spare = this.#before
    this.#before = this.#recent
    if (isBeforeOver) this.#before?.reset()
    spare?.reset()
    this.#recent = spare ?? histogram()
    this.#windowStartMs = nowMs
  }
}

/** In JavaScript, not WebAssembly, whose memory somebody would have to give back; grows with the values. */
function histogram(): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: true,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    useWebAssembly: false,
  })
}

/** Both together, or null when neither has a value. */
function merged(recent: Histogram | null, before: Histogram | null): Histogram | null {
  if (!before || before.totalCount === 0) return recent && recent.totalCount > 0 ? recent : null
  const both = histogram()
  both.add(before)
  if (recent) both.add(recent)
  return both
}
