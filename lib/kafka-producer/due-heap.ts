/**
 * Items by the time at which they are due, any of which may be taken out; each operation takes the logarithm of their
 * number. A binary heap whose items know their place.
 */

export interface DueItem {
  /** Must not change while the item is in a heap. */
  dueMs: number
  /** Kept by the heap; −1 outside. */
  heapIndex: number
}

export class DueHeap<T extends DueItem> {
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  /** The item that is due first; undefined when there is none. */
  get first(): T | undefined {
    return this.#items[0]
  }

  /** A copy, in no order. */
  toArray(): T[] {
    return [...this.#items]
  }

  add(item: T): void {
    this.#up(this.#items.push(item) - 1, item)
  }

  /** Takes an item out; nothing happens where it is not in. */
  remove(item: T): void {
    const index = item.heapIndex
    if (index < 0) return
    item.heapIndex = -1
    const last = this.#items.pop()!
    if (last === item) return
    this.#up(index, last)
    this.#down(last.heapIndex, last)
  }

  #up(from: number, item: T): void {
    const items = this.#items
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = items[above]!
      if (parent.dueMs <= item.dueMs) break
      items[index] = parent
      parent.heapIndex = index
      index = above
    }
    items[index] = item
    item.heapIndex = index
  }

  #down(from: number, item: T): void {
    const items = this.#items
    let index = from
    for (;;) {
      let below = index * 2 + 1
      if (below >= items.length) break
      if (below + 1 < items.length && items[below + 1]!.dueMs < items[below]!.dueMs) below++
      const child = items[below]!
      if (child.dueMs >= item.dueMs) break
      items[index] = child
      child.heapIndex = index
      index = below
    }
    items[index] = item
    item.heapIndex = index
  }
}
