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
  /** Messages that wait, call after call. */
  readonly #messages = new Fifo<PendingMessage>()
  /** Of each call that waits: its messages, and their bytes. */
  readonly #counts = new Fifo<number>()
  readonly #bytes = new Fifo<number>()
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
    for (const message of messages) this.#messages.push(message)
    this.#counts.push(messages.length)
    this.#bytes.push(bytesOf(messages))
    if (!this.#isBeginning && this.#running < this.#maxInFlight) void this.#begin()
  }

  /** Resolves when everything submitted so far has its outcome. */
  flush(): Promise<void> {
    return this.#progress.reach(this.#messages.size)
  }

  async #begin(): Promise<void> {
    this.#isBeginning = true
    await null
    this.#isBeginning = false
    while (this.#messages.size > 0 && this.#running < this.#maxInFlight) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running++
    // What comes while it is about to begin anew waits for the others of that turn.
    while (this.#messages.size > 0 && !this.#isBeginning) {
      const messages = this.#nextCycle()
      const isOver = this.#progress.take(messages.length)
      await this.#dispatch(messages)
      isOver()
    }
    this.#running--
  }

  /** The first call that waits, and those after it that may join. */
  #nextCycle(): readonly PendingMessage[] {
    const limit = new JoinLimit()
    let messages = 0
    while (this.#counts.size > 0 && limit.admits(this.#counts.peek()!, this.#bytes.peek()!)) {
      messages += this.#counts.shift()!
      this.#bytes.shift()
    }
    return this.#messages.take(messages)
  }
}
