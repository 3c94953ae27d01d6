/**
 * Items in the order in which they came, any of which can be taken out in constant time.
 *
 * A Set does not do for this: V8 keeps the places of deleted entries until it rehashes, and walks over them at each
 * look for the first one.
 */

/** The place of an item; good for one removal. */
export interface Link<T> {
  readonly item: T
  previous: Link<T> | null
  next: Link<T> | null
}

export class LinkedList<T> {
  #first: Link<T> | null = null
  #last: Link<T> | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The oldest one, or null when there is none. */
  get first(): Link<T> | null {
    return this.#first
  }

  push(item: T): Link<T> {
    return this.append({ item, previous: null, next: null })
  }

  /** As {@link push}, for an item that is its own link. */
  append(link: Link<T>): Link<T> {
    link.previous = this.#last
    if (this.#last) this.#last.next = link
    else this.#first = link
    this.#last = link
    this.#size++
    return link
  }

  /** @param link - of this list, and not removed yet. */
  remove(link: Link<T>): void {
    const { previous, next } = link
    if (previous) previous.next = next
    else this.#first = next
    if (next) next.previous = previous
    else this.#last = previous
    // One that survived into the old generation would keep all that came after it alive, and so on: twice the time in
    // the garbage collector for a queue with blocked senders.
    link.previous = null
    link.next = null
    this.#size--
  }
}
