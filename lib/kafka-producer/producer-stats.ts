/**
 * What a producer counts, under the names, groups and tags of the Java client's metrics. Rates, averages and maxima are those of the
 * last `metrics.num.samples` windows of `metrics.sample.window.ms`, as there.
 *
 * @see Kafka's SenderMetricsRegistry and SampledStat 4.3
 */
import type { ProducerBatch } from './producer-batch.js'

/** One metric at one moment. */
export interface KafkaMetric {
  readonly name: string
  readonly group: string
  readonly tags: Readonly<Record<string, string>>
  /** NaN where an average or maximum has nothing to count. */
  readonly value: number
}

/** Sum, count and maximum of what was recorded within some windows. */
class Sampled {
  readonly #windowMs: number
  readonly #samples: { startMs: number; sum: number; count: number; max: number }[]
  #at = 0
  total = 0

  constructor(windowMs: number, samples: number) {
    this.#windowMs = windowMs
    this.#samples = Array.from({ length: samples }, () => empty(Number.NEGATIVE_INFINITY))
  }

  record(value: number, nowMs: number): void {
    let sample = this.#samples[this.#at]!
    if (nowMs - sample.startMs >= this.#windowMs) {
      this.#at = (this.#at + 1) % this.#samples.length
      sample = empty(nowMs)
      this.#samples[this.#at] = sample
    }
    sample.sum += value
    sample.count++
    if (value > sample.max) sample.max = value
    this.total += value
  }

