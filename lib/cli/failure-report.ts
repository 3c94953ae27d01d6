/**
 * Says why lines were not delivered, without flooding the terminal: each cause at once when it first occurs, then at
 * most every few seconds with the number of lines it hit since. Never shows a line.
 */
import { counted } from '../counted.js'
import { printable } from '../errors.js'
import type { LineFailure } from './line-sender.js'

const INTERVAL_MS = 5000
/** Causes kept apart; what comes after them is counted together. */
const MAX_CAUSES = 50

interface Cause {
  untold: number
  toldAtMs: number
}

export class FailureReport {
  readonly #say: (text: string) => void
  readonly #causes = new Map<string, Cause>()

  constructor(say: (text: string) => void) {
    this.#say = say
  }

  addFailures(failures: readonly LineFailure[]): void {
    const counts = new Map<string, number>()
    for (const failure of failures) {
      const cause = describe(failure)
      counts.set(cause, (counts.get(cause) ?? 0) + 1)
    }
    for (const [cause, lines] of counts) this.add(cause, lines)
  }

  /** @param text - fit for a terminal. */
  add(text: string, lines: number): void {
    const name = this.#causes.has(text) || this.#causes.size < MAX_CAUSES ? text : 'other causes'
    const cause = this.#causes.get(name) ?? { untold: 0, toldAtMs: Number.NEGATIVE_INFINITY }
    this.#causes.set(name, cause)
    cause.untold += lines
    if (performance.now() - cause.toldAtMs >= INTERVAL_MS) this.#tell(name, cause)
  }

  /** Says what has not been said yet. */
  end(): void {
    for (const [name, cause] of this.#causes) if (cause.untold > 0) this.#tell(name, cause)
  }

  #tell(name: string, cause: Cause): void {
    const isFirst = cause.toldAtMs === Number.NEGATIVE_INFINITY
    this.#say(`${counted(cause.untold, isFirst ? 'line' : 'more line')} not delivered: ${name}`)
    cause.untold = 0
    cause.toldAtMs = performance.now()
  }
}

/** Errors about the size of one line: that one is named. */
const TOO_LARGE: ReadonlySet<string> = new Set(['KAFKA_BROKER_MESSAGE_TOO_LARGE', 'KAFKA_RECORD_TOO_LARGE'])

function describe({ topic, partition, cause, persistence, line }: LineFailure): string {
  const place = partition >= 0 ? `${printable(topic)}/${partition}` : printable(topic)
  const doubt = persistence === 'possibly-persisted' ? ' (they may be stored all the same)' : ''
  const which =
    line && TOO_LARGE.has(cause.code) ? `line ${line.number} of ${counted(line.bytes, 'byte')}, ` : ''
  return `${which}${place}: ${cause.message}${doubt}`
}
