/**
 * Policy: which topics are asked for in vain again and again: their answers are errors, or an attempt has failed and
 * the answer names the same leaders as before. The limit on metadata requests is for them alone.
 *
 * A topic is asked for twice before it counts: right after an election brokers may not know the new leader yet, and a
 * topic that is being created has none.
 */

/** Number of failed answers from which on a request for the topic is a repetition. */
const REPEATED_FROM = 2
/** A request that comes later than this after the failed one is no storm. */
const FORGOTTEN_AFTER_MS = 2000

interface Failure {
  readonly times: number
  readonly atMs: number
  /** Else the answer was as before, which only matters to whom it does not help. */
  readonly isError: boolean
}

export class RepeatedFailures {
  readonly #byTopic = new Map<string, Failure>()

  /** The topic's answer was an error, or left it out. */
  hadError(topic: string, nowMs: number): void {
    this.#add(topic, nowMs, true)
  }

  /** The answer was as before, although a message was refused because of it. */
  wasUnchanged(topic: string, nowMs: number): void {
    this.#add(topic, nowMs, false)
  }

  /**
   * The topic's answer was no error.
   *
   * @param isChanged - it differs from what was known.
   */
  wasAnswered(topic: string, isChanged: boolean): void {
    if (isChanged || this.#byTopic.get(topic)?.isError) this.#byTopic.delete(topic)
  }

  /** @param isRetry - asked for because an attempt has failed. */
  isRepeat(topic: string, isRetry: boolean, nowMs: number): boolean {
    const vain = this.#byTopic.get(topic)
    if (vain === undefined || vain.times < REPEATED_FROM || !(vain.isError || isRetry)) return false
    return nowMs - vain.atMs < FORGOTTEN_AFTER_MS
  }

  /** Nothing is to be kept of the topic any more. */
  forget(topic: string): void {
    this.#byTopic.delete(topic)
  }

  #add(topic: string, nowMs: number, isError: boolean): void {
    const vain = this.#byTopic.get(topic)
    const isLate = vain === undefined || nowMs - vain.atMs >= FORGOTTEN_AFTER_MS
    this.#byTopic.set(topic, { times: isLate ? 1 : vain.times + 1, atMs: nowMs, isError })
  }
}
