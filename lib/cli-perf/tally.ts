/**
 * Outcomes of the messages of a run, all threads together, and why some failed.
 *
 * Causes that differ in numbers alone (a partition, a broker, a count) are one cause: an outage has one line, not one for each
 * partition.
 */
import type { MessageFailure } from '../failure.js'

/** Different causes that are kept in mind; further ones are counted together. */
const MAX_CAUSES = 10
const OTHER_CAUSES = 'other causes'
/** Stands for numbers that were not always the same. */
const SEVERAL = '…'

/** Messages that failed for one cause. */
interface Cause {
  /** The text between its numbers. */
  readonly texts: readonly string[]
  readonly numbers: string[]
  count: number
}

export class Tally {
  /** Messages handed to `send`. */
  sent = 0
  delivered = 0
  failed = 0
  /** Bytes of the values that were delivered. */
  bytes = 0
  /** By the text without its numbers. */
  readonly #causes = new Map<string, Cause>()
  readonly #onNewCause: (cause: string) => void

  /** @param onNewCause - is called with each cause when it happens first. */
  constructor(onNewCause: (cause: string) => void = () => {}) {
    this.#onNewCause = onNewCause
  }

  /** Messages that have had no outcome. */
  get unsettled(): number {
    return this.sent - this.delivered - this.failed
  }

  /** How many messages failed by cause, the most frequent first. */
  get causes(): [cause: string, count: number][] {
    const all = [...this.#causes.values()].map((cause): [string, number] => [textOf(cause), cause.count])
    return all.sort(([, a], [, b]) => b - a)
  }

  addFailures(failures: readonly MessageFailure[]): void {
    for (const { cause } of failures) this.addFailure(cause.message)
  }

  /**
   * @param cause - must hold no payload.
   * @param messages - how many it hit.
   */
  addFailure(cause: string, messages = 1): void {
    this.failed += messages
    const isKnown = this.#add(cause, messages)
    if (isKnown) return
    if (this.#causes.size < MAX_CAUSES) this.#start(cause, messages)
    else if (!this.#add(OTHER_CAUSES, messages)) this.#start(OTHER_CAUSES, messages)
  }

  #add(cause: string, messages: number): boolean {
    const [texts, numbers] = inParts(cause)
    const known = this.#causes.get(keyOf(texts))
    if (!known) return false
    known.count += messages
    for (const [i, number] of numbers.entries()) {
      if (known.numbers[i] !== number) known.numbers[i] = SEVERAL
    }
    return true
  }

  #start(cause: string, count: number): void {
    const [texts, numbers] = inParts(cause)
    this.#causes.set(keyOf(texts), { texts, numbers, count })
    this.#onNewCause(cause)
  }
}

function inParts(cause: string): [texts: string[], numbers: string[]] {
  return [cause.split(/\d+/), cause.match(/\d+/g) ?? []]
}

function keyOf(texts: readonly string[]): string {
  return texts.join('\0')
}

function textOf({ texts, numbers }: Cause): string {
  return texts.map((text, i) => text + (numbers[i] ?? '')).join('')
}
