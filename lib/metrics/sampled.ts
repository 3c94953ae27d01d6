/**
 * Values of the last few windows, as Kafka's clients keep them: a ring of samples of one window each, of which sums, counts
 * and maxima are made when somebody reads.
 *
 * All values of one sensor are in one ring: its rate, average and maximum are read from the same samples. Nothing here has a
 * timer or a clock; a sample that is complete ends with the next value, and one that is out of date is emptied at the next reading.
 *
 * @see Kafka's SampledStat, Rate, Avg, Max and Meter 4.3
 */

export interface SamplingOptions {
  /** `metrics.sample.window.ms`. */
  readonly windowMs: number
  /** `metrics.num.samples`. */
  readonly samples: number
}

class Sample {
  startMs: number
  lastEventMs: number
  count = 0
  sum = 0
  max = Number.NEGATIVE_INFINITY

  constructor(nowMs: number) {
    this.startMs = nowMs
    this.lastEventMs = nowMs
  }

  reset(nowMs: number): void {
    this.startMs = nowMs
    this.lastEventMs = nowMs
    this.count = 0
    this.sum = 0
    this.max = Number.NEGATIVE_INFINITY
  }
}

const MS_PER_SECOND = 1000

export class Sampled {
  readonly #options: SamplingOptions
  /** One more than `samples`: the oldest may have begun before the windows and reach into them. */
  readonly #samples: Sample[] = []
  #current = 0
  #total = 0
  #count = 0

  /** @param options - kept; one object for all sensors of a producer. */
  constructor(options: SamplingOptions) {
    this.#options = options
  }

  /** Sum of all values ever. */
  get total(): number {
    return this.#total
  }

  /** Number of values ever. */
  get count(): number {
    return this.#count
  }

  /** @param nowMs - never less than before. */
  record(value: number, nowMs: number): void {
    let sample = this.#samples[this.#current]
    if (!sample || nowMs - sample.startMs >= this.#options.windowMs) sample = this.#next(nowMs)
    sample.lastEventMs = nowMs
    sample.count++
    sample.sum += value
    if (value > sample.max) sample.max = value
    this.#total += value
    this.#count++
  }

  /** Sum of the values per second. */
  rate(nowMs: number): number {
    return (this.#sumIn(nowMs) / this.#elapsedMs(nowMs)) * MS_PER_SECOND
  }

  /** Number of values per second. */
  countRate(nowMs: number): number {
    return (this.#countIn(nowMs) / this.#elapsedMs(nowMs)) * MS_PER_SECOND
  }

  /** NaN while there is no value. */
  average(nowMs: number): number {
    return this.#sumIn(nowMs) / this.#countIn(nowMs)
  }

  /** NaN while there is no value. */
  max(nowMs: number): number {
    this.#forgetOld(nowMs)
    let max = Number.NEGATIVE_INFINITY
    for (const sample of this.#samples) if (sample.max > max) max = sample.max
    return max === Number.NEGATIVE_INFINITY ? Number.NaN : max
  }

  #sumIn(nowMs: number): number {
    this.#forgetOld(nowMs)
    let sum = 0
    for (const sample of this.#samples) sum += sample.sum
    return sum
  }

  #countIn(nowMs: number): number {
    this.#forgetOld(nowMs)
    let count = 0
    for (const sample of this.#samples) count += sample.count
    return count
  }

  /**
   * What a rate refers to: the time since the oldest sample began, and where that is less than all windows but one, those
   * and the part of a window: a rate that has just begun is not exaggerated.
   */
  #elapsedMs(nowMs: number): number {
    const { windowMs, samples } = this.#options
    let oldestMs = nowMs
    for (const { startMs } of this.#samples) if (startMs < oldestMs) oldestMs = startMs
    const elapsedMs = nowMs - oldestMs
    const missing = Math.max(0, samples - 1 - Math.floor(elapsedMs / windowMs))
    return Math.max(elapsedMs + (windowMs > 0 ? missing * windowMs : 0), 1)
  }

  #next(nowMs: number): Sample {
    const { samples } = this.#options
    if (this.#samples.length > 0) this.#current = (this.#current + 1) % (samples + 1)
    let sample = this.#samples[this.#current]
    if (sample) {
      sample.reset(nowMs)
    } else {
      sample = new Sample(nowMs)
      this.#samples.push(sample)
    }
    return sample
  }

  #forgetOld(nowMs: number): void {
    const { windowMs, samples } = this.#options
    for (const sample of this.#samples) {
      if (nowMs - sample.lastEventMs >= windowMs * samples) sample.reset(nowMs)
    }
  }
}
