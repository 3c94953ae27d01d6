/**
 * A first-in, first-out queue whose items may be put back in front; every operation takes constant time, amortised, however many items wait.
 *
 * A ring that doubles when it is full. `Array.shift` moves all items of a large array (V8, from about 50,000).
 */

const FIRST_CAPACITY = 16
/** A ring larger than this is given back when it runs empty. */
const KEPT_CAPACITY = 65_536

export class Fifo<T> {
  /** Its length is a power of two, or 0 before the first item. */
  #ring: (T | undefined)[] = []
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    if (this.#size === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = item
    this.#size++
  }

  /** Puts an item in front of the oldest one. */
  unshift(item: T): void {
    if (this.#size === this.#ring.length) this.#grow()
    this.#head = (this.#head - 1) & (this.#ring.length - 1)
    this.#ring[this.#head] = item
    this.#size++
  }

  /** The oldest item, or undefined when there is none. */
  peek(): T | undefined {
    return this.#size === 0 ? undefined : this.#ring[this.#head]
  }

  /** Takes the oldest item out. @returns undefined when there is none. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined
    const item = this.#ring[this.#head]
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.#size--
    this.#shrink()
    return item
  }

  /** Up to `count` of the oldest items, oldest first; they stay. */
  front(count: number): T[] {
    const items: T[] = new Array(Math.min(count, this.#size))
    const mask = this.#ring.length - 1
    for (let i = 0; i < items.length; i++) items[i] = this.#ring[(this.#head + i) & mask]!
    return items
  }

  /** Takes out up to `count` of the oldest items, oldest first. */
  take(count: number): T[] {
    const taken: T[] = new Array(Math.min(count, this.#size))
    const ring = this.#ring
    const mask = ring.length - 1
    let head = this.#head
    for (let i = 0; i < taken.length; i++) {
      taken[i] = ring[head]!
      ring[head] = undefined
      head = (head + 1) & mask
    }
    this.#head = head
    this.#size -= taken.length
    this.#shrink()
    return taken
  }

  /** Takes out `count` of the oldest items, at most all. */
  drop(count: number): void {
    const ring = this.#ring
    const mask = ring.length - 1
    for (let i = 0; i < count; i++) ring[(this.#head + i) & mask] = undefined
    this.#head = (this.#head + count) & mask
    this.#size -= count
    this.#shrink()
  }

  #shrink(): void {
    if (this.#size > 0 || this.#ring.length <= KEPT_CAPACITY) return
    this.#ring = []
    this.#head = 0
  }

  #grow(): void {
    const { length } = this.#ring
    const grown: (T | undefined)[] = new Array(Math.max(FIRST_CAPACITY, length * 2))
    for (let i = 0; i < this.#size; i++) grown[i] = this.#ring[(this.#head + i) & (length - 1)]
    this.#ring = grown
    this.#head = 0
  }
}
