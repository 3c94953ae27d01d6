/** Outcomes of the messages of a run, all threads together, and why some failed. */
import type { MessageFailure } from '../failure.js'

/** Different causes that are kept in mind; further ones are counted together. */
const MAX_CAUSES = 10
const OTHER_CAUSES = 'other causes'

export class Tally {
  /** Messages handed to `send`. */
  sent = 0
  delivered = 0
  failed = 0
  /** Bytes of the values that were delivered. */
  bytes = 0
  readonly #countByCause = new Map<string, number>()
  readonly #onNewCause: (cause: string) => void

  /** @param onNewCause - is called with each cause when it happens first. */
  constructor(onNewCause: (cause: string) => void = () => {}) {
    this.#onNewCause = onNewCause
  }

  /** Messages that have had no outcome. */
  get unsettled(): number {
    return this.sent - this.delivered - this.failed
  }

  /** How many messages failed by cause, the most frequent first. */
  get causes(): [cause: string, count: number][] {
    return [...this.#countByCause].sort(([, a], [, b]) => b - a)
  }

  addFailures(failures: readonly MessageFailure[]): void {
    for (const { cause } of failures) this.addFailure(cause.message)
  }

  /**
   * @param cause - must hold no payload.
   * @param messages - how many it hit.
   */
  addFailure(cause: string, messages = 1): void {
    this.failed += messages
    const isKept = this.#countByCause.has(cause) || this.#countByCause.size < MAX_CAUSES
    const key = isKept ? cause : OTHER_CAUSES
    const count = this.#countByCause.get(key) ?? 0
    this.#countByCause.set(key, count + messages)
    if (count === 0) this.#onNewCause(key)
  }
}
