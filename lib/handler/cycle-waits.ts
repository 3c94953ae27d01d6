/** The waits of a cycle: for an answer, and between attempts. A wait for nobody ends at once. */
import { pause } from '../timers.js'
import type { TimeLimits } from './time-limits.js'

export class CycleWaits {
  /** Back-offs under way: as many as cycles overlap. */
  readonly #pausing = new Set<AbortController>()
  #isEnded = false

  /** @param done - must not reject. Waited for even after {@link end}, which ends it by other means. */
  forAnswer(done: Promise<void>, limits: TimeLimits | null): Promise<void> {
    return limits?.orNobodyLeft(done) ?? done
  }

  /** @param pauseMs - `retry.backoff.ms`. */
  async backOff(pauseMs: number, limits: TimeLimits | null): Promise<void> {
    if (this.#isEnded) return
    const pausing = new AbortController()
    this.#pausing.add(pausing)
    await this.forAnswer(pause(pauseMs, pausing.signal), limits)
    pausing.abort()
    this.#pausing.delete(pausing)
  }

  /** No back-off lasts any longer. */
  end(): void {
    this.#isEnded = true
    for (const pausing of this.#pausing) pausing.abort()
  }
}
