/**
 * When messages are accepted, and when their time limit has passed: read once for the messages of one turn of the event loop,
 * which share the answer: a look at the clock costs 50 to 150 ns, and sending a message less than 1 µs.
 *
 * The answer is dropped when the callback under way is done, so that no later message has it; and after some messages,
 * as a turn may be long.
 */
import type { Acceptance } from '../handler/pending-message.js'

/** Number of messages between two looks at the clock. */
const MESSAGES_PER_LOOK = 256

export class AcceptanceClock {
  readonly #deliveryTimeoutMs: number
  readonly #endTurn = (): void => {
    this.#now = null
  }
  #now: Acceptance | null = null
  #messages = 0

  /** @param deliveryTimeoutMs - `delivery.timeout.ms`; 0 where it is off. */
  constructor(deliveryTimeoutMs: number) {
    this.#deliveryTimeoutMs = deliveryTimeoutMs
  }

  /** To be called for each message. */
  now(): Acceptance {
    if (this.#now !== null && ++this.#messages < MESSAGES_PER_LOOK) return this.#now
    // Not an immediate: other callbacks may come before that, long after this one.
    if (this.#now === null) process.nextTick(this.#endTurn)
    this.#messages = 0
    const deliveryTimeoutMs = this.#deliveryTimeoutMs
    const acceptedMs = performance.now()
    this.#now = {
      timestampMs: Date.now(),
      acceptedMs,
      deadlineMs: deliveryTimeoutMs > 0 ? acceptedMs + deliveryTimeoutMs : 0,
    }
    return this.#now
  }
}
