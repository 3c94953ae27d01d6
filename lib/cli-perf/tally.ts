/** What became of the messages of a run, all threads together, and why some failed. */
import { DeliveryTimeoutError } from '../errors.js'
import type { MessageFailure } from '../failure.js'

/** Different causes that are kept in mind; further ones are counted together. */
const MAX_CAUSES = 10
const OTHER_CAUSES = 'other causes'

export class Tally {
  /** Messages handed to `send`: each ends in one of the three counts below. */
  sent = 0
  delivered = 0
  failed = 0
  /** Without an outcome when the time at the end was over. */
  unsettled = 0
  /** Bytes of the values that were delivered. */
  bytes = 0
  readonly #countByCause = new Map<string, number>()
  readonly #onNewCause: (cause: string) => void

  /** @param onNewCause - is told each cause when it happens first. */
  constructor(onNewCause: (cause: string) => void = () => {}) {
    this.#onNewCause = onNewCause
  }

  /** How many messages failed by cause, the most frequent first. */
  get causes(): [cause: string, count: number][] {
    return [...this.#countByCause].sort(([, a], [, b]) => b - a)
  }

  addFailures(failures: readonly MessageFailure[]): void {
    for (const { cause } of failures) {
      if (cause instanceof DeliveryTimeoutError) this.unsettled++
      else this.addFailure(cause.message)
    }
  }

  /** @param cause - must hold no payload. */
  addFailure(cause: string): void {
    this.failed++
    const isKept = this.#countByCause.has(cause) || this.#countByCause.size < MAX_CAUSES
    const key = isKept ? cause : OTHER_CAUSES
    const count = this.#countByCause.get(key) ?? 0
    this.#countByCause.set(key, count + 1)
    if (count === 0) this.#onNewCause(key)
  }
}