  rate(nowMs: number): number {
    const live = this.#live(nowMs)
    const sum = live.reduce((all, sample) => all + sample.sum, 0)
    const firstMs = Math.min(nowMs, ...live.map(({ startMs }) => startMs))
    // As in Java a young rate counts as if all but one of its windows were over.
    const elapsedMs = Math.max(nowMs - firstMs, (this.#samples.length - 1) * this.#windowMs, 1)
    return (sum * 1000) / elapsedMs
  }

  average(nowMs: number): number {
    const live = this.#live(nowMs)
    const count = live.reduce((all, sample) => all + sample.count, 0)
    return count === 0 ? Number.NaN : live.reduce((all, sample) => all + sample.sum, 0) / count
  }

  max(nowMs: number): number {
    const max = Math.max(...this.#live(nowMs).map((sample) => sample.max))
    return Number.isFinite(max) ? max : Number.NaN
  }

  #live(nowMs: number): { startMs: number; sum: number; count: number; max: number }[] {
    const oldestMs = nowMs - this.#samples.length * this.#windowMs
    return this.#samples.filter(({ startMs }) => startMs > oldestMs)
  }
}

const empty = (startMs: number) => ({ startMs, sum: 0, count: 0, max: Number.NEGATIVE_INFINITY })

export interface ProducerStatsOptions {
  readonly clientId: string
  /** `metrics.sample.window.ms`. */
  readonly windowMs: number
  /** `metrics.num.samples`. */
  readonly samples: number
}

/** What is known elsewhere and only shown here. */
export interface Gauges {
  readonly requestsInFlight: number
  readonly bufferTotalBytes: number
  readonly bufferAvailableBytes: number
  readonly waitingSends: number
  /** Seconds since all topics were answered for; NaN before. */
  readonly metadataAgeSeconds: number
}

type Stat = 'rate' | 'total' | 'avg' | 'max'

/** Sensor → its metrics: Java's prefix, and which values of it there are. */
const sensors = {
  sent: ['record-send', 'rate', 'total'],
  retried: ['record-retry', 'rate', 'total'],
  failed: ['record-error', 'rate', 'total'],
  split: ['batch-split', 'rate', 'total'],
  exhausted: ['buffer-exhausted', 'rate', 'total'],
  batchBytes: ['batch-size', 'avg', 'max'],
  recordBytes: ['record-size', 'avg', 'max'],
  recordsPerRequest: ['records-per-request', 'avg'],
  queueMs: ['record-queue-time', 'avg', 'max'],
  latencyMs: ['request-latency', 'avg', 'max'],
  compression: ['compression-rate', 'avg'],
  throttleMs: ['produce-throttle-time', 'avg', 'max'],
} as const satisfies Record<string, readonly [string, ...Stat[]]>

type Sensor = keyof typeof sensors

const topicSensors = {
  sent: ['record-send', 'rate', 'total'],
  bytes: ['byte', 'rate', 'total'],
  compression: ['compression-rate', 'avg'],
  retried: ['record-retry', 'rate', 'total'],
  failed: ['record-error', 'rate', 'total'],
} as const satisfies Record<string, readonly [string, ...Stat[]]>

type TopicSensor = keyof typeof topicSensors

export class ProducerStats {
  readonly #options: ProducerStatsOptions
  readonly #sensors = new Map<Sensor, Sampled>()
  readonly #topics = new Map<string, Map<TopicSensor, Sampled>>()

  constructor(options: ProducerStatsOptions) {
    this.#options = options
    for (const name of Object.keys(sensors) as Sensor[]) this.#sensors.set(name, this.#sampled())
  }

  record(sensor: Sensor, value: number): void {
    this.#sensors.get(sensor)!.record(value, performance.now())
  }

  /** A batch is written, perhaps not for the first time. */
  written(batch: ProducerBatch, bytes: number): void {
    const { topic, count } = batch
    this.record('sent', count)
    this.record('batchBytes', bytes)
    this.record('recordBytes', batch.maxRecordBytes)
    this.record('compression', batch.compressionRatio)
    this.#recordOf(topic, 'sent', count)
    this.#recordOf(topic, 'bytes', bytes)
    this.#recordOf(topic, 'compression', batch.compressionRatio)
  }

  retried({ topic, count }: ProducerBatch): void {
    this.record('retried', count)
    this.#recordOf(topic, 'retried', count)
  }

  /** @param isSent - else they have failed inside `send()`, which their topic does not count. */
  failed(topic: string, records: number, isSent: boolean): void {
    this.record('failed', records)
    if (isSent) this.#recordOf(topic, 'failed', records)
  }

  snapshot(gauges: Gauges): KafkaMetric[] {
    const nowMs = performance.now()
    const tags = { 'client-id': this.#options.clientId }
    const metrics = [...this.#sensors].flatMap(([name, sampled]) =>
      rowsOf(sensors[name], sampled, nowMs, 'producer-metrics', tags),
    )
    const { requestsInFlight, bufferTotalBytes, bufferAvailableBytes, waitingSends } = gauges
    const values = {
      'requests-in-flight': requestsInFlight,
      'buffer-total-bytes': bufferTotalBytes,
      'buffer-available-bytes': bufferAvailableBytes,
      'waiting-threads': waitingSends,
      'metadata-age': gauges.metadataAgeSeconds,
    }
    for (const [name, value] of Object.entries(values)) {
      metrics.push({ name, group: 'producer-metrics', tags, value })
    }
    for (const [topic, stats] of this.#topics) {
      for (const [name, sampled] of stats) {
        const ofTopic = { ...tags, topic }
        metrics.push(...rowsOf(topicSensors[name], sampled, nowMs, 'producer-topic-metrics', ofTopic))
      }
    }
    return metrics
  }

  #recordOf(topic: string, sensor: TopicSensor, value: number): void {
    let stats = this.#topics.get(topic)
    if (!stats) {
      stats = new Map()
      for (const name of Object.keys(topicSensors) as TopicSensor[]) stats.set(name, this.#sampled())
      this.#topics.set(topic, stats)
    }
    stats.get(sensor)!.record(value, performance.now())
  }

  #sampled(): Sampled {
    return new Sampled(this.#options.windowMs, this.#options.samples)
  }
}

function rowsOf(
  [prefix, ...stats]: readonly [string, ...Stat[]],
  sampled: Sampled,
  nowMs: number,
  group: string,
  tags: Readonly<Record<string, string>>,
): KafkaMetric[] {
  return stats.map((stat) => ({
    name: group === 'producer-topic-metrics' && stat === 'avg' ? prefix : `${prefix}-${stat}`,
    group,
    tags,
    value: statOf(sampled, stat, nowMs),
  }))
}

function statOf(sampled: Sampled, stat: Stat, nowMs: number): number {
  switch (stat) {
    case 'rate':
      return sampled.rate(nowMs)
    case 'total':
      return sampled.total
    case 'avg':
      return sampled.average(nowMs)
    case 'max':
      return sampled.max(nowMs)
  }
}
