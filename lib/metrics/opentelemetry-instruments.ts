/**
 * The metrics as OpenTelemetry has them: instruments with name, unit and description, and their measurements.
 *
 * What there is by topic or by broker is observed by topic or by broker only, so that sums are right. Percentiles are
 * gauges with an attribute `quantile`, because histograms cannot be observed.
 */
import type { Attributes, Meter, Observable } from '@opentelemetry/api'
import type { HistogramSeries, LatencySeries, MetricsSnapshot, Tags, TimerSeries } from './snapshot.js'

export interface Measurement {
  readonly attributes: Attributes
  readonly value: number
}

/** What an instrument shows of a snapshot. */
export type Measured = (snapshot: MetricsSnapshot) => Measurement[]

interface Instrument {
  create(meter: Meter): Observable
  readonly measure: Measured
}

const SECONDS_PER_MS = 1 / 1000
const QUANTILES = [
  ['p50', 0.5],
  ['p75', 0.75],
  ['p95', 0.95],
  ['p98', 0.98],
  ['p99', 0.99],
  ['p999', 0.999],
] as const

function attributesOf({ clientId, topic, brokerHost, brokerPort, outcome, code }: Tags): Attributes {
  return {
    'messaging.system': 'kafka',
    ...(clientId !== undefined && { 'messaging.client.id': clientId }),
    ...(topic !== undefined && { 'messaging.destination.name': topic }),
    ...(outcome !== undefined && { outcome }),
    ...(code !== undefined && { 'error.type': code }),
    ...(brokerHost !== undefined && { 'server.address': brokerHost, 'server.port': Number(brokerPort) }),
  }
}

function isPart({ topic, brokerHost }: Tags): boolean {
  return topic !== undefined || brokerHost !== undefined
}

type Read<S> = (snapshot: MetricsSnapshot) => readonly S[]
type Counted = { readonly tags: Tags; readonly count: number }

/** A sum that only grows. @param read - series, all of them of the whole producer or all of a topic or broker. */
function counter(name: string, unit: string, description: string, read: Read<Counted>): Instrument {
  return {
    create: (meter) => meter.createObservableCounter(name, { unit, description }),
    measure: (snapshot) =>
      read(snapshot).map(({ tags, count }) => ({ attributes: attributesOf(tags), value: count })),
  }
}

/** A number that comes and goes, and can be added up. */
function level(
  name: string,
  description: string,
  from: 'MessagesOpen' | 'MessagesInFlight' | 'ProducerQueueSize' | 'ProducerQueueCapacity',
): Instrument {
  return {
    create: (meter) => meter.createObservableUpDownCounter(name, { unit: '{message}', description }),
    measure: (snapshot) =>
      snapshot[from].map(({ tags, value }) => ({ attributes: attributesOf(tags), value })),
  }
}

/** @param scale - what 1 of the series is in the unit. */
function quantiles(
  name: string,
  unit: string,
  description: string,
  scale: number,
  read: Read<TimerSeries | HistogramSeries | LatencySeries>,
): Instrument {
  return {
    create: (meter) => meter.createObservableGauge(name, { unit, description }),
    measure: (snapshot) =>
      read(snapshot).flatMap((series) =>
        QUANTILES.map(([field, quantile]) => ({
          attributes: { ...attributesOf(series.tags), quantile },
          value: series[field] * scale,
        })),
      ),
  }
}

function parts<S extends { readonly tags: Tags }>(series: readonly S[]): S[] {
  return series.filter(({ tags }) => isPart(tags))
}

/** Those with values: there is no latency of messages that there are not. */
function occurred<S extends { readonly count: number }>(series: readonly S[]): S[] {
  return series.filter(({ count }) => count > 0)
}

/** Sums of values as counts, for instruments that show them. */
function sums(series: readonly (TimerSeries | HistogramSeries)[], scale = 1): Counted[] {
  return parts(series).map(({ tags, sum }) => ({ tags, count: sum * scale }))
}

