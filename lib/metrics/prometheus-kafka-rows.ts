/**
 * The metrics of KafkaProducer as Prometheus' JMX exporter shows those of the Java client by default: `kafka_producer_`, the
 * group, the name, each `-` an `_`; the tags are labels. So what was made for Java producers goes on working.
 *
 * A metric without a value (an average of nothing) has no sample. Texts are labels of a sample that is always 1.
 */
import type { KafkaMetric } from './kafka-metric.js'
import {
  APP_INFO_GROUP,
  COUNT_GROUP,
  type MetricRow,
  NODE_GROUP,
  nodeRows,
  PRODUCER_GROUP,
  producerRows,
  TOPIC_GROUP,
  topicRows,
} from './kafka-metric-rows.js'
import type { Described } from './prometheus-collection.js'
import type { Labels } from './prometheus-rows.js'

export type Reading = readonly KafkaMetric[]

export interface KafkaRow extends Described {
  readonly group: string
  /** As in Java. */
  readonly metric: string
}

/** @param more - labels beside the client id. */
function rowsOf(
  group: string,
  rows: readonly Pick<MetricRow, 'name' | 'description'>[],
  more: readonly string[] = [],
): KafkaRow[] {
  return rows.map(({ name, description }) => ({
    name: underscored(`${group}-${name}`),
    help: description,
    labelNames: ['client_id', ...more],
    group,
    metric: name,
  }))
}

const underscored = (text: string): string => text.replaceAll('-', '_')

const VERSION = { name: 'version', description: 'Version of kafka-classic-producer, as a label; always 1.' }
const START = {
  name: 'start-time-ms',
  description: 'When the producer was made, in milliseconds since the epoch.',
}

export const kafkaRows: readonly KafkaRow[] = [
  ...rowsOf(PRODUCER_GROUP, producerRows),
  ...rowsOf(TOPIC_GROUP, topicRows, ['topic']),
  ...rowsOf(NODE_GROUP, nodeRows, ['node_id']),
  ...rowsOf(APP_INFO_GROUP, [START]),
  ...rowsOf(APP_INFO_GROUP, [VERSION], ['version']),
  ...rowsOf(COUNT_GROUP, [{ name: 'count', description: 'Number of metrics.' }]),
]

/** Snapshot → group and name → metrics, made once for all rows of a scrape. */
const indexes = new WeakMap<Reading, Map<string, KafkaMetric[]>>()

export function readKafkaRow(row: KafkaRow, reading: Reading | null): { labels: Labels; value: number }[] {
  const found = (reading && indexOf(reading).get(identity(row.group, row.metric))) ?? []
  return found.flatMap(({ name, tags, value }) => {
    const labels = labelsOf(tags)
    if (typeof value === 'string') return [{ labels: { ...labels, [name]: value }, value: 1 }]
    return Number.isNaN(value) ? [] : [{ labels, value }]
  })
}

function indexOf(reading: Reading): Map<string, KafkaMetric[]> {
  let index = indexes.get(reading)
  if (index) return index
  index = new Map()
  for (const metric of reading) {
    const key = identity(metric.group, metric.name)
    const others = index.get(key)
    if (others) others.push(metric)
    else index.set(key, [metric])
  }
  indexes.set(reading, index)
  return index
}

const identity = (group: string, name: string): string => `${group} ${name}`

function labelsOf(tags: Readonly<Record<string, string>>): Labels {
  return Object.fromEntries(Object.entries(tags).map(([tag, value]) => [underscored(tag), value]))
}
