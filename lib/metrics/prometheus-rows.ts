/**
 * The metrics as Prometheus has them: name without prefix, help, labels, and where the values come from.
 *
 * What there is by topic or by broker is shown by topic or by broker only: sums are the query's business.
 */
import type { HistogramSeries, MetricName, MetricsSnapshot, Tags, TimerSeries } from './snapshot.js'

export type Labels = Record<string, string>

interface Row {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
}

/** A counter when its name ends in `_total`, else a gauge. */
export interface NumberRow extends Row {
  read(snapshot: MetricsSnapshot | null): { labels: Labels; value: number }[]
}

/** How values are spread, in base units. */
export interface Spread {
  readonly labels: Labels
  readonly quantiles: readonly (readonly [quantile: number, value: number])[]
  readonly sum: number
  readonly count: number
}

/** Durations in seconds, by buckets. */
export interface Buckets {
  readonly labels: Labels
  /** Values of at most `le`; each has those of the ones before. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[]
  readonly sum: number
  readonly count: number
}

export interface BucketRow extends Row {
  read(snapshot: MetricsSnapshot | null): Buckets[]
}

export interface SpreadRow extends Row {
  read(snapshot: MetricsSnapshot | null): Spread[]
}

/** What a series is labelled with; none for one that adds others up. */
type LabelsOf = (tags: Tags) => Labels | null

const ofProducer: LabelsOf = ({ clientId = '' }) => ({ client_id: clientId })

const ofTopic: LabelsOf = ({ clientId = '', topic }) =>
  topic === undefined ? null : { client_id: clientId, topic }

const ofBroker: LabelsOf = ({ clientId = '', brokerHost, brokerPort }) => {
  if (brokerHost === undefined) return null
  const host = brokerHost.includes(':') ? `[${brokerHost}]` : brokerHost
  return { client_id: clientId, broker: `${host}:${brokerPort}` }
}

const ofFailure: LabelsOf = ({ clientId = '', topic = '', code = '' }) => ({
  client_id: clientId,
  topic,
  code,
})

const LABEL_NAMES = new Map<LabelsOf, readonly string[]>([
  [ofProducer, ['client_id']],
  [ofTopic, ['client_id', 'topic']],
  [ofBroker, ['client_id', 'broker']],
  [ofFailure, ['client_id', 'topic', 'code']],
])

type NumberName = Exclude<MetricName, 'Version' | 'MessageLatencyMs' | SpreadName>
type SpreadName =
  | 'ProducerRequestRateAndTimeMs'
  | 'ProducerRequestSize'
  | 'ProducerRequestThrottleRateAndTimeMs'

function numberRow(name: string, from: NumberName, labelsOf: LabelsOf, help: string): NumberRow {
  return {
    name,
    help,
    labelNames: LABEL_NAMES.get(labelsOf)!,
    read: (snapshot) =>
      (snapshot?.[from] ?? []).flatMap((series) => {
        const labels = labelsOf(series.tags)
        return labels ? [{ labels, value: series.kind === 'gauge' ? series.value : series.count }] : []
      }),
  }
}

/** @param unit - what 1 of the series is in base units. */
function spreadRow(name: string, from: SpreadName, unit: number, help: string): SpreadRow {
  return {
    name,
    help,
    labelNames: LABEL_NAMES.get(ofBroker)!,
    read: (snapshot) =>
      (snapshot?.[from] ?? []).flatMap((series) => {
        const labels = ofBroker(series.tags)
        return labels ? [spreadOf(series, labels, unit)] : []
      }),
  }
}

function spreadOf(series: TimerSeries | HistogramSeries, labels: Labels, unit: number): Spread {
  const { p50, p75, p95, p98, p99, p999, sum, count } = series
  const quantiles = [
    [0.5, p50 * unit],
    [0.75, p75 * unit],
    [0.95, p95 * unit],
    [0.98, p98 * unit],
    [0.99, p99 * unit],
    [0.999, p999 * unit],
  ] as const
  return { labels, quantiles, sum: sum * unit, count }
}

export const numberRows: readonly NumberRow[] = [
  numberRow('messages_total', 'MessagesPerSec', ofTopic, 'Messages given to the producer, accepted or not.'),
  numberRow('message_bytes_total', 'BytesPerSec', ofTopic, 'Bytes of serialized values, without keys.'),
  numberRow(
    'dropped_messages_total',
    'DroppedMessagesPerSec',
    ofTopic,
    'Messages that a full queue refused.',
  ),
  numberRow(
    'serialization_errors_total',
    'SerializationErrorsPerSec',
    ofProducer,
    'Messages that an encoder refused.',
  ),
  numberRow(
    'resends_total',
    'ResendsPerSec',
    ofProducer,
    'Attempts that left messages to be retried or failed.',
  ),
  numberRow(
    'failed_sends_total',
    'FailedSendsPerSec',
    ofProducer,
    'Cycles in which messages failed for good, encoder errors apart.',
  ),
  numberRow(
    'accepted_messages_total',
    'MessagesAccepted',
    ofProducer,
    'Messages that have or will have an outcome: delivered, failed, open.',
  ),
  numberRow('delivered_messages_total', 'MessagesDelivered', ofProducer, 'Messages that were delivered.'),
  numberRow('failed_messages_total', 'MessagesFailed', ofProducer, 'Accepted messages that failed.'),
  numberRow(
    'message_failures_total',
    'MessagesFailedByCode',
    ofFailure,
    'Accepted messages that failed, by topic and error code.',
  ),
  numberRow(
    'unconfirmed_messages_total',
    'MessagesUnconfirmed',
    ofProducer,
    'Delivered with acks 0 over a connection that ended before its broker confirmed them; at most this number may be lost.',
  ),
  numberRow('open_messages', 'MessagesOpen', ofProducer, 'Accepted messages without an outcome yet.'),
  numberRow('in_flight_messages', 'MessagesInFlight', ofProducer, 'Open messages that are not in the queue.'),
  numberRow('queue_size', 'ProducerQueueSize', ofProducer, 'Messages in the queue of an async producer.'),
  numberRow('queue_capacity', 'ProducerQueueCapacity', ofProducer, 'Messages that the queue holds.'),
]

export const bucketRows: readonly BucketRow[] = [
  {
    name: 'message_latency_seconds',
    help: 'From the acceptance of a message to its outcome, delivered or failed.',
    labelNames: ['client_id', 'outcome'],
    read: (snapshot) =>
      (snapshot?.MessageLatencyMs ?? []).map(({ tags, buckets, sum, count }) => ({
        labels: { ...ofProducer(tags)!, outcome: tags.outcome! },
        buckets: buckets.map(({ leMs, count }) => ({ le: leMs / 1000, count })),
        sum: sum / 1000,
        count,
      })),
  },
]

export const spreadRows: readonly SpreadRow[] = [
  spreadRow(
    'request_duration_seconds',
    'ProducerRequestRateAndTimeMs',
    1 / 1000,
    'Duration of produce requests, connecting included; quantiles of the last minutes.',
  ),
  spreadRow(
    'request_size_bytes',
    'ProducerRequestSize',
    1,
    'Size of produce requests; quantiles of the last minutes.',
  ),
  spreadRow(
    'request_throttle_seconds',
    'ProducerRequestThrottleRateAndTimeMs',
    1 / 1000,
    'Time for which brokers held back answers; quantiles of the last minutes.',
  ),
]

export const infoRow = {
  name: 'info',
  help: 'Version of kafka-classic-producer; always 1.',
  labelNames: ['client_id', 'version'],
  read(snapshot: MetricsSnapshot | null): Labels[] {
    const version = snapshot?.Version[0]?.value
    if (snapshot === null || version === undefined) return []
    return snapshot.MessagesAccepted.map(({ tags }) => ({ ...ofProducer(tags), version }))
  },
}
