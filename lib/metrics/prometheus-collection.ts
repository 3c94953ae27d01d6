/**
 * The metrics of the producers of one kind under one prefix in one prom-client registry: what is registered, and the one
 * snapshot that all names of a scrape are read from.
 */
import type { Metric, OpenMetricsContentType, PrometheusContentType, Registry } from 'prom-client'
import { ConfigError } from '../errors.js'
import { type Observed, ObservedProducers } from './observed-producers.js'

export type AnyRegistry = Registry<PrometheusContentType> | Registry<OpenMetricsContentType>

/** Without the prefix. */
export interface Described {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
}

/** What prom-client makes a metric of. */
interface Configuration {
  name: string
  help: string
  labelNames: string[]
  registers: AnyRegistry[]
}

/** Makes a metric of prom-client, which enters the registry, of a description and the snapshot of each scrape. */
export type Register<R extends Described, S> = (
  configuration: Configuration,
  row: R,
  current: () => S | null,
) => Metric

export interface CollectionOptions<S> {
  readonly registry: AnyRegistry
  readonly prefix: string
  merged(snapshots: readonly S[]): S
}

export class Collection<S> {
  readonly #producers: ObservedProducers<S>
  readonly #registry: AnyRegistry
  readonly #prefix: string
  readonly #metrics = new Map<string, Metric>()
  /** One for the metrics of a scrape, which are asked in one go. */
  #snapshot: S | null = null

  constructor({ registry, prefix, merged }: CollectionOptions<S>) {
    this.#registry = registry
    this.#prefix = prefix
    this.#producers = new ObservedProducers(merged, () => this.#unregister())
  }

  /** @throws {ConfigError} when the registry has one of the names already. */
  checkFree(rows: readonly Described[]): void {
    const names = rows.map(({ name }) => this.#prefix + name)
    const taken = names.find((name) => this.#registry.getSingleMetric(name) !== undefined)
    if (taken !== undefined) {
      throw new ConfigError(`the registry has a metric ${taken} already; give another prefix`, 'prefix')
    }
  }

  register<R extends Described>(rows: readonly R[], make: Register<R, S>): void {
    for (const row of rows) {
      const name = this.#prefix + row.name
      const configuration = {
        name,
        help: row.help,
        labelNames: [...row.labelNames],
        registers: [this.#registry],
      }
      this.#metrics.set(
        name,
        make(configuration, row, () => this.#current()),
      )
    }
  }

  add(producer: Observed<S>): () => void {
    return this.#producers.add(producer)
  }

  /** False after the last producer was removed, or somebody cleared the registry. */
  get isRegistered(): boolean {
    const [name, metric] = [...this.#metrics].at(-1) ?? []
    return name !== undefined && this.#registry.getSingleMetric(name) === metric
  }

  #current(): S | null {
    if (this.#snapshot === null) {
      this.#snapshot = this.#producers.snapshot()
      queueMicrotask(() => {
        this.#snapshot = null
      })
    }
    return this.#snapshot
  }

  #unregister(): void {
    if (!this.isRegistered) return
    for (const name of this.#metrics.keys()) this.#registry.removeSingleMetric(name)
  }
}
