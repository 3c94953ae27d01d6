/** The producers that an exporter reports, until they are closed or taken out. */
import { merged } from './merged.js'
import type { MetricsSnapshot } from './snapshot.js'

/** What an exporter needs of a Producer. */
export interface ObservedProducer {
  metrics(): MetricsSnapshot
  once(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

export class ObservedProducers {
  readonly #producers = new Set<ObservedProducer>()
  readonly #onEmpty: () => void

  /** @param onEmpty - called whenever the last one was removed. */
  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty
  }

  /** @returns takes it out again; a second call does nothing. */
  add(producer: ObservedProducer): () => void {
    this.#producers.add(producer)
    const remove = (): void => {
      producer.off('close', remove)
      if (this.#producers.delete(producer) && this.#producers.size === 0) this.#onEmpty()
    }
    producer.once('close', remove)
    return remove
  }

  /** Of all of them together; null when there is none. */
  snapshot(): MetricsSnapshot | null {
    if (this.#producers.size === 0) return null
    return merged([...this.#producers].map((producer) => producer.metrics()))
  }
}
