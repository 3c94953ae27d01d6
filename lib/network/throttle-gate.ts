/**
 * Holds requests of one connection back after a throttled answer: the broker does not read them before that time is
 * over.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-219
 */

/** Quotas are windows of seconds; a longer throttle time is not trusted, so that nothing waits for ever. */
const LONGEST_MS = 300_000

export class ThrottleGate {
  #timer: NodeJS.Timeout | undefined
  #endMs = 0
  #over: Promise<void> | null = null
  #resolve = (): void => {}

  /** A second one adds nothing unless it ends later. */
  begin(throttleTimeMs: number): void {
    const forMs = Math.min(throttleTimeMs, LONGEST_MS)
    const endMs = performance.now() + forMs
    if (this.#over && endMs <= this.#endMs) return
    this.#endMs = endMs
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.end(), forMs)
    this.#over ??= new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** null: nothing is held back. Who waits goes on in the order of waiting. */
  wait(): Promise<void> | null {
    return this.#over
  }

  /** For how many milliseconds more it holds back. */
  get remainingMs(): number {
    return this.#over ? Math.max(0, this.#endMs - performance.now()) : 0
  }

  /** Lets all go on now. */
  end(): void {
    clearTimeout(this.#timer)
    this.#over = null
    this.#resolve()
  }
}
