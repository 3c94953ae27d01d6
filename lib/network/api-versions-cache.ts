/**
 * What is known of brokers by address, so that a second connection to one costs no question.
 *
 * Cached versions hold until any connection to that address ends: the broker may come back newer or older. Which
 * release was seen last is remembered longer, only to tell when it changes.
 *
 * @see docs/decisions/0000-classic-producer.md#d12
 */
import type { BrokerVersions } from './broker-versions.js'

/** Addresses whose last release is remembered; brokers of a cluster with changing addresses must not pile up. */
const MAX_REMEMBERED = 1000

export interface VersionSeen {
  /** `host:port`. */
  readonly broker: string
  readonly release: string
  /** What it was when it was last seen; null at first. */
  readonly previous: string | null
}

export class ApiVersionsCache {
  readonly #cached = new Map<string, BrokerVersions>()
  readonly #lastReleases = new Map<string, string>()
  readonly #pinned: BrokerVersions | null
  readonly #onSeen: (seen: VersionSeen) => void

  /**
   * @param pinned - what every broker is taken for, or null to ask.
   * @param onSeen - called with a broker's release when it is first seen, and when it has changed.
   */
  constructor(pinned: BrokerVersions | null, onSeen: (seen: VersionSeen) => void = () => {}) {
    this.#pinned = pinned
    this.#onSeen = onSeen
  }

  /** null: has to be asked. */
  of(broker: string): BrokerVersions | null {
    return this.#pinned ?? this.#cached.get(broker) ?? null
  }

  learn(broker: string, versions: BrokerVersions): void {
    if (this.#pinned) return
    this.#cached.set(broker, versions)
    const previous = this.#lastReleases.get(broker) ?? null
    if (previous === versions.release) return
    this.#lastReleases.delete(broker)
    this.#lastReleases.set(broker, versions.release)
    if (this.#lastReleases.size > MAX_REMEMBERED) {
      this.#lastReleases.delete(this.#lastReleases.keys().next().value!)
    }
    this.#onSeen({ broker, release: versions.release, previous })
  }

  /** A connection to this address has ended. */
  forget(broker: string): void {
    this.#cached.delete(broker)
  }
}
