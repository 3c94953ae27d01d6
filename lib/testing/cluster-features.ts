/**
 * Features that a cluster as a whole has (KIP-584): those that all of its brokers know, also the ones that are down. Only
 * `transaction.version` (KIP-890) is kept.
 */
import { type EraName, eraNamed } from './eras.js'

export interface FeatureLevels {
  readonly transactionVersion: number
  /** Grows with each change, so that clients notice. */
  readonly epoch: number
}

export class ClusterFeatures {
  readonly #newestTransactionVersion: number
  #levels: FeatureLevels = { transactionVersion: 0, epoch: 0 }

  /** @param newestTransactionVersion - that was switched on, whatever the brokers know. */
  constructor(newestTransactionVersion: number) {
    this.#newestTransactionVersion = newestTransactionVersion
  }

  get levels(): FeatureLevels {
    return this.#levels
  }

  /** @param eras - of all brokers. */
  update(eras: readonly EraName[]): void {
    const known = eras.map((era) => eraNamed(era).transactionVersion)
    const transactionVersion = Math.min(this.#newestTransactionVersion, ...known)
    if (transactionVersion === this.#levels.transactionVersion) return
    this.#levels = { transactionVersion, epoch: this.#levels.epoch + 1 }
  }
}
