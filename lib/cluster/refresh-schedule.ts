/**
 * Policy: when metadata is due, and for which topics.
 *
 * The clock is looked at on the way of a send, never by a timer. The first send always refreshes where the interval is not negative; a refresh that fails resets it like one that succeeds.
 *
 * @see docs/reference/classic-producer.md#when-metadata-is-refreshed
 */
export class RefreshSchedule {
  readonly #intervalMs: number
  #lastMs = Number.NEGATIVE_INFINITY
  readonly #pending = new Set<string>()

  /** @param intervalMs - > 0 periodic, 0 at every attempt, < 0 never. */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /**
   * Notes the topics in use.
   *
   * @param nowMs - on the monotonic clock.
   * @returns whether more than the interval has passed since the last refresh began.
   */
  isDue(topics: Iterable<string>, nowMs: number): boolean {
    if (this.#intervalMs < 0) return false
    for (const topic of topics) this.#pending.add(topic)
    // With 0 it is due every time, even where the clock stands still between two sends.
    if (this.#intervalMs === 0) return true
    if (nowMs - this.#lastMs <= this.#intervalMs) return false
    this.#lastMs = nowMs
    return true
  }

  /** @returns the topics used since the previous refresh, and starts anew. */
  begin(): string[] {
    const topics = [...this.#pending]
    this.#pending.clear()
    return topics
  }

  /** The topic is not in use any more: it is not asked for. */
  forget(topic: string): void {
    this.#pending.delete(topic)
  }
}
