/**
 * The bounded FIFO buffer between `send()` and the send loop.
 *
 * Full means full: who cannot be taken waits in line (FIFO among waiters) or is refused, by `timeoutMs`. Knows no
 * Kafka.
 *
 * @see docs/reference/classic-producer.md#the-queue
 */
import { Fifo } from '../fifo.js'
import { LinkedList } from '../linked-list.js'
import { AbortGroups } from './abort-groups.js'

/** A call that waits for room for its items, which go in one after the other and next to each other. */
interface Waiter<T> {
  readonly items: readonly T[]
  readonly signal: AbortSignal | undefined
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
  /** Must not throw. The answer that an item was let in with is taken off when it leaves, whatever it is by then. */
  bytesOf(item: T): number
}

export class MessageQueue<T> {
  readonly #options: MessageQueueOptions<T>
  readonly #items = new Fifo<T>()
  /** What was counted for each item; empty where bytes are not limited. */
  readonly #sizes = new Fifo<number>()
  #bytes = 0
  readonly #waiters = new LinkedList<Waiter<T>>()
  readonly #bySignal = new AbortGroups<Waiter<T>>((waiters) => this.#giveUp(waiters))

  constructor(options: MessageQueueOptions<T>) {
    this.#options = options
  }

  get size(): number {
    return this.#items.size
  }

  /** The item at the front; undefined where there is none. */
  peek(): T | undefined {
    return this.#items.peek()
  }

  /** Up to `count` items from the front, which {@link take} returns next; they stay and go on counting. */
  front(count: number): T[] {
    return this.#items.front(count)
  }

  /** Callers that wait for room. */
  get waiting(): number {
    return this.#waiters.size
  }

  /** @returns false when it is full, or others already wait for room. */
  offer(item: T): boolean {
    return this.#waiters.size === 0 && this.#pushIfRoom(item)
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
      const waiter: Waiter<T> = {
        items,
        signal,
        taken,
        restart: () => {
          clearTimeout(timer)
          if (timeoutMs > 0) timer = setTimeout(() => this.#giveUp([waiter]), timeoutMs)
        },
        end: () => {
          clearTimeout(timer)
          this.#waiters.remove(link)
          resolve(waiter.taken)
        },
      }
      if (signal) this.#bySignal.add(signal, waiter)
      waiter.restart()
      const link = this.#waiters.push(waiter)
    })
  }

  /** Takes up to `count` items from the front and lets waiters in. */
  take(count: number): T[] {
    const taken = this.#items.take(count)
    for (const bytes of this.#sizes.take(count)) this.#bytes -= bytes
    this.#admitWaiters()
    return taken
  }

  /** Something larger than the whole queue is let into an empty one, else it could never go. */
  #pushIfRoom(item: T): boolean {
    const { capacity, maxBytes, bytesOf } = this.#options
    if (this.#items.size >= capacity) return false
    if (maxBytes !== null) {
      const bytes = bytesOf(item)
      if (this.#items.size > 0 && this.#bytes + bytes > maxBytes) return false
      this.#sizes.push(bytes)
      this.#bytes += bytes
    }
    this.#items.push(item)
    return true
  }

  #giveUp(waiters: Iterable<Waiter<T>>): void {
    for (const waiter of waiters) this.#end(waiter)
    // Others may have been waiting behind an item that was larger than theirs.
    this.#admitWaiters()
  }

  #end(waiter: Waiter<T>): void {
    if (waiter.signal) this.#bySignal.delete(waiter.signal, waiter)
    waiter.end()
  }

  #admitWaiters(): void {
    for (let link = this.#waiters.first; link; link = this.#waiters.first) {
      const waiter = link.item
      const { items, taken } = waiter
      while (waiter.taken < items.length && this.#pushIfRoom(items[waiter.taken]!)) waiter.taken++
      if (waiter.taken === items.length) {
        this.#end(waiter)
      } else {
        if (waiter.taken > taken) waiter.restart()
        return
      }
    }
  }
}
