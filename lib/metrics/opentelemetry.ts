/**
 * `kafka-classic-producer/opentelemetry`: shows the metrics of producers of either kind through the OpenTelemetry metrics API.
 *
 * Everything is observed, not recorded twice: each collection takes one snapshot of each producer. Attributes follow
 * the semantic conventions for messaging. Needs the package `@opentelemetry/api`; without an SDK behind it nothing
 * happens.
 *
 * @see docs/METRICS.md for the names beside the original's
 */
import {
  type BatchObservableCallback,
  type BatchObservableResult,
  type Meter,
  metrics,
  type Observable,
} from '@opentelemetry/api'
import { version } from '../version.js'
import { type KafkaMetric, mergedMetrics } from './kafka-metric.js'
import { merged } from './merged.js'
import {
  isKafkaProducer,
  type Observed,
  type ObservedKafkaProducer,
  type ObservedProducer,
  ObservedProducers,
} from './observed-producers.js'
import { instruments } from './opentelemetry-instruments.js'
import { kafkaAttributesOf, kafkaInstruments } from './opentelemetry-kafka-instruments.js'
import type { MetricsSnapshot } from './snapshot.js'

export type { KafkaMetric } from './kafka-metric.js'
export type { ObservedKafkaProducer, ObservedProducer } from './observed-producers.js'

/** Those of one meter; each made when the first producer of its kind comes. */
interface Observations {
  classic?: Observation<MetricsSnapshot>
  kafka?: Observation<readonly KafkaMetric[]>
}

const observations = new WeakMap<Meter, Observations>()

/**
 * Shows the metrics of this producer through the meter until it is closed. Producers with one `client.id` are added up.
 *
 * @param meter - default: `kafka-classic-producer` of the global meter provider.
 * @returns ends it earlier.
 */
export function observe(
  producer: ObservedProducer | ObservedKafkaProducer,
  meter: Meter = metrics.getMeter('kafka-classic-producer', version),
): () => void {
  const ofMeter = observations.get(meter) ?? {}
  observations.set(meter, ofMeter)
  if (isKafkaProducer(producer)) {
    ofMeter.kafka ??= kafkaObservation(meter)
    return ofMeter.kafka.add(producer)
  }
  ofMeter.classic ??= classicObservation(meter)
  return ofMeter.classic.add(producer)
}

interface ObservationOptions<S> {
  readonly meter: Meter
  readonly observables: readonly Observable[]
  merged(snapshots: readonly S[]): S
  report(snapshot: S, result: BatchObservableResult): void
}

function classicObservation(meter: Meter): Observation<MetricsSnapshot> {
  const observables = new Map(instruments.map(({ create, measure }) => [create(meter), measure]))
  return new Observation({
    meter,
    observables: [...observables.keys()],
    merged,
    report: (snapshot, result) => {
      for (const [observable, measure] of observables) {
        for (const { attributes, value } of measure(snapshot)) result.observe(observable, value, attributes)
      }
    },
  })
}

function kafkaObservation(meter: Meter): Observation<readonly KafkaMetric[]> {
  const byMetric = new Map(
    kafkaInstruments.map(({ group, metric, create }) => [`${group} ${metric}`, create(meter)]),
  )
  return new Observation({
    meter,
    observables: [...byMetric.values()],
    merged: mergedMetrics,
    report: (all, result) => {
      for (const metric of all) {
        const observable = byMetric.get(`${metric.group} ${metric.name}`)
        if (!observable || typeof metric.value !== 'number' || Number.isNaN(metric.value)) continue
        result.observe(observable, metric.value, kafkaAttributesOf(metric))
      }
    },
  })
}

/** The instruments of one meter; asked while there is a producer. */
class Observation<S> {
  readonly #options: ObservationOptions<S>
  readonly #producers: ObservedProducers<S>
  #isAsked = false

  constructor(options: ObservationOptions<S>) {
    this.#options = options
    this.#producers = new ObservedProducers(options.merged, () => this.#stop())
  }

  add(producer: Observed<S>): () => void {
    const remove = this.#producers.add(producer)
    if (!this.#isAsked) {
      this.#isAsked = true
      this.#options.meter.addBatchObservableCallback(this.#onCollect, [...this.#options.observables])
    }
    return remove
  }

  readonly #onCollect: BatchObservableCallback = (result) => {
    const snapshot = this.#producers.snapshot()
    if (snapshot) this.#options.report(snapshot, result)
  }

  #stop(): void {
    this.#isAsked = false
    this.#options.meter.removeBatchObservableCallback(this.#onCollect, [...this.#options.observables])
  }
}
