/** What a snapshot counts, in short, for comparisons. */

import type { MetricsSnapshot } from '../../../lib/index.js'
import type { MetricName } from '../../../lib/metrics/snapshot.js'

/** `mbean` → its count, or its value. */
export function countsOf(snapshot: MetricsSnapshot): Record<string, number | string> {
  return Object.fromEntries(
    Object.values(snapshot)
      .flat()
      .map((series) => [series.mbean, 'count' in series ? series.count : series.value]),
  )
}

/** Count or value of each of these names for the whole producer. */
export function totalsOf(snapshot: MetricsSnapshot, ...names: MetricName[]): Record<string, number | string> {
  const rows = names.map((name) => {
    const [total] = snapshot[name]
    if (!total) throw new Error(`there is no ${name}`)
    return [name, 'count' in total ? total.count : total.value]
  })
  return Object.fromEntries(rows)
}
