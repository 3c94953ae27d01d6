/**
 * What `producer.metrics()` answers: plain, frozen values under the original's names, kinds and tags.
 *
 * Rates are per second. Times are milliseconds, sizes bytes.
 *
 * @see docs/reference/classic-producer.md#metrics
 */
import type { DistributionReading } from './distribution.js'
import type { MeterReading } from './meter.js'

/** As the original's MBeans had them: a tag with an empty value is left out, so is `clientId` by default. */
export interface Tags {
  readonly clientId?: string
  readonly topic?: string
  readonly brokerHost?: string
  readonly brokerPort?: string
  /** Of latencies: `delivered` or `failed`. */
  readonly outcome?: string
  /** Of failures: the `code` of the error. */
  readonly code?: string
}

/** What a series is called; the same in all snapshots. */
export interface Series {
  /** Name under which the original's JMX had it; ours start with `kafka-classic-producer:`. */
  readonly mbean: string
  readonly tags: Tags
}

/** Events, and how many there are per second. */
export interface MeterSeries extends Series, MeterReading {
  readonly kind: 'meter'
}

/** Durations in milliseconds, with buckets. */
export interface LatencySeries extends Series, DistributionReading {
  readonly kind: 'histogram'
  /** Values of at most `leMs` milliseconds; each has those of the ones before. */
  readonly buckets: readonly { readonly leMs: number; readonly count: number }[]
}

/** Sizes in bytes. */
export interface HistogramSeries extends Series, DistributionReading {
  readonly kind: 'histogram'
}

/** Durations in milliseconds, and how many there are per second. */
export interface TimerSeries extends Series, MeterReading, DistributionReading {
  readonly kind: 'timer'
}

export interface GaugeSeries<T> extends Series {
  readonly kind: 'gauge'
  readonly value: T
}

/** Only ever grows. */
export interface CounterSeries extends Series {
  readonly kind: 'counter'
  readonly count: number
}

/** Each name with its series; the first one is of the whole producer, further ones of a topic or a broker each. */
export interface MetricsSnapshot {
  /** Messages given to `send` and `deliver`, accepted or not, topic by topic. */
  readonly MessagesPerSec: readonly MeterSeries[]
  /** Bytes of serialized values, without keys, topic by topic; counted when they are serialized. */
  readonly BytesPerSec: readonly MeterSeries[]
  /** Messages that a full queue refused, topic by topic. */
  readonly DroppedMessagesPerSec: readonly MeterSeries[]
  /** Messages that an encoder refused. */
  readonly SerializationErrorsPerSec: readonly MeterSeries[]
  /** Attempts after which some messages had to be tried again or given up. */
  readonly ResendsPerSec: readonly MeterSeries[]
  /** Cycles in which messages failed for good; encoder errors apart. */
  readonly FailedSendsPerSec: readonly MeterSeries[]
  /** Produce requests with their connect where there was one, failed ones too, broker by broker. */
  readonly ProducerRequestRateAndTimeMs: readonly TimerSeries[]
  /** Bytes of produce requests without length field and API key, as the original counted; broker by broker. */
  readonly ProducerRequestSize: readonly HistogramSeries[]
  /** How long brokers held back answers, or asked for it, because of a quota (Kafka 0.9 and newer); broker by broker. */
  readonly ProducerRequestThrottleRateAndTimeMs: readonly TimerSeries[]
  /** Async mode: messages in the queue. None in sync mode. */
  readonly ProducerQueueSize: readonly GaugeSeries<number>[]
  /** Async mode: how many messages the queue holds, `queue.buffering.max.messages`. None in sync mode. */
  readonly ProducerQueueCapacity: readonly GaugeSeries<number>[]
  /** Of this package. */
  readonly Version: readonly GaugeSeries<string>[]
  /** Messages that will have, or have had, an outcome: delivered + failed + open. */
  readonly MessagesAccepted: readonly CounterSeries[]
  readonly MessagesDelivered: readonly CounterSeries[]
  readonly MessagesFailed: readonly CounterSeries[]
  /** Failed messages by topic and error code. There is none of the whole producer: see `MessagesFailed`. */
  readonly MessagesFailedByCode: readonly CounterSeries[]
  /** From acceptance to outcome: one series of delivered messages, one of failed ones. */
  readonly MessageLatencyMs: readonly LatencySeries[]
  /** Delivered with acks 0, of which at most this number may be lost: their connection ended before its broker confirmed them. */
  readonly MessagesUnconfirmed: readonly CounterSeries[]
  /** Messages accepted that have no outcome yet. */
  readonly MessagesOpen: readonly GaugeSeries<number>[]
  /** Those of them that have left the queue. */
  readonly MessagesInFlight: readonly GaugeSeries<number>[]
}

