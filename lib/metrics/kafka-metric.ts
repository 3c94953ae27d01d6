/**
 * A metric as the Java client has it, at one moment: name, group, tags, value. What `KafkaProducer.metrics()` gives, and what
 * exporters read.
 *
 * @see docs/METRICS.md
 */

export interface KafkaMetric {
  /** As in Java: `record-send-rate`. */
  readonly name: string
  /** `producer-metrics`, `producer-topic-metrics`, `producer-node-metrics`, `app-info`. */
  readonly group: string
  /** What it is about, in English. */
  readonly description: string
  /** `client-id`, and `topic` or `node-id` where it is of one of those. */
  readonly tags: Readonly<Record<string, string>>
  /** NaN where an average or a maximum has nothing to count. A text in the group `app-info` alone. */
  readonly value: number | string
}

/**
 * The value of the first metric of this name that has all the tags given: without any that of the whole producer.
 *
 * @returns undefined where there is none.
 */
export function metricValue(
  metrics: readonly KafkaMetric[],
  name: string,
  tags: Readonly<Record<string, string>> = {},
): number | string | undefined {
  const wanted = Object.entries(tags)
  return metrics.find(
    (metric) => metric.name === name && wanted.every(([tag, value]) => metric.tags[tag] === value),
  )?.value
}

/**
 * The metrics of several producers as one list, for exporters: what has the same name, group and tags is one metric. Totals,
 * rates and what there is at the moment add up; of maxima and ages the largest is taken; averages and ratios are left as
 * the first one has them.
 */
export function mergedMetrics(lists: readonly (readonly KafkaMetric[])[]): readonly KafkaMetric[] {
  if (lists.length === 1) return lists[0]!
  const byIdentity = new Map<string, KafkaMetric>()
  for (const metric of lists.flat()) {
    const identity = JSON.stringify([metric.group, metric.name, Object.entries(metric.tags)])
    const other = byIdentity.get(identity)
    byIdentity.set(identity, other ? { ...other, value: oneValue(metric.name, other, metric) } : metric)
  }
  return [...byIdentity.values()]
}

const LARGEST = /-(max|age)$/
const FIRST = /-(avg|ratio|ms)$|^compression-rate$/

function oneValue(name: string, { value: a }: KafkaMetric, { value: b }: KafkaMetric): number | string {
  if (typeof a !== 'number' || typeof b !== 'number' || Number.isNaN(b)) return a
  if (Number.isNaN(a)) return b
  if (LARGEST.test(name)) return Math.max(a, b)
  return FIRST.test(name) ? a : a + b
}