export const instruments: readonly Instrument[] = [
  counter(
    'kafka.producer.messages.submitted',
    '{message}',
    'Messages given to the producer, accepted or not.',
    (of) => parts(of.MessagesPerSec),
  ),
  counter('kafka.producer.messages.bytes', 'By', 'Bytes of serialized values, without keys.', (of) =>
    parts(of.BytesPerSec),
  ),
  counter('kafka.producer.messages.dropped', '{message}', 'Messages that a full queue refused.', (of) =>
    parts(of.DroppedMessagesPerSec),
  ),
  counter(
    'kafka.producer.serialization_errors',
    '{message}',
    'Messages that an encoder refused.',
    (of) => of.SerializationErrorsPerSec,
  ),
  counter(
    'kafka.producer.resends',
    '{attempt}',
    'Attempts that left messages to be retried or failed.',
    (of) => of.ResendsPerSec,
  ),
  counter(
    'kafka.producer.failed_sends',
    '{cycle}',
    'Cycles in which messages failed for good, encoder errors apart.',
    (of) => of.FailedSendsPerSec,
  ),
  counter(
    'kafka.producer.messages.accepted',
    '{message}',
    'Messages that have or will have an outcome: delivered, failed, open.',
    (of) => of.MessagesAccepted,
  ),
  counter(
    'kafka.producer.messages.delivered',
    '{message}',
    'Messages that were delivered.',
    (of) => of.MessagesDelivered,
  ),
  counter(
    'kafka.producer.messages.failed',
    '{message}',
    'Accepted messages that failed.',
    (of) => of.MessagesFailed,
  ),
  counter(
    'kafka.producer.messages.failures',
    '{message}',
    'Accepted messages that failed, by topic and error code.',
    (of) => of.MessagesFailedByCode,
  ),
  counter(
    'kafka.producer.messages.unconfirmed',
    '{message}',
    'Delivered with acks 0 over a connection that ended before its broker confirmed them; at most this number may be lost.',
    (of) => of.MessagesUnconfirmed,
  ),
  level('kafka.producer.messages.open', 'Accepted messages without an outcome yet.', 'MessagesOpen'),
  level('kafka.producer.messages.in_flight', 'Open messages that are not in the queue.', 'MessagesInFlight'),
  level('kafka.producer.queue.size', 'Messages in the queue of an async producer.', 'ProducerQueueSize'),
  level('kafka.producer.queue.capacity', 'Messages that the queue holds.', 'ProducerQueueCapacity'),
  counter(
    'kafka.producer.message.latency_time',
    's',
    'Time from acceptance to outcome, of all messages together.',
    (of) => occurred(of.MessageLatencyMs).map(({ tags, sum }) => ({ tags, count: sum * SECONDS_PER_MS })),
  ),
  quantiles(
    'kafka.producer.message.latency',
    's',
    'From the acceptance of a message to its outcome, delivered or failed; of the last minutes.',
    SECONDS_PER_MS,
    (of) => occurred(of.MessageLatencyMs),
  ),
  counter('kafka.producer.requests', '{request}', 'Produce requests.', (of) =>
    parts(of.ProducerRequestRateAndTimeMs),
  ),
  counter('kafka.producer.request.time', 's', 'Time spent in produce requests, connecting included.', (of) =>
    sums(of.ProducerRequestRateAndTimeMs, SECONDS_PER_MS),
  ),
  counter('kafka.producer.request.bytes', 'By', 'Bytes of produce requests.', (of) =>
    sums(of.ProducerRequestSize),
  ),
  counter('kafka.producer.request.throttle_time', 's', 'Time for which brokers held back answers.', (of) =>
    sums(of.ProducerRequestThrottleRateAndTimeMs, SECONDS_PER_MS),
  ),
  quantiles(
    'kafka.producer.request.duration',
    's',
    'Duration of produce requests of the last minutes, connecting included.',
    SECONDS_PER_MS,
    (of) => parts(of.ProducerRequestRateAndTimeMs),
  ),
  quantiles('kafka.producer.request.size', 'By', 'Size of produce requests of the last minutes.', 1, (of) =>
    parts(of.ProducerRequestSize),
  ),
]
