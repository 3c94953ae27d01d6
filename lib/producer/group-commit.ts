/**
 * Sync mode: calls that are made in one turn form one cycle, which begins a microtask after the first of them; so do
 * those that arrive while as many cycles are in flight as are allowed, one by default. In their order. One call at a time
 * goes out alone, as in the original.
 *
 * @see docs/WHERE-WE-DIFFER.md
 */
import { Fifo } from '../fifo.js'
import { bytesOf, JoinLimit } from '../handler/join-limit.js'
import type { PendingMessage } from '../handler/pending-message.js'
import { FlushTracker } from './flush-tracker.js'

export class GroupCommit {
  readonly #dispatch: (messages: readonly PendingMessage[]) => Promise<void>
  readonly #maxInFlight: number
  /** The messages of each call. */
  readonly #waiting = new Fifo<readonly PendingMessage[]>()
  readonly #progress = new FlushTracker()
  /** Whether what waits will be looked at within this turn. */
  #isBeginning = false
  /** Loops under way, each with one cycle at a time. */
  #running = 0

  /**
   * @param dispatch - ends when every message has its outcome; must not reject.
   * @param maxInFlight - cycles at a time; Infinity where others see to it.
   */
  constructor(dispatch: (messages: readonly PendingMessage[]) => Promise<void>, maxInFlight = 1) {
    this.#dispatch = dispatch
    this.#maxInFlight = maxInFlight
  }

  /** Takes the serialized messages of one call; they report their outcome themselves. */
  submit(messages: readonly PendingMessage[]): void {
    if (messages.length === 0) return
    this.#waiting.push(messages)
    if (!this.#isBeginning && this.#running < this.#maxInFlight) void this.#begin()
  }

  /** Resolves when everything submitted so far has its outcome. */
  flush(): Promise<void> {
    return this.#progress.reach(this.#waiting.size)
  }

  async #begin(): Promise<void> {
    this.#isBeginning = true
    await null
    this.#isBeginning = false
    while (this.#waiting.size > 0 && this.#running < this.#maxInFlight) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running++
    // What comes while it is about to begin anew waits for the others of that turn.
    while (this.#waiting.size > 0 && !this.#isBeginning) {
      const before = this.#waiting.size
      const messages = this.#nextCycle()
      const isOver = this.#progress.take(before - this.#waiting.size)
      await this.#dispatch(messages)
      isOver()
    }
    this.#running--
  }

  /** The first call that waits, and those after it that may join. */
  #nextCycle(): readonly PendingMessage[] {
    const first = this.#waiting.shift()!
    const limit = new JoinLimit()
    limit.admits(first.length, bytesOf(first))
    let joined: PendingMessage[] | null = null
    for (let next = this.#waiting.peek(); next; next = this.#waiting.peek()) {
      if (!limit.admits(next.length, bytesOf(next))) break
      joined ??= [...first]
      for (const message of next) joined.push(message)
      this.#waiting.shift()
    }
    return joined ?? first
  }
}
