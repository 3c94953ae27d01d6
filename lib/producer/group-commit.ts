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
  #running: Promise<void> | null = null

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
    this.#running ??= this.#run()
  }

  /** Resolves when everything submitted so far has its outcome. */
  async flush(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#dispatch(this.#nextCycle())
    this.#running = null
  }

  #nextCycle(): readonly Envelope[] {
    let count = 1
    let bytes = this.#waiting[0]!.bytes
    while (count < this.#waiting.length && bytes + this.#waiting[count]!.bytes <= MAX_JOINED_BYTES) {
      bytes += this.#waiting[count]!.bytes
      count++
    }
    const calls = this.#waiting.splice(0, count)
    return count === 1 ? calls[0]!.envelopes : calls.flatMap((call) => call.envelopes as Envelope[])
  }
}
