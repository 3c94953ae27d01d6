/**
 * Counts what has been handed out, in order, and what of it is over: up to the first that is not, however much behind
 * it has ended already. Whoever flushes waits for such a count.
 */

/** Some items that were handed out together. */
interface Portion {
  /** Count of all items up to its last one. */
  readonly end: number
  isOver: boolean
}

export class SettledPrefix {
  /** Items handed out so far. */
  #taken = 0
  /** Items before the first one that is not over. */
  #settled = 0
  /** From the first that is not over. */
  readonly #portions: Portion[] = []
  /** Ascending. */
  readonly #waiters: { readonly target: number; resolve(): void }[] = []

  get taken(): number {
    return this.#taken
  }

  get isAwaited(): boolean {
    return this.#waiters.length > 0
  }

  /** @returns what to call once, when all of these items have their outcome. */
  take(count: number): () => void {
    this.#taken += count
    const portion: Portion = { end: this.#taken, isOver: false }
    this.#portions.push(portion)
    return () => {
      portion.isOver = true
      this.#advance()
    }
  }

  /** Resolves when so many items, counted from the first ever, are over. Targets must not go down. */
  reach(target: number): Promise<void> {
    if (target <= this.#settled) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push({ target, resolve }))
  }

  #advance(): void {
    while (this.#portions[0]?.isOver) this.#settled = this.#portions.shift()!.end
    while (this.#waiters.length > 0 && this.#waiters[0]!.target <= this.#settled)
      this.#waiters.shift()!.resolve()
  }
}
