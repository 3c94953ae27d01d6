/**
 * `kafka-classic-producer/prometheus`: shows the metrics of producers of either kind in a prom-client registry.
 *
 * Nothing is counted twice: each scrape takes one snapshot of each producer. Those of a Producer have base units, names and
 * labels as Prometheus wants them, without rates and means, which Prometheus computes over the time it is asked for. Those of
 * a KafkaProducer have the names that Prometheus' JMX exporter gives to those of the Java client, rates as well.
 * Needs the package prom-client, version 14 or 15.
 *
 * @see docs/METRICS.md for the names beside the original's
 */
import { Counter, Gauge } from 'prom-client'
import { ConfigError, printable } from '../errors.js'
import { mergedMetrics } from './kafka-metric.js'
import { merged } from './merged.js'
import { isKafkaProducer, type ObservedKafkaProducer, type ObservedProducer } from './observed-producers.js'
import { type AnyRegistry, Collection } from './prometheus-collection.js'
import { type KafkaRow, kafkaRows, type Reading, readKafkaRow } from './prometheus-kafka-rows.js'
import { bucketRows, infoRow, numberRows, spreadRows } from './prometheus-rows.js'
import { BucketHistogram, SpreadSummary } from './prometheus-summary.js'
import type { MetricsSnapshot } from './snapshot.js'

export type { KafkaMetric } from './kafka-metric.js'
export type { ObservedKafkaProducer, ObservedProducer } from './observed-producers.js'

export interface CollectOptions {
  /** Start of every name. Default `kafka_producer_`. */
  readonly prefix?: string
}

/** By prefix. */
interface Collections {
  readonly classic: Map<string, Collection<MetricsSnapshot>>
  readonly kafka: Map<string, Collection<Reading>>
}

const collections = new WeakMap<AnyRegistry, Collections>()

/**
 * Shows the metrics of this producer in the registry until it is closed. Several producers share the names; those
 * with one `client.id` are added up.
 *
 * @returns ends it earlier. The names leave the registry with the last producer of the kind.
 * @throws {ConfigError} when the registry has one of the names already, or the prefix cannot begin a name.
 */
export function collectFrom(
  producer: ObservedProducer | ObservedKafkaProducer,
  registry: AnyRegistry,
  { prefix = 'kafka_producer_' }: CollectOptions = {},
): () => void {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(prefix)) {
    throw new ConfigError(
      `prefix ${printable(prefix)} cannot begin the name of a Prometheus metric`,
      'prefix',
    )
  }
  const { classic, kafka } = collections.get(registry) ?? { classic: new Map(), kafka: new Map() }
  collections.set(registry, { classic, kafka })
  if (isKafkaProducer(producer)) {
    return collectionOf(kafka, prefix, () => kafkaCollection(registry, prefix)).add(producer)
  }
  return collectionOf(classic, prefix, () => classicCollection(registry, prefix)).add(producer)
}

function collectionOf<S>(
  byPrefix: Map<string, Collection<S>>,
  prefix: string,
  create: () => Collection<S>,
): Collection<S> {
  const existing = byPrefix.get(prefix)
  if (existing?.isRegistered) return existing
  const created = create()
  byPrefix.set(prefix, created)
  return created
}

function classicCollection(registry: AnyRegistry, prefix: string): Collection<MetricsSnapshot> {
  const collection = new Collection<MetricsSnapshot>({ registry, prefix, merged })
  collection.checkFree([...numberRows, ...spreadRows, ...bucketRows, infoRow])
  collection.register(numberRows, (configuration, row, current) => {
    const Kind = row.name.endsWith('_total') ? Counter : Gauge
    return new Kind({
      ...configuration,
      collect() {
        this.reset()
        for (const { labels, value } of row.read(current())) this.inc(labels, value)
      },
    })
  })
  collection.register(
    spreadRows,
    (configuration, row, current) => new SpreadSummary(configuration, () => row.read(current())),
  )
  collection.register(
    bucketRows,
    (configuration, row, current) => new BucketHistogram(configuration, () => row.read(current())),
  )
  collection.register([infoRow], (configuration, row, current) => {
    return new Gauge({
      ...configuration,
      collect() {
        this.reset()
        for (const labels of row.read(current())) this.set(labels, 1)
      },
    })
  })
  return collection
}

function kafkaCollection(registry: AnyRegistry, prefix: string): Collection<Reading> {
  const collection = new Collection<Reading>({ registry, prefix, merged: mergedMetrics })
  collection.checkFree(kafkaRows)
  collection.register<KafkaRow>(kafkaRows, (configuration, row, current) => {
    const Kind = row.name.endsWith('_total') ? Counter : Gauge
    return new Kind({
      ...configuration,
      collect() {
        this.reset()
        for (const { labels, value } of readKafkaRow(row, current())) this.inc(labels, value)
      },
    })
  })
  return collection
}
