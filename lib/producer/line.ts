/**
 * Those who wait, in their order. Any of them can leave at any time, in constant time: a Set would walk over those who
 * have left each time the first one is looked at.
 */

/** A place in a {@link Line}; whoever waits has one of its own. */
export interface Place<T> {
  prev: T | null
  next: T | null
}

export class Line<T extends Place<T>> {
  #first: T | null = null
  #last: T | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  get first(): T | null {
    return this.#first
  }

  /** @param one - in no line yet. */
  push(one: T): void {
    one.prev = this.#last
    if (this.#last) this.#last.next = one
    else this.#first = one
    this.#last = one
    this.#size++
  }

  /** @param one - in this line. */
  delete(one: T): void {
    const { prev, next } = one
    if (prev) prev.next = next
    else this.#first = next
    if (next) next.prev = prev
    else this.#last = prev
    one.prev = null
    one.next = null
    this.#size--
  }
}
