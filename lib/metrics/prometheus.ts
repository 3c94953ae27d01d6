/**
 * `kafka-classic-producer/prometheus`: shows the metrics of producers in a prom-client registry.
 *
 * Nothing is counted twice: each scrape takes one snapshot of each producer. Base units, names and labels as
 * Prometheus wants them; rates and means are left out, because Prometheus computes them over the time it is asked for.
 * Needs the package prom-client, version 14 or 15.
 *
 * @see docs/METRICS.md for the names beside the original's
 */
import {
  Counter,
  Gauge,
  type OpenMetricsContentType,
  type PrometheusContentType,
  type Registry,
} from 'prom-client'
import { ConfigError, printable } from '../errors.js'
import { type ObservedProducer, ObservedProducers } from './observed-producers.js'
import { infoRow, type NumberRow, numberRows, type SpreadRow, spreadRows } from './prometheus-rows.js'
import { SpreadSummary } from './prometheus-summary.js'
import type { MetricsSnapshot } from './snapshot.js'

export type { ObservedProducer } from './observed-producers.js'

export interface CollectOptions {
  /** Start of every name. Default `kafka_producer_`. */
  readonly prefix?: string
}

type AnyRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>

const collections = new WeakMap<AnyRegistry, Map<string, Collection>>()

/**
 * Shows the metrics of this producer in the registry until it is closed. Several producers share the names; those
 * with one `client.id` are added up.
 *
 * @returns ends it earlier. The names leave the registry with the last producer.
 * @throws {ConfigError} when the registry has one of the names already, or the prefix cannot begin a name.
 */
export function collectFrom(
  producer: ObservedProducer,
  registry: AnyRegistry,
  { prefix = 'kafka_producer_' }: CollectOptions = {},
): () => void {
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(prefix)) {
    throw new ConfigError(
      `prefix ${printable(prefix)} cannot begin the name of a Prometheus metric`,
      'prefix',
    )
  }
  const byPrefix = collections.get(registry) ?? new Map<string, Collection>()
  collections.set(registry, byPrefix)
  let collection = byPrefix.get(prefix)
  if (!collection?.isRegistered) {
    collection = new Collection(registry, prefix)
    byPrefix.set(prefix, collection)
  }
  return collection.producers.add(producer)
}

/** The metrics of one prefix in one registry. */
class Collection {
  readonly producers: ObservedProducers
  readonly #registry: AnyRegistry
  readonly #prefix: string
  readonly #names: readonly string[]
  #info: Gauge
  /** One for the metrics of a scrape, which are asked in one go. */
  #snapshot: MetricsSnapshot | null = null

  constructor(registry: AnyRegistry, prefix: string) {
    this.#registry = registry
    this.#prefix = prefix
    this.#names = [...numberRows, ...spreadRows, infoRow].map(({ name }) => prefix + name)
    const taken = this.#names.find((name) => registry.getSingleMetric(name) !== undefined)
    if (taken !== undefined) {
      throw new ConfigError(`the registry has a metric ${taken} already; give another prefix`, 'prefix')
    }
    this.producers = new ObservedProducers(() => this.#unregister())
    for (const row of numberRows) this.#registerNumber(row)
    for (const row of spreadRows) this.#registerSpread(row)
    this.#info = this.#registerInfo()
  }

  /** False after the last producer was removed, or somebody cleared the registry. */
  get isRegistered(): boolean {
    return this.#registry.getSingleMetric(this.#prefix + infoRow.name) === this.#info
  }

  #registerNumber(row: NumberRow): void {
    const source = this
    const Kind = row.name.endsWith('_total') ? Counter : Gauge
    new Kind({
      ...this.#described(row),
      collect() {
        this.reset()
        for (const { labels, value } of row.read(source.#current())) this.inc(labels, value)
      },
    })
  }

  #registerSpread(row: SpreadRow): void {
    new SpreadSummary(this.#described(row), () => row.read(this.#current()))
  }

  #registerInfo(): Gauge {
    const source = this
    return new Gauge({
      ...this.#described(infoRow),
      collect() {
        this.reset()
        for (const labels of infoRow.read(source.#current())) this.set(labels, 1)
      },
    })
  }

  #described({ name, help, labelNames }: { name: string; help: string; labelNames: readonly string[] }): {
    name: string
    help: string
    labelNames: string[]
    registers: AnyRegistry[]
  } {
    return { name: this.#prefix + name, help, labelNames: [...labelNames], registers: [this.#registry] }
  }

  #current(): MetricsSnapshot | null {
    if (this.#snapshot === null) {
      this.#snapshot = this.producers.snapshot()
      queueMicrotask(() => {
        this.#snapshot = null
      })
    }
    return this.#snapshot
  }

  #unregister(): void {
    if (!this.isRegistered) return
    for (const name of this.#names) this.#registry.removeSingleMetric(name)
  }
}
