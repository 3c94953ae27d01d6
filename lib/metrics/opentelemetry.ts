/**
 * `kafka-classic-producer/opentelemetry`: shows the metrics of producers through the OpenTelemetry metrics API.
 *
 * Everything is observed, not recorded twice: each collection takes one snapshot of each producer. Attributes follow
 * the semantic conventions for messaging. Needs the package `@opentelemetry/api`; without an SDK behind it nothing
 * happens.
 *
 * @see docs/METRICS.md for the names beside the original's
 */
import { type BatchObservableCallback, type Meter, metrics, type Observable } from '@opentelemetry/api'
import { version } from '../version.js'
import { type ObservedProducer, ObservedProducers } from './observed-producers.js'
import { instruments, type Measured } from './opentelemetry-instruments.js'

export type { ObservedProducer } from './observed-producers.js'

const observations = new WeakMap<Meter, Observation>()

/**
 * Shows the metrics of this producer through the meter until it is closed. Producers with one `client.id` are added up.
 *
 * @param meter - default: `kafka-classic-producer` of the global meter provider.
 * @returns ends it earlier.
 */
export function observe(
  producer: ObservedProducer,
  meter: Meter = metrics.getMeter('kafka-classic-producer', version),
): () => void {
  let observation = observations.get(meter)
  if (!observation) {
    observation = new Observation(meter)
    observations.set(meter, observation)
  }
  return observation.add(producer)
}

/** The instruments of one meter; asked while there is a producer. */
class Observation {
  readonly #meter: Meter
  readonly #observables: Map<Observable, Measured>
  readonly #producers: ObservedProducers
  #isAsked = false

  constructor(meter: Meter) {
    this.#meter = meter
    this.#producers = new ObservedProducers(() => this.#stop())
    this.#observables = new Map(instruments.map(({ create, measure }) => [create(meter), measure]))
  }

  add(producer: ObservedProducer): () => void {
    const remove = this.#producers.add(producer)
    if (!this.#isAsked) {
      this.#isAsked = true
      this.#meter.addBatchObservableCallback(this.#onCollect, [...this.#observables.keys()])
    }
    return remove
  }

  readonly #onCollect: BatchObservableCallback = (result) => {
    const snapshot = this.#producers.snapshot()
    if (!snapshot) return
    for (const [observable, measure] of this.#observables) {
      for (const { attributes, value } of measure(snapshot)) result.observe(observable, value, attributes)
    }
  }

  #stop(): void {
    this.#isAsked = false
    this.#meter.removeBatchObservableCallback(this.#onCollect, [...this.#observables.keys()])
  }
}
