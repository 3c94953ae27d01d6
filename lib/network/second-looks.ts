/**
 * Policy: when a broker is asked once more for its versions, whose release was only guessed from a closing (0.8) or from
 * silence (0.9). A proxy can be the reason for either, and then timestamps and headers are lost until it is found out.
 *
 * Twice and no more: old brokers log an error for the question.
 */

/** After the connection was made, in milliseconds. */
const LOOKS_MS = [3_000, 60_000] as const

export class SecondLooks {
  readonly #startMs: number
  #taken = 0

  /** @param startMs - when the connection was made, on the monotonic clock. */
  constructor(startMs: number) {
    this.#startMs = startMs
  }

  /** @returns whether to ask now; true once for each look. */
  isDue(nowMs: number): boolean {
    const afterMs = LOOKS_MS[this.#taken]
    if (afterMs === undefined || nowMs - this.#startMs < afterMs) return false
    this.#taken++
    return true
  }
}
