/** A prom-client summary, and a histogram, whose values are read, not observed: prom-client's own would count again. */
import {
  Histogram,
  type HistogramConfiguration,
  type MetricObjectWithValues,
  type MetricValueWithName,
  Summary,
  type SummaryConfiguration,
} from 'prom-client'
import type { Buckets, Spread } from './prometheus-rows.js'

export class SpreadSummary extends Summary<string> {
  readonly #read: () => readonly Spread[]

  constructor(configuration: SummaryConfiguration<string>, read: () => readonly Spread[]) {
    super(configuration)
    this.#read = read
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const spreads = this.#read()
    const empty = await super.get()
    return { ...empty, values: spreads.flatMap((spread) => linesOf(empty.name, spread)) }
  }
}

function linesOf(name: string, { labels, quantiles, sum, count }: Spread): MetricValueWithName<string>[] {
  return [
    ...quantiles.map(([quantile, value]) => ({ labels: { quantile, ...labels }, value, metricName: name })),
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ]
}

export class BucketHistogram extends Histogram<string> {
  readonly #read: () => readonly Buckets[]
  readonly #description: { readonly name: string; readonly help: string }

  constructor(configuration: HistogramConfiguration<string>, read: () => readonly Buckets[]) {
    super(configuration)
    this.#read = read
    this.#description = { name: configuration.name, help: configuration.help }
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const { name, help } = this.#description
    const values = this.#read().flatMap((each) => bucketLines(name, each))
    // The types have an enumeration here that the package does not: its values are these texts.
    const read: unknown = { name, help, type: 'histogram', aggregator: 'sum', values }
    return read as MetricObjectWithValues<MetricValueWithName<string>>
  }

  /** What version 15 calls in place of `get` for its text, and its types do not name. */
  getForPromString(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    return this.get()
  }
}

function bucketLines(name: string, { labels, buckets, sum, count }: Buckets): MetricValueWithName<string>[] {
  return [
    ...buckets.map(({ le, count }) => ({
      labels: { le, ...labels },
      value: count,
      metricName: `${name}_bucket`,
    })),
    { labels: { le: '+Inf', ...labels }, value: count, metricName: `${name}_bucket` },
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ]
}
