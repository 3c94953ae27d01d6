/**
 * Sync mode: calls that arrive while as many cycles are in flight as are allowed, one by default, form the next cycle
 * together, in their order; one call at a time goes out alone and at once, as in the original.
 */
import { Fifo } from '../fifo.js'
import { bytesOf, JoinLimit } from '../handler/join-limit.js'
import type { PendingMessage } from '../handler/pending-message.js'
import { FlushTracker } from './flush-tracker.js'

interface Call {
  readonly messages: readonly PendingMessage[]
  readonly bytes: number
}

export class GroupCommit {
  readonly #dispatch: (messages: readonly PendingMessage[]) => Promise<void>
  readonly #maxInFlight: number
  readonly #waiting = new Fifo<Call>()
  readonly #progress = new FlushTracker()
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
    this.#waiting.push({ messages, bytes: bytesOf(messages) })
    if (this.#running < this.#maxInFlight) void this.#run()
  }

  /** Resolves when everything submitted so far has its outcome. */
  flush(): Promise<void> {
    return this.#progress.reach(this.#waiting.size)
  }

  async #run(): Promise<void> {
    this.#running++
    while (this.#waiting.size > 0) {
      const calls = this.#nextCycle()
      const isOver = this.#progress.take(calls.length)
      await this.#dispatch(
        calls.length === 1 ? calls[0]!.messages : calls.flatMap((call) => call.messages as PendingMessage[]),
      )
      isOver()
    }
    this.#running--
  }

  /** The first call that waits, and those after it that may join. */
  #nextCycle(): Call[] {
    const calls: Call[] = []
    const limit = new JoinLimit()
    for (let next = this.#waiting.peek(); next; next = this.#waiting.peek()) {
      if (!limit.admits(next.messages.length, next.bytes)) break
      calls.push(next)
      this.#waiting.shift()
    }
    return calls
  }
}
