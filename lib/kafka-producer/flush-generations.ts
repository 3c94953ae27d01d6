/**
 * What `flush()` waits for: everything that was there when it was called, and nothing that came later.
 *
 * What is pending is counted by generation; each flush begins a new one and ends when the counts of all before are 0. So a
 * flush costs nothing per record, and several may overlap.
 */
import { Fifo } from '../fifo.js'

export class FlushGeneration {
  /** Ascending. */
  readonly number: number
  pending = 0
  /** Called when nothing of this generation and of those before is pending. */
  flushed: (() => void) | null = null

  constructor(number: number) {
    this.number = number
  }
}

export class FlushGenerations {
  /** Those that a flush waits for, oldest first. */
  readonly #closed = new Fifo<FlushGeneration>()
  #current = new FlushGeneration(0)

  /** Whether a flush waits. */
  get isFlushing(): boolean {
    return this.#closed.size > 0
  }

  /** Something that is pending from now on. Give it to {@link leave} when it is done. */
  enter(generation: FlushGeneration = this.#current): FlushGeneration {
    generation.pending++
    return generation
  }

  leave(generation: FlushGeneration): void {
    generation.pending--
    if (generation.pending === 0) this.#settle()
  }

  /** Resolves when all that is pending now is done, whether it succeeded or failed. */
  flush(): Promise<void> {
    const generation = this.#current
    this.#current = new FlushGeneration(generation.number + 1)
    return new Promise((resolve) => {
      generation.flushed = resolve
      this.#closed.push(generation)
      this.#settle()
    })
  }

  #settle(): void {
    for (let oldest = this.#closed.peek(); oldest?.pending === 0; oldest = this.#closed.peek()) {
      this.#closed.shift()
      oldest.flushed!()
    }
  }
}
