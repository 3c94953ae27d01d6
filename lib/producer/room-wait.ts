/**
 * A call that waits for room in the queue. Its items go in one after the other, and nobody else's between them.
 *
 * What waits is one object, its own place in line and in no closure: with a full queue there is one for each message.
 */
import type { Link } from '../linked-list.js'
import type { LimitedWait } from './wait-limits.js'

export abstract class RoomWait<T> implements Link<RoomWait<T>> {
  readonly item = this
  previous: Link<RoomWait<T>> | null = null
  next: Link<RoomWait<T>> | null = null
  /** How many of its items are in the queue. */
  taken = 0
  /** Milliseconds, for each item: not at all for 0, as long as it takes where negative. */
  readonly timeoutMs: number
  /** Ends the wait. */
  readonly signal: AbortSignal | undefined
  /** The time limit of the next item. */
  limit: Link<LimitedWait<RoomWait<T>>> | null = null
  readonly first: T
  readonly #others: readonly T[]

  /** @param others - after the first, in their order. */
  constructor(first: T, others: readonly T[], timeoutMs: number, signal?: AbortSignal) {
    this.first = first
    this.#others = others
    this.timeoutMs = timeoutMs
    this.signal = signal
  }

  get nextItem(): T {
    return this.taken === 0 ? this.first : this.#others[this.taken - 1]!
  }

  get isOver(): boolean {
    return this.taken > this.#others.length
  }

  /** Called once: all items are in, or the others are not to be. Must not change the queue. */
  abstract ended(): void
}
