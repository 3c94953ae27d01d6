/**
 * The time limits of the messages of one cycle (`delivery.timeout.ms`): one timer, set for the earliest that is left.
 *
 * Goes on whatever the cycle is waiting for. Knows no attempts; what happens to a message whose time limit has passed is decided
 * by who is called then. Nothing is looked at twice, however many time limits end one by one.
 */
import { DeliveryTimeoutError } from '../errors.js'
import { startDeadline } from '../network/deadline.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import type { PendingMessage } from './pending-message.js'

export class TimeLimits {
  /** Those with a limit, the earliest first. */
  readonly #limited: readonly PendingMessage[]
  readonly #isForAll: boolean
  readonly #onOver: (messages: readonly PendingMessage[]) => void
  /** Before it, every one is settled. */
  #next = 0
  readonly #waiting = new Set<() => void>()
  #cancelTimer: (() => void) | null = null
  #isEnded = false

  private constructor(
    limited: readonly PendingMessage[],
    isForAll: boolean,
    onOver: (messages: readonly PendingMessage[]) => void,
  ) {
    this.#limited = limited
    this.#isForAll = isForAll
    this.#onOver = onOver
  }

  /**
   * @param onOver - must settle these messages: their time limit has passed.
   * @returns null where no message has a limit.
   */
  static of(
    messages: readonly PendingMessage[],
    onOver: (messages: readonly PendingMessage[]) => void,
  ): TimeLimits | null {
    let count = 0
    for (let i = 0; i < messages.length; i++) if (messages[i]!.deadlineMs > 0) count++
    if (count === 0) return null
    const limited = count === messages.length ? messages : messages.filter(({ deadlineMs }) => deadlineMs > 0)
    return new TimeLimits(inOrder(limited), limited.length === messages.length, onOver)
  }

  /** Whether every message is settled, as far as {@link check} has seen; never true where some have no limit. */
  get isNobodyLeft(): boolean {
    return this.#isForAll && this.#next === this.#limited.length
  }

  /** Ends those whose time limit has passed. To be called at the beginning, and when messages may have been settled otherwise. */
  check(): void {
    const over = this.#takeOver(performance.now())
    if (over.length > 0) this.#onOver(over)
    if (this.#next < this.#limited.length) {
      this.#setTimer(this.#limited[this.#next]!.deadlineMs)
      return
    }
    this.#stopTimer()
    if (this.#isForAll) for (const resolve of [...this.#waiting]) resolve()
  }

  /** Resolves with `done`, which must not reject, or when nobody is left to wait for it. */
  orNobodyLeft(done: Promise<void>): Promise<void> {
    if (this.isNobodyLeft) return Promise.resolve()
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waiting.delete(end)
        resolve()
      }
      this.#waiting.add(end)
      void done.then(end)
    })
  }

  /** The cycle has ended. */
  end(): void {
    this.#isEnded = true
    this.#stopTimer()
  }

  #takeOver(nowMs: number): PendingMessage[] {
    const over: PendingMessage[] = []
    for (; this.#next < this.#limited.length; this.#next++) {
      const message = this.#limited[this.#next]!
      if (message.isSettled) continue
      if (message.deadlineMs > nowMs) break
      over.push(message)
    }
    return over
  }

  /** One that is set already ends no later: it is set anew then. */
  #setTimer(deadlineMs: number): void {
    if (this.#cancelTimer || this.#isEnded) return
    const forMs = Math.min(LONGEST_TIMER_MS, Math.max(0, deadlineMs - performance.now()))
    this.#cancelTimer = startDeadline(forMs, () => {
      this.#cancelTimer = null
      this.check()
    })
  }

  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }
}

/** Caused by the last attempt that ended, where there was one. */
export function expiryOf({ topic, attempts, isInFlight }: PendingMessage): DeliveryTimeoutError {
  const cause = attempts.at(-1)?.error
  const why = isInFlight ? 'the broker has not answered yet' : cause?.message
  const text = `no delivery within delivery.timeout.ms${why === undefined ? '' : `: ${why}`}`
  return new DeliveryTimeoutError(text, { topic, ...(cause && { cause }) })
}

/** The earliest first, as they nearly always are. */
function inOrder(limited: readonly PendingMessage[]): readonly PendingMessage[] {
  for (let i = 1; i < limited.length; i++) {
    if (limited[i]!.deadlineMs < limited[i - 1]!.deadlineMs) {
      return [...limited].sort((a, b) => a.deadlineMs - b.deadlineMs)
    }
  }
  return limited
}
