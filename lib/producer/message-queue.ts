/**
 * The bounded FIFO buffer between `send()` and the send loop.
 *
 * Full means full: who cannot be taken waits in line (FIFO among waiters) or is refused, by `timeoutMs`. Knows no
 * Kafka.
 *
 * @see classic-producer reference §8.1
 */
import { Fifo } from '../fifo.js'
import { LinkedList } from '../linked-list.js'

/** A call that waits for room for its items, which go in one after the other and next to each other. */
interface Waiter<T> {
  readonly items: readonly T[]
  /** How many of them are in. */
  taken: number
  /** Starts the time of the next item. */
  restart(): void
  /** Tells the caller how many are in. */
  end(): void
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
  readonly #items = new Fifo<T>()
  #bytes = 0
  readonly #waiters = new LinkedList<Waiter<T>>()

  constructor(options: MessageQueueOptions<T>) {
    this.#options = options
  }

  get size(): number {
    return this.#items.size
  }

  /** Callers that wait for room. */
  get waiting(): number {
    return this.#waiters.size
  }

  /** @returns false when it is full, or others already wait for room. */
  offer(item: T): boolean {
    if (this.#waiters.first || !this.#hasRoomFor(item)) return false
    this.#push(item)
    return true
  }

  /**
   * Waits for room where {@link offer} found none. Nobody else's items come between those of one call.
   *
   * @param items - at least one.
   * @param timeoutMs - for each item; 0 refuses at once, negative waits for as long as it takes.
   * @param signal - gives the waiting up.
   * @returns how many were taken, from the first on; fewer than all when the time of one was over.
   */
  put(items: readonly T[], timeoutMs: number, signal?: AbortSignal): Promise<number> {
    let taken = 0
    while (taken < items.length && this.offer(items[taken]!)) taken++
    if (taken === items.length || timeoutMs === 0 || signal?.aborted) return Promise.resolve(taken)
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined
      const giveUp = (): void => {
        waiter.end()
        // Others may have been waiting behind an item that was larger than theirs.
        this.#admitWaiters()
      }
      const waiter: Waiter<T> = {
        items,
        taken,
        restart: () => {
          clearTimeout(timer)
          if (timeoutMs > 0) timer = setTimeout(giveUp, timeoutMs)
        },
        end: () => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', giveUp)
          this.#waiters.remove(link)
          resolve(waiter.taken)
        },
      }
      signal?.addEventListener('abort', giveUp)
      waiter.restart()
      const link = this.#waiters.push(waiter)
    })
  }

  /** Takes up to `count` items from the front and lets waiters in. */
  take(count: number): T[] {
    const taken = this.#items.take(count)
    const { maxBytes, bytesOf } = this.#options
    if (maxBytes !== null) for (const item of taken) this.#bytes -= bytesOf(item)
    this.#admitWaiters()
    return taken
  }

  /** Something larger than the whole queue is let into an empty one, else it could never go. */
  #hasRoomFor(item: T): boolean {
    const { capacity, maxBytes, bytesOf } = this.#options
    if (this.#items.size >= capacity) return false
    return maxBytes === null || this.#items.size === 0 || this.#bytes + bytesOf(item) <= maxBytes
  }

  #admitWaiters(): void {
    for (let link = this.#waiters.first; link; link = this.#waiters.first) {
      const waiter = link.item
      const { items, taken } = waiter
      while (waiter.taken < items.length && this.#hasRoomFor(items[waiter.taken]!)) {
        this.#push(items[waiter.taken++]!)
      }
      if (waiter.taken === items.length) {
        waiter.end()
      } else {
        if (waiter.taken > taken) waiter.restart()
        return
      }
    }
  }

  #push(item: T): void {
    this.#items.push(item)
    if (this.#options.maxBytes !== null) this.#bytes += this.#options.bytesOf(item)
  }
}
