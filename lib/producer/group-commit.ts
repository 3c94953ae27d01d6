/**
 * Sync mode: calls that arrive while a cycle is in flight form the next cycle together, in their order; one call at a
 * time goes out alone and at once, as in the original.
 */
import type { Envelope } from '../handler/envelope.js'

/**
 * Later calls join a cycle up to this many bytes together: with compression the messages of a partition become one
 * message, which should stay below the brokers' usual limit of 1,000,000.
 */
const MAX_JOINED_BYTES = 900_000

interface Call {
  readonly envelopes: readonly Envelope[]
  readonly bytes: number
}

export class GroupCommit {
  readonly #dispatch: (batch: readonly Envelope[]) => Promise<void>
  #waiting: Call[] = []
  #isRunning = false
  /** Calls so far, and those of them whose messages have their outcome. */
  #submitted = 0
  #settled = 0
  /** Who waits until so many calls are settled; ascending. */
  readonly #flushers: { readonly target: number; resolve(): void }[] = []

  /** @param dispatch - ends when every message has its outcome; must not reject. */
  constructor(dispatch: (batch: readonly Envelope[]) => Promise<void>) {
    this.#dispatch = dispatch
  }

  /** Takes the serialized messages of one call; they report their outcome themselves. */
  submit(envelopes: readonly Envelope[]): void {
    if (envelopes.length === 0) return
    let bytes = 0
    for (const { key, value } of envelopes) bytes += (key?.length ?? 0) + (value?.length ?? 0)
    this.#waiting.push({ envelopes, bytes })
    this.#submitted++
    if (!this.#isRunning) void this.#run()
  }

  /** Resolves when everything submitted so far has its outcome. */
  flush(): Promise<void> {
    const target = this.#submitted
    if (target === this.#settled) return Promise.resolve()
    return new Promise((resolve) => this.#flushers.push({ target, resolve }))
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#waiting.length > 0) {
      const calls = this.#nextCycle()
      await this.#dispatch(
        calls.length === 1 ? calls[0]!.envelopes : calls.flatMap((call) => call.envelopes as Envelope[]),
      )
      this.#settled += calls.length
      while (this.#flushers.length > 0 && this.#flushers[0]!.target <= this.#settled)
        this.#flushers.shift()!.resolve()
    }
    this.#isRunning = false
  }

  /** The first call that waits, and those after it that may join. */
  #nextCycle(): Call[] {
    let count = 1
    let bytes = this.#waiting[0]!.bytes
    while (count < this.#waiting.length && bytes + this.#waiting[count]!.bytes <= MAX_JOINED_BYTES) {
      bytes += this.#waiting[count]!.bytes
      count++
    }
    return this.#waiting.splice(0, count)
  }
}
