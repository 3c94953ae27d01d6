/**
 * The metrics of KafkaProducer as OpenTelemetry has them: `kafka.producer.`, for a topic or a broker `topic.` or `node.`, and
 * Java's name with each `-` an `_`. Attributes follow the semantic conventions.
 *
 * What has no value (an average of nothing) is not observed; nor are texts.
 */
import type { Attributes, Meter, Observable } from '@opentelemetry/api'
import type { KafkaMetric } from './kafka-metric.js'
import {
  type MetricRow,
  NODE_GROUP,
  nodeRows,
  PRODUCER_GROUP,
  producerRows,
  TOPIC_GROUP,
  topicRows,
} from './kafka-metric-rows.js'

export interface KafkaInstrument {
  readonly name: string
  /** Of the metrics that it shows. */
  readonly group: string
  readonly metric: string
  readonly unit: string
  create(meter: Meter): Observable
}

/** Ends and middles of Java's names → units, the first that fits. */
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/-ratio$|^compression-/, '1'],
  [/-time-ns-total$/, 'ns'],
  [/latency|-time-(avg|max)$/, 'ms'],
  [/^metadata-age$/, 's'],
  [/byte-rate$/, 'By/s'],
  [/byte|-size-/, 'By'],
  [/^(record|records)-.*rate$/, '{record}/s'],
  [/^records?-/, '{record}'],
  [/-rate$/, '1/s'],
]

function instrumentsOf(group: string, rows: readonly MetricRow[], infix = ''): KafkaInstrument[] {
  return rows.map(({ name: metric, stat, description }) => {
    const name = `kafka.producer.${infix}${metric.replaceAll('-', '_')}`
    const unit = UNITS.find(([pattern]) => pattern.test(metric))?.[1] ?? '1'
    const isSum = stat.endsWith('total')
    return {
      name,
      group,
      metric,
      unit,
      create: (meter) =>
        isSum
          ? meter.createObservableCounter(name, { unit, description })
          : meter.createObservableGauge(name, { unit, description }),
    }
  })
}

export const kafkaInstruments: readonly KafkaInstrument[] = [
  ...instrumentsOf(PRODUCER_GROUP, producerRows),
  ...instrumentsOf(TOPIC_GROUP, topicRows, 'topic.'),
  ...instrumentsOf(NODE_GROUP, nodeRows, 'node.'),
]

export function kafkaAttributesOf({ tags }: KafkaMetric): Attributes {
  const { 'client-id': clientId = '', topic, 'node-id': node } = tags
  return {
    'messaging.system': 'kafka',
    ...(clientId !== '' && { 'messaging.client.id': clientId }),
    ...(topic !== undefined && { 'messaging.destination.name': topic }),
    ...(node !== undefined && { 'messaging.kafka.node.id': node }),
  }
}
