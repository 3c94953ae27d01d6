/** How many lines were read and what became of them, and how that is said. */
export class Counts {
  read = 0
  delivered = 0
  failed = 0
  /** Without an outcome, because time ran out. */
  unsettled = 0
  readonly #word: string

  /** @param acks - with 0 nobody confirms a message, so it is called written. */
  constructor(acks: number) {
    this.#word = acks === 0 ? 'written' : 'delivered'
  }

  toString(): string {
    const open = this.unsettled > 0 ? `, ${this.unsettled} without an outcome` : ''
    return `${this.read} lines read, ${this.delivered} ${this.#word}, ${this.failed} failed${open}`
  }
}

const REFRESH_MS = 500

/** A line that is rewritten in place; for terminals only. */
export class ProgressLine {
  readonly #timer: NodeJS.Timeout
  readonly #stream: NodeJS.WritableStream

  constructor(stream: NodeJS.WritableStream, counts: Counts) {
    this.#stream = stream
    this.#timer = setInterval(() => stream.write(`\r\u001b[2K${counts}`), REFRESH_MS)
    this.#timer.unref()
  }

  /** Takes the line off the terminal. */
  clear(): void {
    clearInterval(this.#timer)
    this.#stream.write('\r\u001b[2K')
  }
}
