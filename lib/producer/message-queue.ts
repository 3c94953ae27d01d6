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
import { RoomWait } from './room-wait.js'
import { WaitLimits } from './wait-limits.js'

export interface MessageQueueOptions<T> {
  /** Items, at least 1. */
  readonly capacity: number
  /** Bytes of all items together; null for no such bound. */
  readonly maxBytes: number | null
  /** Must not throw. The answer that an item was let in with is taken off when it leaves, whatever it is by then. */
  bytesOf(item: T): number
}

/** A wait that resolves a promise with how many items are in. */
class PromisedWait<T> extends RoomWait<T> {
  readonly #resolve: (taken: number) => void

  constructor(
    items: readonly T[],
    timeoutMs: number,
    signal: AbortSignal | undefined,
    resolve: (taken: number) => void,
  ) {
    super(items[0]!, items.slice(1), timeoutMs, signal)
    this.#resolve = resolve
  }

  ended(): void {
    this.#resolve(this.taken)
  }
}

export class MessageQueue<T> {
  readonly #options: MessageQueueOptions<T>
  readonly #capacity: number
  readonly #maxBytes: number | null
  readonly #items = new Fifo<T>()
  /** What {@link front} has returned, until something is taken. */
  #front: T[] | null = null
  /** What was counted for each item; empty where bytes are not limited. */
  readonly #sizes = new Fifo<number>()
  #bytes = 0
  readonly #waiters = new LinkedList<RoomWait<T>>()
  readonly #bySignal = new AbortGroups<RoomWait<T>>((waiters) => this.#giveUp(waiters))
  readonly #limits = new WaitLimits<RoomWait<T>>((waiters) => {
    for (const waiter of waiters) waiter.limit = null
    this.#giveUp(waiters)
  })

  constructor(options: MessageQueueOptions<T>) {
    this.#options = options
    this.#capacity = options.capacity
    this.#maxBytes = options.maxBytes
  }

  get size(): number {
    return this.#items.size
  }

  /** The item at the front; undefined where there is none. */
  peek(): T | undefined {
    return this.#items.peek()
  }

  /** Up to `count` items from the front, which stay and go on counting; {@link take} returns the same list for the same items. */
  front(count: number): T[] {
    this.#front = this.#items.front(count)
    return this.#front
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
   * @param timeoutMs - for each item; 0 refuses at once, negative waits for as long as it takes. Among calls that wait a
   *   later one has no shorter time.
   * @param signal - gives the waiting up.
   * @returns how many were taken, from the first on; fewer than all when the time limit of one had passed.
   */
  put(items: readonly T[], timeoutMs: number, signal?: AbortSignal): Promise<number> {
    return new Promise((resolve) => this.wait(new PromisedWait(items, timeoutMs, signal, resolve)))
  }

  /** As {@link put}, without a promise. The wait may end before this returns. */
  wait(waiter: RoomWait<T>): void {
    if (this.#waiters.size === 0) this.#admit(waiter)
    const { timeoutMs, signal } = waiter
    if (waiter.isOver || timeoutMs === 0 || signal?.aborted) {
      waiter.ended()
      return
    }
    if (signal) this.#bySignal.add(signal, waiter)
    if (timeoutMs > 0) waiter.limit = this.#limits.add(waiter, timeoutMs)
    this.#waiters.append(waiter)
  }

  /** Takes up to `count` items from the front and lets waiters in. */
  take(count: number): T[] {
    const taken = this.#takeItems(count)
    if (this.#maxBytes !== null) for (const bytes of this.#sizes.take(count)) this.#bytes -= bytes
    if (this.#waiters.size > 0) this.#admitWaiters()
    return taken
  }

  #takeItems(count: number): T[] {
    const front = this.#front
    this.#front = null
    if (front === null || front.length !== Math.min(count, this.#items.size)) return this.#items.take(count)
    this.#items.drop(front.length)
    return front
  }

  /** Something larger than the whole queue is let into an empty one, else it could never go. */
  #pushIfRoom(item: T): boolean {
    if (this.#items.size >= this.#capacity) return false
    if (this.#maxBytes !== null) {
      const bytes = this.#options.bytesOf(item)
      if (this.#items.size > 0 && this.#bytes + bytes > this.#maxBytes) return false
      this.#sizes.push(bytes)
      this.#bytes += bytes
    }
    this.#items.push(item)
    return true
  }

  #giveUp(waiters: Iterable<RoomWait<T>>): void {
    for (const waiter of waiters) this.#end(waiter)
    // Others may have been waiting behind an item that was larger than theirs.
    this.#admitWaiters()
  }

  #end(waiter: RoomWait<T>): void {
    if (waiter.signal) this.#bySignal.delete(waiter.signal, waiter)
    if (waiter.limit) this.#limits.remove(waiter.limit)
    this.#waiters.remove(waiter)
    waiter.ended()
  }

  /** Takes what there is room for, from its next item on. */
  #admit(waiter: RoomWait<T>): void {
    while (!waiter.isOver && this.#pushIfRoom(waiter.nextItem)) waiter.taken++
  }

  #admitWaiters(): void {
    for (let link = this.#waiters.first; link; link = this.#waiters.first) {
      const waiter = link.item
      const { taken, limit } = waiter
      this.#admit(waiter)
      if (!waiter.isOver) {
        if (limit && waiter.taken > taken) {
          this.#limits.remove(limit)
          waiter.limit = this.#limits.add(waiter, waiter.timeoutMs)
        }
        return
      }
      this.#end(waiter)
    }
  }
}
