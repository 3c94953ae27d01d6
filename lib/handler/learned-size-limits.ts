/**
 * What is known of `max.message.bytes`, per topic: brokers do not report it, they only refuse. A set that is as large
 * as one that was refused is split before it is sent.
 *
 * Forgotten after a while, because the limit can be raised.
 */

const FORGOTTEN_AFTER_MS = 300_000
/** Topics that are remembered. */
const MAX_TOPICS = 1000

export class LearnedSizeLimits {
  readonly #refused = new Map<string, { readonly bytes: number; readonly atMs: number }>()

  /** A set of this size was refused. */
  refused(topic: string, bytes: number): void {
    if (bytes <= 0) return
    const known = this.#known(topic)
    if (known !== undefined && known <= bytes) return
    this.#refused.delete(topic)
    this.#refused.set(topic, { bytes, atMs: performance.now() })
    if (this.#refused.size > MAX_TOPICS) this.#refused.delete(this.#refused.keys().next().value!)
  }

  /** Whether a set of this size would be refused. */
  isTooLarge(topic: string, bytes: number): boolean {
    if (this.#refused.size === 0 || bytes <= 0) return false
    const known = this.#known(topic)
    return known !== undefined && bytes >= known
  }

  #known(topic: string): number | undefined {
    const known = this.#refused.get(topic)
    if (!known) return undefined
    if (performance.now() - known.atMs < FORGOTTEN_AFTER_MS) return known.bytes
    this.#refused.delete(topic)
    return undefined
  }
}
