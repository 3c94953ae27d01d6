/**
 * What a KafkaProducer counts, under the names, groups and tags of the Java client. Belongs to its producer; there is no
 * registry in the process, and no switch.
 *
 * Its methods are events. None is for a single record but a failure inside `send()`: the rest comes per batch, per request or
 * per call, with one look at the clock each. Topics and brokers that are used no more are forgotten when there are many.
 *
 * @see docs/METRICS.md#kafkaproducer
 */
import { EntriesInUse } from '../metrics/entries-in-use.js'
import type { KafkaMetric } from '../metrics/kafka-metric.js'
import {
  APP_INFO_GROUP,
  COUNT_GROUP,
  type Level,
  type MetricRow,
  NODE_GROUP,
  type NodeSensor,
  nodeRows,
  PRODUCER_GROUP,
  type ProducerSensor,
  producerRows,
  TOPIC_GROUP,
  type TopicSensor,
  topicRows,
} from '../metrics/kafka-metric-rows.js'
import { Sampled, type SamplingOptions } from '../metrics/sampled.js'
import { version } from '../version.js'

export interface KafkaProducerMetricsOptions extends SamplingOptions {
  readonly clientId: string
  /** When the producer was made, since the epoch. */
  readonly startTimeMs: number
  /** Milliseconds on a monotonic clock. Default: performance.now. */
  readonly now?: () => number
}

/** What a batch says of itself when it is written into a request; a `ProducerBatch` does. */
export interface SentBatch {
  readonly topic: string
  readonly count: number
  /** As they are written. */
  readonly estimatedBytes: number
  readonly maxRecordBytes: number
  readonly compressionRatio: number
  readonly createdMs: number
  readonly drainedMs: number
}

/** What is known elsewhere and only shown here. */
export type Levels = Readonly<Record<Exclude<Level, 'connections'>, number>>

/** Calls whose time is summed up. */
export type TimedCall = Extract<ProducerSensor, `${string}Ms`> &
  ('flushMs' | 'metadataWaitMs' | 'bufferWaitMs' | `txn${string}`)

type Sensors<Name extends string> = Readonly<Record<Name, Sampled>>
type Tags = Readonly<Record<string, string>>

interface Entry<Name extends string> {
  readonly tags: Tags
  readonly sensors: Sensors<Name>
}

const KEPT_TOPICS = 1000
const KEPT_BROKERS = 200
const NS_PER_MS = 1e6
const MS_PER_SECOND = 1000

export class KafkaProducerMetrics {
  readonly #options: KafkaProducerMetricsOptions
  readonly #now: () => number
  readonly #tags: Tags
  readonly #producer: Sensors<ProducerSensor>
  readonly #topics: EntriesInUse<Entry<TopicSensor>>
  readonly #nodes: EntriesInUse<Entry<NodeSensor>>

