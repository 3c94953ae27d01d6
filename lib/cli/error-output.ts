/**
 * Standard error as the tool uses it: lines, and on a terminal one line at the bottom that is rewritten in place.
 *
 * Whoever reads may go away at any time: that ends nothing here.
 */
import type { Writable } from 'node:stream'

const REFRESH_MS = 500
const CLEAR_LINE = '\r\u001b[2K'

export class ErrorOutput {
  readonly #stream: Writable
  #timer: NodeJS.Timeout | undefined
  #isProgressShown = false

  constructor(stream: Writable) {
    this.#stream = stream
    survive(stream)
  }

  say(text: string): void {
    this.#clear()
    this.#stream.write(`${text}\n`)
  }

  /** Shows what `text` says, twice a second, until {@link endProgress}. Only on a terminal. */
  showProgress(text: () => string): void {
    if (!isTerminal(this.#stream)) return
    this.#timer = setInterval(() => {
      this.#stream.write(CLEAR_LINE + text())
      this.#isProgressShown = true
    }, REFRESH_MS)
    this.#timer.unref()
  }

  endProgress(): void {
    clearInterval(this.#timer)
    this.#clear()
  }

  #clear(): void {
    if (this.#isProgressShown) this.#stream.write(CLEAR_LINE)
    this.#isProgressShown = false
  }
}

const ignore = (): void => {}

/** Keeps a reader that goes away (EPIPE) from ending the process. Stays in place: the error comes after the write. */
export function survive(stream: Writable): void {
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore)
}

export function isTerminal(stream: object): boolean {
  return 'isTTY' in stream && stream.isTTY === true
}
