/** A prom-client summary whose values are read, not observed: prom-client's own would estimate percentiles again. */
import {
  type MetricObjectWithValues,
  type MetricValueWithName,
  Summary,
  type SummaryConfiguration,
} from 'prom-client'
import type { Spread } from './prometheus-rows.js'

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