  constructor(options: KafkaProducerMetricsOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#tags = Object.freeze({ 'client-id': options.clientId })
    this.#producer = sensorsOf<ProducerSensor>(producerRows, options)
    this.#topics = new EntriesInUse({
      create: (topic) => ({ tags: this.#with('topic', topic), sensors: sensorsOf(topicRows, options) }),
      usesOf: ({ sensors: { sent, retried, failed } }) => sent.count + retried.count + failed.count,
      kept: KEPT_TOPICS,
    })
    this.#nodes = new EntriesInUse({
      create: (node) => ({
        tags: this.#with('node-id', `node-${node}`),
        sensors: sensorsOf(nodeRows, options),
      }),
      usesOf: ({ sensors: { requestBytes, responseBytes } }) => requestBytes.count + responseBytes.count,
      kept: KEPT_BROKERS,
    })
  }

  /** The batches of one produce request are written, perhaps not for the first time. */
  batchesSent(batches: readonly SentBatch[]): void {
    const nowMs = this.#now()
    const { batchBytes, queueMs, compression, recordBytes, sent } = this.#producer
    let records = 0
    for (const batch of batches) {
      const { count, estimatedBytes, compressionRatio } = batch
      batchBytes.record(estimatedBytes, nowMs)
      queueMs.record(batch.drainedMs - batch.createdMs, nowMs)
      compression.record(compressionRatio, nowMs)
      recordBytes.record(batch.maxRecordBytes, nowMs)
      const topic = this.#topics.get(batch.topic).sensors
      topic.sent.record(count, nowMs)
      topic.bytes.record(estimatedBytes, nowMs)
      topic.compression.record(compressionRatio, nowMs)
      records += count
    }
    sent.record(records, nowMs)
  }

  /** The records of a batch go back into their queue. */
  batchRetried(topic: string, records: number): void {
    const nowMs = this.#now()
    this.#producer.retried.record(records, nowMs)
    this.#topics.get(topic).sensors.retried.record(records, nowMs)
  }

  /** Records that were in a batch have failed. */
  recordsFailed(topic: string, records: number): void {
    const nowMs = this.#now()
    this.#producer.failed.record(records, nowMs)
    this.#topics.get(topic).sensors.failed.record(records, nowMs)
  }

  /** Records failed before they were in a batch: their topic does not count them, as in Java. */
  sendsFailed(records = 1): void {
    this.#producer.failed.record(records, this.#now())
  }

  batchSplit(): void {
    this.#producer.split.record(1, this.#now())
  }

  /** Records failed for want of memory. */
  buffersExhausted(records = 1): void {
    this.#producer.exhausted.record(records, this.#now())
  }

  /** A call of the user, or a record that waited, has taken this long. */
  timeSpent(call: TimedCall, ms: number): void {
    this.#producer[call].record(ms, this.#now())
  }

  /** A request of any kind is written. @param bytes - with its length field. */
  requestWritten(nodeId: number, bytes: number): void {
    const nowMs = this.#now()
    this.#producer.requestBytes.record(bytes, nowMs)
    this.#producer.networkIo.record(1, nowMs)
    this.#node(nodeId).requestBytes.record(bytes, nowMs)
  }

  /** An answer of any kind was read. @param bytes - with its length field. */
  responseRead(nodeId: number, bytes: number): void {
    const nowMs = this.#now()
    this.#producer.responseBytes.record(bytes, nowMs)
    this.#producer.networkIo.record(1, nowMs)
    this.#node(nodeId).responseBytes.record(bytes, nowMs)
  }

  /** A produce request has its answer. */
  requestCompleted(nodeId: number, latencyMs: number): void {
    const nowMs = this.#now()
    this.#producer.latencyMs.record(latencyMs, nowMs)
    this.#node(nodeId).latencyMs.record(latencyMs, nowMs)
  }

  /** A produce answer asks to hold back for this long; most ask for 0. */
  throttled(ms: number): void {
    this.#producer.throttleMs.record(ms, this.#now())
  }

  connected(): void {
    this.#producer.connected.record(1, this.#now())
  }

  disconnected(): void {
    this.#producer.disconnected.record(1, this.#now())
  }

  /** All metrics: of the producer, then topic by topic, then broker by broker. Does not change afterwards. */
  snapshot(given: Levels): readonly KafkaMetric[] {
    const nowMs = this.#now()
    const { connected, disconnected } = this.#producer
    const levels = { ...given, connections: connected.total - disconnected.total }
    const metrics: KafkaMetric[] = []
    const read = (group: string, tags: Tags, rows: readonly MetricRow[], sensors: Sensors<string>): void => {
      for (const { name, sensor, stat, description } of rows) {
        const value = stat === 'now' ? levels[sensor as Level] : readSensor(sensors[sensor]!, stat, nowMs)
        metrics.push({ name, group, description, tags, value })
      }
    }
    read(PRODUCER_GROUP, this.#tags, producerRows, this.#producer)
    for (const { tags, sensors } of this.#topics.values()) read(TOPIC_GROUP, tags, topicRows, sensors)
    for (const { tags, sensors } of this.#nodes.values()) read(NODE_GROUP, tags, nodeRows, sensors)
    metrics.push(...this.#appInfo(), this.#numberOfMetrics(metrics.length))
    return Object.freeze(metrics)
  }

  #appInfo(): KafkaMetric[] {
    const of = { group: APP_INFO_GROUP, tags: this.#tags }
    return [
      { ...of, name: 'version', description: 'Version of kafka-classic-producer.', value: version },
      { ...of, name: 'commit-id', description: 'Not known here.', value: 'unknown' },
      {
        ...of,
        name: 'start-time-ms',
        description: 'When the producer was made, in milliseconds since the epoch.',
        value: this.#options.startTimeMs,
      },
    ]
  }

  #numberOfMetrics(others: number): KafkaMetric {
    const description = 'Number of metrics.'
    return {
      name: 'count',
      group: COUNT_GROUP,
      description,
      tags: this.#tags,
      value: others + APP_INFO_METRICS + 1,
    }
  }

  #node(nodeId: number): Sensors<NodeSensor> {
    return this.#nodes.get(String(nodeId)).sensors
  }

  #with(tag: string, value: string): Tags {
    return Object.freeze({ ...this.#tags, [tag]: value })
  }
}

const APP_INFO_METRICS = 3

function sensorsOf<Name extends string>(rows: readonly MetricRow[], options: SamplingOptions): Sensors<Name> {
  const names = new Set(rows.filter(({ stat }) => stat !== 'now').map(({ sensor }) => sensor))
  return Object.fromEntries([...names].map((name) => [name, new Sampled(options)])) as Sensors<Name>
}

const readers: Readonly<
  Record<Exclude<MetricRow['stat'], 'now'>, (sampled: Sampled, nowMs: number) => number>
> = {
  rate: (sampled, nowMs) => sampled.rate(nowMs),
  total: (sampled) => sampled.total,
  'count-rate': (sampled, nowMs) => sampled.countRate(nowMs),
  'count-total': (sampled) => sampled.count,
  avg: (sampled, nowMs) => sampled.average(nowMs),
  max: (sampled, nowMs) => sampled.max(nowMs),
  'time-ratio': (sampled, nowMs) => sampled.rate(nowMs) / MS_PER_SECOND,
  'ns-total': (sampled) => Math.round(sampled.total * NS_PER_MS),
}

function readSensor(sampled: Sampled, stat: keyof typeof readers, nowMs: number): number {
  return readers[stat](sampled, nowMs)
}
