/**
 * The bounded FIFO buffer between `send()` and the send loop.
 *
 * Full means full: who cannot be taken waits in line (FIFO among waiters) or is refused, by `timeoutMs`. Knows no
 * Kafka.
 *
 * @see classic-producer reference §8.1
 */
import { AbortGroups } from './abort-groups.js'
import { Line, type Place } from './line.js'

/** A call that waits for room for its items, which go in one after the other and next to each other. */
interface Waiter<T> extends Place<Waiter<T>> {
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
  /** A ring; grows with use, up to the capacity. */
  #ring: (T | undefined)[] = new Array(16)
  /** What was counted for the item in the same place of the ring; empty where bytes are not limited. */
  #sizes: number[] = []
  #head = 0
  #size = 0
  #bytes = 0
  readonly #waiters = new Line<Waiter<T>>()
  readonly #bySignal = new AbortGroups<Waiter<T>>((waiters) => this.#giveUp(waiters))

  constructor(options: MessageQueueOptions<T>) {
    this.#options = options
  }

  get size(): number {
    return this.#size
  }

  /** The item at the front; undefined where there is none. */
  peek(): T | undefined {
    return this.#ring[this.#head]
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
        prev: null,
        next: null,
        items,
        signal,
        taken,
        restart: () => {
          clearTimeout(timer)
          if (timeoutMs > 0) timer = setTimeout(() => this.#giveUp([waiter]), timeoutMs)
        },
        end: () => {
          clearTimeout(timer)
          resolve(waiter.taken)
        },
      }
      if (signal) this.#bySignal.add(signal, waiter)
      waiter.restart()
      this.#waiters.push(waiter)
    })
  }

  /** Takes up to `count` items from the front and lets waiters in. */
  take(count: number): T[] {
    const taken: T[] = new Array(Math.min(count, this.#size))
    const mask = this.#ring.length - 1
    const { maxBytes } = this.#options
    for (let i = 0; i < taken.length; i++) {
      taken[i] = this.#ring[this.#head]!
      if (maxBytes !== null) this.#bytes -= this.#sizes[this.#head]!
      this.#ring[this.#head] = undefined
      this.#head = (this.#head + 1) & mask
    }
    this.#size -= taken.length
    this.#admitWaiters()
    return taken
  }

  /** Something larger than the whole queue is let into an empty one, else it could never go. */
  #pushIfRoom(item: T): boolean {
    const { capacity, maxBytes, bytesOf } = this.#options
    if (this.#size >= capacity) return false
    const bytes = maxBytes === null ? 0 : bytesOf(item)
    if (maxBytes !== null && this.#size > 0 && this.#bytes + bytes > maxBytes) return false
    if (this.#size === this.#ring.length) this.#grow()
    const at = (this.#head + this.#size) & (this.#ring.length - 1)
    this.#ring[at] = item
    this.#size++
    if (maxBytes !== null) {
      this.#sizes[at] = bytes
      this.#bytes += bytes
    }
    return true
  }

  #giveUp(waiters: Iterable<Waiter<T>>): void {
    for (const waiter of waiters) this.#end(waiter)
    // Others may have been waiting behind an item that was larger than theirs.
    this.#admitWaiters()
  }

  #end(waiter: Waiter<T>): void {
    this.#waiters.delete(waiter)
    if (waiter.signal) this.#bySignal.delete(waiter.signal, waiter)
    waiter.end()
  }

  #admitWaiters(): void {
    for (let waiter = this.#waiters.first; waiter; waiter = this.#waiters.first) {
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

  #grow(): void {
    const { length } = this.#ring
    this.#ring = unrolled(this.#ring, this.#head, length * 2)
    if (this.#sizes.length > 0) this.#sizes = unrolled(this.#sizes, this.#head, length * 2)
    this.#head = 0
  }
}

/** A full ring in a larger array, from its head on. */
function unrolled<T>(ring: readonly T[], head: number, length: number): T[] {
  const grown: T[] = new Array(length)
  for (let i = 0; i < ring.length; i++) grown[i] = ring[(head + i) & (ring.length - 1)]!
  return grown
}
