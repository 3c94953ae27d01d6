/** Percentiles of latencies, exact. */

export interface Percentiles {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

/** @param latenciesMs - at least one. */
export function percentilesOf(latenciesMs: readonly number[]): Percentiles {
  const sorted = Float64Array.from(latenciesMs).sort()
  const count = sorted.length
  const at = (share: number): number => sorted[Math.ceil(count * share) - 1]!
  return { count, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: at(1) }
}
