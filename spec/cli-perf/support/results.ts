/** A result and points to describe others by what differs. */
import type { Percentiles } from '../../../lib/cli-perf/latency.js'
import type { Result } from '../../../lib/cli-perf/result.js'
import type { Sample } from '../../../lib/cli-perf/timeline.js'

export function latencyOf(p50Ms: number, maxMs: number): Percentiles {
  return { p50Ms, p95Ms: maxMs / 2, p99Ms: maxMs / 2, p999Ms: maxMs, maxMs }
}

export function result(more: Partial<Result> = {}): Result {
  const startMs = new Date(2015, 8, 4, 7, 5, 3, 42).getTime()
  return {
    startMs,
    endMs: startMs + 2000,
    compression: 0,
    messageSize: 100,
    batchSize: 200,
    planned: 30_000,
    sent: 30_000,
    delivered: 30_000,
    failed: 0,
    unsettled: 0,
    bytes: 3_000_000,
    causes: [],
    isAcknowledged: true,
    isConfirmed: true,
    signal: null,
    isPaced: false,
    latency: latencyOf(0.3123, 12),
    ended: null,
    ...more,
  }
}

export function sample(endMs: number, more: Partial<Sample> = {}): Sample {
  return { endMs, spanMs: 100, delivered: 10, failed: 0, bytes: 1000, latency: latencyOf(1, 4), ...more }
}
