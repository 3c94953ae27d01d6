/**
 * Remembers what connections left unconfirmed (acks 0), until a `flush()` has rejected with it.
 *
 * Flushes that wait at the same time all reject; later ones know nothing of it any more.
 */
import { type KafkaError, UnconfirmedError } from '../errors.js'
import type { Unconfirmed } from '../pool/unconfirmed-writes.js'

interface Counts {
  readonly requests: number
  readonly messages: number
}

export class UnconfirmedTally {
  /** Since the producer was made. */
  #all: Counts = { requests: 0, messages: 0 }
  /** Of these, what a flush has rejected with. */
  #reported: Counts = this.#all
  #lastReason: KafkaError | null = null

  add({ requests, messages }: Unconfirmed, reason: KafkaError): void {
    this.#all = { requests: this.#all.requests + requests, messages: this.#all.messages + messages }
    this.#lastReason = reason
  }

  /**
   * To be called when a flush begins.
   *
   * @returns to be called at its end: throws when something is unconfirmed that no flush before this one reported.
   */
  begin(): () => void {
    const before = this.#reported
    return () => {
      const requests = this.#all.requests - before.requests
      if (requests === 0) return
      this.#reported = this.#all
      throw new UnconfirmedError(requests, this.#all.messages - before.messages, { cause: this.#lastReason })
    }
  }
}
