/**
 * Policy: when a broker is logged in to again that has refused the credentials, or could not prove who it is. Neither changes by
 * itself, and a broker may lock an account after some attempts: so not before a second, and twice as long after each further
 * refusal, up to 30 s. Until then requests fail at once, with the error of the last attempt.
 *
 * By broker, as the brokers of a cluster learn of new credentials one after the other. Shared by all sessions of a producer.
 */
import type { AuthenticationError } from '../errors.js'

const FIRST_MS = 1000
const LONGEST_MS = 30_000
/** Part of the time that is left to chance, so that not all clients of a cluster come back at once. */
const JITTER = 0.2
/** Brokers of a cluster with changing addresses must not pile up. */
const MAX_REMEMBERED = 1000

interface Refusal {
  readonly error: AuthenticationError
  /** In a row. */
  readonly times: number
  readonly retryAtMs: number
}

export class LoginRefusals {
  readonly #byBroker = new Map<string, Refusal>()
  readonly #random: () => number

  /** @param random - from 0 to below 1. Default: Math.random. */
  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** @returns why this broker is not to be connected to now; null where it may be. */
  of(broker: string, nowMs: number): AuthenticationError | null {
    const refusal = this.#byBroker.get(broker)
    return refusal && nowMs < refusal.retryAtMs ? refusal.error : null
  }

  refused(broker: string, error: AuthenticationError, nowMs: number): void {
    const times = (this.#byBroker.get(broker)?.times ?? 0) + 1
    const pauseMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** (times - 1))
    const retryAtMs = nowMs + pauseMs * (1 - JITTER * this.#random())
    this.#byBroker.delete(broker)
    this.#byBroker.set(broker, { error, times, retryAtMs })
    if (this.#byBroker.size > MAX_REMEMBERED) this.#byBroker.delete(this.#byBroker.keys().next().value!)
  }

  accepted(broker: string): void {
    this.#byBroker.delete(broker)
  }
}
