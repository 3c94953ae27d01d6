/**
 * The bounded FIFO buffer between `send()` and the send loop.
 *
 * Full means full: who cannot be taken waits in line (FIFO among waiters) or is refused, by `timeoutMs`. Knows no
 * Kafka.
 *
 * @see classic-producer reference §8.1
 */

interface Waiter<T> {
  readonly item: T
  admit(isAdmitted: boolean): void
}

export interface MessageQueueOptions<T> {
  /** Items, at least 1. */
  readonly capacity: number
  /** Bytes of all items together; null for no such bound. */
  readonly maxBytes: number | null
  /** Must give the same answer for an item each time. */
  bytesOf(item: T): number
}

export class MessageQueue<T> {
  readonly #options: MessageQueueOptions<T>
  /** A ring; grows with use, up to the capacity. */
  #ring: (T | undefined)[] = new Array(16)
  #head = 0
  #size = 0
  #bytes = 0
  readonly #waiters = new Set<Waiter<T>>()

  constructor(options: MessageQueueOptions<T>) {
    this.#options = options
  }

  get size(): number {
    return this.#size
  }

  /** Callers that wait for room. */
  get waiting(): number {
    return this.#waiters.size
  }

  /** @returns false when it is full, or others already wait for room. */
  offer(item: T): boolean {
    if (this.#waiters.size > 0 || !this.#hasRoomFor(item)) return false
    this.#push(item)
    return true
  }

  /**
   * Waits for room where {@link offer} found none.
   *
   * @param timeoutMs - 0 refuses at once, negative waits for as long as it takes.
   * @param signal - gives the waiting up.
   * @returns whether the item was taken.
   */
  put(item: T, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (this.offer(item)) return Promise.resolve(true)
    if (timeoutMs === 0 || signal?.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const waiter: Waiter<T> = {
        item,
        admit: (isAdmitted) => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', giveUp)
          this.#waiters.delete(waiter)
          resolve(isAdmitted)
        },
      }
      const giveUp = (): void => waiter.admit(false)
      const timer = timeoutMs > 0 ? setTimeout(giveUp, timeoutMs) : undefined
      signal?.addEventListener('abort', giveUp)
      this.#waiters.add(waiter)
    })
  }

  /** Takes up to `count` items from the front and lets waiters in. */
  take(count: number): T[] {
    const taken: T[] = new Array(Math.min(count, this.#size))
    const mask = this.#ring.length - 1
    const { maxBytes, bytesOf } = this.#options
    for (let i = 0; i < taken.length; i++) {
      const item = this.#ring[this.#head]!
      taken[i] = item
      if (maxBytes !== null) this.#bytes -= bytesOf(item)
      this.#ring[this.#head] = undefined
      this.#head = (this.#head + 1) & mask
    }
    this.#size -= taken.length
    this.#admitWaiters()
    return taken
  }

  /** Something larger than the whole queue is let into an empty one, else it could never go. */
  #hasRoomFor(item: T): boolean {
    const { capacity, maxBytes, bytesOf } = this.#options
    if (this.#size >= capacity) return false
    return maxBytes === null || this.#size === 0 || this.#bytes + bytesOf(item) <= maxBytes
  }

  #admitWaiters(): void {
    for (const waiter of this.#waiters) {
      if (!this.#hasRoomFor(waiter.item)) return
      this.#push(waiter.item)
      waiter.admit(true)
    }
  }

  #push(item: T): void {
    if (this.#size === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = item
    this.#size++
    if (this.#options.maxBytes !== null) this.#bytes += this.#options.bytesOf(item)
  }

  #grow(): void {
    const { length } = this.#ring
    const grown: (T | undefined)[] = new Array(length * 2)
    for (let i = 0; i < this.#size; i++) grown[i] = this.#ring[(this.#head + i) & (length - 1)]
    this.#ring = grown
    this.#head = 0
  }
}
