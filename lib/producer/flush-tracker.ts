/**
 * Counts what is handed out, in order. Whoever flushes waits here until everything up to his place is completed,
 * however much behind it has been completed already.
 *
 * Keeps one count per place that is waited for, none per portion: while one portion takes long, any number of later
 * ones may come and go.
 */

/** What is handed out between two places that are waited for. */
interface Section {
  /** Count of all items up to its end; Infinity for the last section. */
  end: number
  /** Portions that are not completed. */
  open: number
  readonly waiters: (() => void)[]
  next: Section | null
}

export class FlushTracker {
  /** Items handed out so far. */
  #taken = 0
  /** The first one that is not completed, or the last one. */
  #first: Section = newSection()
  /** Where the next portion belongs. */
  #current = this.#first
  /** The one before the last, while it is waited for. */
  #awaited: Section | null = null
  #last = this.#first

  get isAwaited(): boolean {
    return this.#awaited !== null
  }

  /** @returns what to call once, when all of these items have their outcome. */
  take(count: number): () => void {
    while (this.#current.end <= this.#taken) this.#current = this.#current.next!
    this.#taken += count
    const section = this.#current
    section.open++
    return () => {
      section.open--
      if (section.open === 0) this.#advance()
    }
  }

  /** Resolves when all items handed out so far, and this many of the next ones, have their outcome. */
  reach(ahead: number): Promise<void> {
    const end = this.#taken + ahead
    if (this.#awaited?.end !== end) {
      this.#awaited = this.#last
      this.#last = newSection()
      this.#awaited.end = end
      this.#awaited.next = this.#last
    }
    const { waiters } = this.#awaited
    return new Promise((resolve) => {
      waiters.push(resolve)
      this.#advance()
    })
  }

  #advance(): void {
    while (this.#first.open === 0 && this.#first.end <= this.#taken) {
      const { waiters, next } = this.#first
      if (this.#first === this.#awaited) this.#awaited = null
      if (this.#first === this.#current) this.#current = next!
      this.#first = next!
      for (const resolve of waiters) resolve()
    }
  }
}

function newSection(): Section {
  return { end: Number.POSITIVE_INFINITY, open: 0, waiters: [], next: null }
}