export type MetricName = keyof MetricsSnapshot

/** Group and type of each name. */
const ORIGINS: Readonly<Record<MetricName, string>> = {
  MessagesPerSec: 'kafka.producer:type=ProducerTopicMetrics',
  BytesPerSec: 'kafka.producer:type=ProducerTopicMetrics',
  DroppedMessagesPerSec: 'kafka.producer:type=ProducerTopicMetrics',
  SerializationErrorsPerSec: 'kafka.producer:type=ProducerStats',
  ResendsPerSec: 'kafka.producer:type=ProducerStats',
  FailedSendsPerSec: 'kafka.producer:type=ProducerStats',
  ProducerRequestRateAndTimeMs: 'kafka.producer:type=ProducerRequestMetrics',
  ProducerRequestSize: 'kafka.producer:type=ProducerRequestMetrics',
  ProducerRequestThrottleRateAndTimeMs: 'kafka.producer:type=ProducerRequestMetrics',
  ProducerQueueSize: 'kafka.producer.async:type=ProducerSendThread',
  ProducerQueueCapacity: 'kafka-classic-producer:type=Queue',
  Version: 'kafka.common:type=AppInfo',
  MessagesAccepted: 'kafka-classic-producer:type=Messages',
  MessagesDelivered: 'kafka-classic-producer:type=Messages',
  MessagesFailed: 'kafka-classic-producer:type=Messages',
  MessagesFailedByCode: 'kafka-classic-producer:type=Messages',
  MessageLatencyMs: 'kafka-classic-producer:type=Messages',
  MessagesUnconfirmed: 'kafka-classic-producer:type=Messages',
  MessagesOpen: 'kafka-classic-producer:type=Messages',
  MessagesInFlight: 'kafka-classic-producer:type=Messages',
}

/** The tags that have a value; frozen. */
export function presentTags(given: Tags): Tags {
  const present: Record<string, string> = {}
  for (const [tag, value] of Object.entries(given)) if (value !== '') present[tag] = value
  return Object.freeze(present)
}

/** As it stands in the name of an MBean. */
export function tagText(tags: Tags): string {
  let text = ''
  for (const [tag, value] of Object.entries(tags)) text += `,${tag}=${value}`
  return text
}

/** @param text - of the tags; see {@link tagText}. */
export function mbeanOf(name: MetricName, text: string): string {
  return `${ORIGINS[name]},name=${name}${text}`
}

/** One series, frozen. */
export function series<K extends string, R extends object>(
  name: MetricName,
  kind: K,
  given: Tags,
  reading: R,
): Series & { readonly kind: K } & R {
  const tags = presentTags(given)
  return Object.freeze({ kind, mbean: mbeanOf(name, tagText(tags)), tags, ...reading })
}

/**
 * As {@link series}. There may be thousands, one for each topic: their fields are written out, which takes a fraction
 * of the time.
 */
export function meterSeries({ mbean, tags }: Series, reading: MeterReading): MeterSeries {
  const { count, meanRate, oneMinuteRate, fiveMinuteRate, fifteenMinuteRate } = reading
  return Object.freeze({
    kind: 'meter',
    mbean,
    tags,
    count,
    meanRate,
    oneMinuteRate,
    fiveMinuteRate,
    fifteenMinuteRate,
  })
}

/** Freezes the lists and the whole; the series are frozen already. */
export function frozen(snapshot: MetricsSnapshot): MetricsSnapshot {
  for (const list of Object.values(snapshot)) Object.freeze(list)
  return Object.freeze(snapshot)
}
