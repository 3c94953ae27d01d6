/** The producers of one kind that an exporter reports, until they are closed or taken out. */
import type { KafkaMetric } from './kafka-metric.js'
import type { MetricsSnapshot } from './snapshot.js'

/** What an exporter needs of any producer. @typeParam S - what its `metrics()` gives. */
export interface Observed<S> {
  metrics(): S
  once(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

/** What an exporter needs of a Producer. */
export interface ObservedProducer extends Observed<MetricsSnapshot> {}

/** What an exporter needs of a KafkaProducer. */
export interface ObservedKafkaProducer extends Observed<readonly KafkaMetric[]> {
  /** Never called: the method by which a KafkaProducer is known. */
  partitionsFor(topic: string): unknown
}

export function isKafkaProducer(
  producer: ObservedProducer | ObservedKafkaProducer,
): producer is ObservedKafkaProducer {
  return 'partitionsFor' in producer
}

export class ObservedProducers<S> {
  readonly #producers = new Set<Observed<S>>()
  readonly #merged: (snapshots: readonly S[]) => S
  readonly #onEmpty: () => void

  /**
   * @param merged - one snapshot of several, at least one.
   * @param onEmpty - called whenever the last one was removed.
   */
  constructor(merged: (snapshots: readonly S[]) => S, onEmpty: () => void) {
    this.#merged = merged
    this.#onEmpty = onEmpty
  }

  /** @returns takes it out again; a second call does nothing. */
  add(producer: Observed<S>): () => void {
    this.#producers.add(producer)
    const remove = (): void => {
      producer.off('close', remove)
      if (this.#producers.delete(producer) && this.#producers.size === 0) this.#onEmpty()
    }
    producer.once('close', remove)
    return remove
  }

  /** Of all of them together; null when there is none. */
  snapshot(): S | null {
    if (this.#producers.size === 0) return null
    return this.#merged([...this.#producers].map((producer) => producer.metrics()))
  }
}
