/**
 * One cycle after the other, for one request in flight: the next one begins when nothing of the one before is under
 * way any more.
 *
 * A call ends when its messages have their outcome. Where time limits end while a request is unanswered, that is
 * before the cycle has completed; the next cycle then waits for the end, so that its messages overtake nothing, and theirs
 * may be over before. Knows no brokers and no attempts.
 */
import type { PendingMessage } from './pending-message.js'
import { TimeLimits } from './time-limits.js'

export interface CycleSequenceOptions {
  /** Sends messages; ends when each is settled and nothing of them is under way. Must not reject. */
  run(messages: readonly PendingMessage[], limits: TimeLimits | null): Promise<void>
  /** Settles messages whose time limit has passed. */
  expire(messages: readonly PendingMessage[]): void
}

export class CycleSequence {
  readonly #options: CycleSequenceOptions
  /** A cycle whose messages have their outcome, until it ends. */
  #left: Promise<void> | null = null

  constructor(options: CycleSequenceOptions) {
    this.#options = options
  }

  /** Resolves when each message is settled. One call at a time: the caller sees to it. */
  dispatch(messages: readonly PendingMessage[]): Promise<void> {
    const { run, expire } = this.#options
    const limits = TimeLimits.of(messages, expire)
    if (limits) return this.#limited(messages, limits)
    return this.#left ? this.#left.then(() => run(messages, null)) : run(messages, null)
  }

  async #limited(messages: readonly PendingMessage[], limits: TimeLimits): Promise<void> {
    limits.check()
    if (this.#left) await limits.orNobodyLeft(this.#left)
    if (limits.isNobodyLeft) return limits.end()
    let isOver = false
    const cycle = this.#options.run(messages, limits).then(() => {
      isOver = true
    })
    await limits.orNobodyLeft(cycle)
    if (isOver) return
    const left = cycle.then(() => {
      if (this.#left === left) this.#left = null
    })
    this.#left = left
  }
}
