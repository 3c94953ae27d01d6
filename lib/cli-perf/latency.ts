/** Latencies of delivered messages as histograms: one for the time since the last look, one for the whole run. */
import { build, type Histogram, initWebAssemblySync } from 'hdr-histogram-js'

export interface Percentiles {
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

/** Two hours; whatever takes longer counts as that. */
const MAX_US = 7_200_000_000

export class Latency {
  readonly #interval = histogram()
  readonly #total = histogram()

  record(latencyMs: number): void {
    this.#interval.recordValue(Math.min(Math.max(Math.round(latencyMs * 1000), 0), MAX_US))
  }

  /** Of what was recorded since the last call; null when nothing was. */
  takeInterval(): Percentiles | null {
    const taken = percentilesOf(this.#interval)
    this.#total.add(this.#interval)
    this.#interval.reset()
    return taken
  }

  /** Of everything; null when nothing was recorded. */
  total(): Percentiles | null {
    this.takeInterval()
    return percentilesOf(this.#total)
  }
}

/** In µs with three digits. As WebAssembly, because one record per message is then a third of the price. */
function histogram(): Histogram {
  initWebAssemblySync()
  return build({ highestTrackableValue: MAX_US, numberOfSignificantValueDigits: 3, useWebAssembly: true })
}

function percentilesOf(recorded: Histogram): Percentiles | null {
  if (recorded.totalCount === 0) return null
  // A percentile is the upper end of a class of values and may lie above the largest of them.
  const at = (percent: number): number =>
    Math.min(recorded.getValueAtPercentile(percent), recorded.maxValue) / 1000
  return { p50Ms: at(50), p95Ms: at(95), p99Ms: at(99), p999Ms: at(99.9), maxMs: recorded.maxValue / 1000 }
}
