/** Who wants to know when a producer is closed for good: exporters of its metrics. Each is called once. */
import type { Logger } from '../logger.js'
import { nameOfThrown } from '../name-of-thrown.js'

export class CloseListeners {
  readonly #logger: Logger
  readonly #listeners = new Set<() => void>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  add(listener: () => void): void {
    this.#listeners.add(listener)
  }

  remove(listener: () => void): void {
    this.#listeners.delete(listener)
  }

  /** What they throw is logged. */
  call(): void {
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) {
      try {
        listener()
      } catch (thrown) {
        this.#logger.warn(`a listener of close failed: ${nameOfThrown(thrown)}`)
      }
    }
  }
}
