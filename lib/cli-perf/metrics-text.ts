/**
 * The metrics of a KafkaProducer as Kafka's tools print them: sorted, a line each.
 *
 * @see org.apache.kafka.tools.ToolsUtils 3.9
 */
import type { KafkaMetric } from '../kafka-producer/index.js'

const TITLE = 'Metric Name'

export function metricsText(metrics: readonly KafkaMetric[]): string {
  const rows = metrics
    .map((metric) => [nameOf(metric), shownValue(metric)] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const width = rows.reduce((widest, [name]) => Math.max(widest, name.length), TITLE.length)
  const lines = rows.map(([name, value]) => `${name.padEnd(width)} : ${value}`)
  return [`\n${TITLE.padEnd(width)}   Value`, ...lines].join('\n')
}

/** `producer-topic-metrics:record-send-total:{client-id=a, topic=b}` */
function nameOf({ group, name, tags }: KafkaMetric): string {
  const pairs = Object.entries(tags).map(([tag, value]) => `${tag}=${value}`)
  return `${group}:${name}:{${pairs.join(', ')}}`
}

function shownValue({ value }: KafkaMetric): string {
  return typeof value === 'number' ? value.toFixed(3) : value
}
