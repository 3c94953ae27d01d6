/**
 * The snapshots of several producers as one, for exporters: what has the same name and tags is one series.
 *
 * Counts, sums, rates and gauges add up, as they did in the original for producers with one `client.id`. Percentiles
 * cannot be added; the largest is taken. Means and deviations are left as the first one has them.
 */
import type { LatencySeries, MetricsSnapshot } from './snapshot.js'

type AnySeries = MetricsSnapshot[keyof MetricsSnapshot][number]

const LARGEST = new Set(['max', 'p50', 'p75', 'p95', 'p98', 'p99', 'p999'])
const FIRST = new Set(['mean', 'stdDev'])

type Buckets = LatencySeries['buckets']

/** @param snapshots - at least one. */
export function merged(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const [first, ...others] = snapshots
  if (first && others.length === 0) return first
  const names = Object.keys(first ?? {}) as (keyof MetricsSnapshot)[]
  const lists = names.map((name) => [name, oneList(snapshots.flatMap((snapshot) => [...snapshot[name]]))])
  return Object.fromEntries(lists) as MetricsSnapshot
}

function oneList(all: readonly AnySeries[]): AnySeries[] {
  const byName = new Map<string, AnySeries>()
  for (const series of all) {
    const other = byName.get(series.mbean)
    byName.set(series.mbean, other ? oneSeries(other, series) : series)
  }
  return [...byName.values()]
}

function oneSeries(a: AnySeries, b: AnySeries): AnySeries {
  const values = new Map<string, unknown>(Object.entries(b))
  const fields = Object.entries(a).map(([field, value]) => [field, combined(field, value, values.get(field))])
  return Object.fromEntries(fields) as AnySeries
}

function combined(field: string, a: unknown, b: unknown): unknown {
  if (field === 'buckets') return mergedBuckets(a as Buckets, b as Buckets)
  if (typeof a !== 'number' || typeof b !== 'number' || FIRST.has(field)) return a
  if (LARGEST.has(field)) return Math.max(a, b)
  return field === 'min' ? Math.min(a, b) : a + b
}

/** Of the same bounds. */
function mergedBuckets(a: Buckets, b: Buckets): Buckets {
  return a.map(({ leMs, count }, i) => ({ leMs, count: count + (b[i]?.count ?? 0) }))
}
