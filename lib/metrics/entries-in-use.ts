/**
 * Key → entry, made at first use. Keys that are no longer used are forgotten, so that a producer that runs for a year
 * and meets a new topic each minute does not remember them all.
 *
 * Looks for unused ones only when there are many, so it costs nothing per use. At most twice as many are kept as were
 * used between two looks, or as many as are kept in any case; so of more keys than those, used in turn, some are
 * forgotten and begin anew.
 */

export interface EntriesInUseOptions<T> {
  create(key: string): T
  /** Grows whenever the entry is used. */
  usesOf(entry: T): number
  /** Number of entries that are kept whether they are used or not. */
  readonly kept: number
}

export class EntriesInUse<T> {
  readonly #options: EntriesInUseOptions<T>
  readonly #entries = new Map<string, T>()
  /** Uses of each entry at the last look. */
  #usesBefore = new Map<string, number>()
  #limit: number

  constructor(options: EntriesInUseOptions<T>) {
    this.#options = options
    this.#limit = options.kept
  }

  get size(): number {
    return this.#entries.size
  }

  /** In order of their first use. */
  values(): IterableIterator<T> {
    return this.#entries.values()
  }

  get(key: string): T {
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      if (this.#entries.size >= this.#limit) this.#forgetUnused()
      entry = this.#options.create(key)
      this.#entries.set(key, entry)
    }
    return entry
  }

  #forgetUnused(): void {
    const usesNow = new Map<string, number>()
    for (const [key, entry] of this.#entries) {
      const uses = this.#options.usesOf(entry)
      if (uses === this.#usesBefore.get(key)) this.#entries.delete(key)
      else usesNow.set(key, uses)
    }
    this.#usesBefore = usesNow
    this.#limit = Math.max(this.#options.kept, 2 * this.#entries.size)
  }
}
