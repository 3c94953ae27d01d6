/**
 * Policy: which topics are not used any more, so that a producer that runs for a year and meets a new topic each
 * second does not remember them all. Has no timer: whoever asks for metadata anyhow looks.
 *
 * @see `metadata.max.idle.ms` of the Java client, KIP-526
 */

/** As the Java client's default. */
const IDLE_MS = 300_000
/** Milliseconds between two notes of a use, so most cost no more than a look. */
const GRAIN_MS = 5_000

export class IdleTopics {
  /** When each topic was used, in milliseconds, {@link GRAIN_MS} early at most; the least recently used first. */
  readonly #usedMs = new Map<string, number>()

  /** @param nowMs - on the monotonic clock. */
  used(topics: Iterable<string>, nowMs: number): void {
    for (const topic of topics) {
      const usedMs = this.#usedMs.get(topic)
      if (usedMs !== undefined && nowMs - usedMs < GRAIN_MS) continue
      this.#usedMs.delete(topic)
      this.#usedMs.set(topic, nowMs)
    }
  }

  /** @returns the topics that were not used for five minutes; each is given once. */
  takeIdle(nowMs: number): string[] {
    const idle: string[] = []
    for (const [topic, usedMs] of this.#usedMs) {
      if (nowMs - usedMs < IDLE_MS) break
      this.#usedMs.delete(topic)
      idle.push(topic)
    }
    return idle
  }
}
