/**
 * What is logged while brokers cannot be reached or refuse: each kind of line once, a summary every few seconds, and one
 * line at the end with what was delivered and lost. A logger in front of the application's; for both producers.
 *
 * Two states: well, where each line passes; and an outage, from the first failed attempt until something was delivered and
 * nothing has failed for a while. A kind is a level and a line without its counts, so that each broker and each topic has
 * lines of its own. What is left out is at DEBUG. Knows no brokers: who reports failures and deliveries decides what they are.
 */
import { counted } from './counted.js'
import { guarded, type Logger, takeAsGuarded } from './logger.js'

/** Between two summaries. */
export const SUMMARY_MS = 5000
/** An outage is over when nothing has failed for so long. */
export const QUIET_MS = 2000
/** A line that was logged shortly before the failure it belongs to is not logged again. */
const BEFORE_MS = 1000
/** A shorter one of which no line was left out ends without a line. */
const WORTH_A_LINE_MS = 1000
/** Lines name topics, and their number is the user's affair. */
const MAX_KINDS = 500

interface Outage {
  readonly beganMs: number
  lastFailureMs: number
  /** Of the first delivery after the last failure; null while there is none. */
  deliveredMs: number | null
  delivered: number
  lost: number
  /** At the last summary. */
  summaryMs: number
  lostBefore: number
  /** Lines, since the last summary and in all. */
  leftOut: number
  allLeftOut: number
}

export class OutageLog implements Logger {
  readonly debug: (text: string) => void
  readonly #logger: Logger
  readonly #noun: string
  /** When a line of a kind was logged. */
  readonly #loggedMs = new Map<string, number>()
  #outage: Outage | null = null
  #timer: NodeJS.Timeout | undefined

  /** @param noun - what is delivered or lost. */
  constructor(logger: Logger, noun: 'message' | 'record') {
    this.#logger = guarded(logger)
    this.#noun = noun
    // The very function, so that it is known whether anybody reads it.
    this.debug = this.#logger.debug
    takeAsGuarded(this)
  }

  info(text: string): void {
    this.#log('info', text)
  }

  warn(text: string): void {
    this.#log('warn', text)
  }

  error(text: string): void {
    this.#log('error', text)
  }

  /** An attempt to send, to connect or to get metadata has failed. */
  failed(): void {
    const nowMs = performance.now()
    this.#outage ??= begun(nowMs)
    this.#outage.lastFailureMs = nowMs
    this.#outage.deliveredMs = null
  }

  delivered(count: number): void {
    const outage = this.#outage
    if (outage === null) return
    outage.delivered += count
    if (outage.deliveredMs !== null) return
    outage.deliveredMs = performance.now()
    this.#timer ??= this.#lookIn(QUIET_MS)
  }

  /** These have failed for good. */
  lost(count: number): void {
    if (this.#outage) this.#outage.lost += count
  }

  /** Reports an outage that has not ended; stops the timer. */
  close(): void {
    const outage = this.#outage
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (outage) this.#end(outage, outage.deliveredMs)
  }

  #log(level: 'info' | 'warn' | 'error', text: string): void {
    const nowMs = performance.now()
    const kind = `${level} ${kindOf(text)}`
    const loggedMs = this.#loggedMs.get(kind)
    const outage = this.#outage
    if (outage && loggedMs !== undefined && loggedMs >= outage.beganMs - BEFORE_MS) {
      this.#leaveOut(outage, text, nowMs)
      return
    }
    if (this.#loggedMs.size >= MAX_KINDS) this.#loggedMs.clear()
    this.#loggedMs.set(kind, nowMs)
    this.#logger[level](text)
  }

  #leaveOut(outage: Outage, text: string, nowMs: number): void {
    outage.leftOut++
    outage.allLeftOut++
    this.debug(text)
    if (nowMs - outage.summaryMs < SUMMARY_MS) return
    const line = `the outage has lasted ${seconds(nowMs - outage.beganMs)}: ${this.#counts(outage)}; ${counted(outage.leftOut, 'more line')} like those before, the last: ${text}`
    if (outage.lost > outage.lostBefore) this.#logger.error(line)
    else this.#logger.warn(line)
    outage.summaryMs = nowMs
    outage.lostBefore = outage.lost
    outage.leftOut = 0
  }

  #lookIn(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined
      const outage = this.#outage
      // Without a delivery since, the next one looks again.
      if (!outage || outage.deliveredMs === null) return
      const leftMs = outage.lastFailureMs + QUIET_MS - performance.now()
      if (leftMs > 0) this.#timer = this.#lookIn(Math.ceil(leftMs))
      else this.#end(outage, outage.deliveredMs)
    }, delayMs).unref()
  }

  /** @param endedMs - null: it has not. */
  #end(outage: Outage, endedMs: number | null): void {
    this.#outage = null
    const lastedMs = (endedMs ?? performance.now()) - outage.beganMs
    if (outage.allLeftOut === 0 && lastedMs < WORTH_A_LINE_MS) return
    const what =
      endedMs === null ? 'the producer was closed in an outage of' : 'the outage is over, it has lasted'
    const lines = outage.allLeftOut > 0 ? `; ${counted(outage.allLeftOut, 'line')} left out` : ''
    this.#logger.warn(`${what} ${seconds(lastedMs)}: ${this.#counts(outage)}${lines}`)
  }

  #counts({ delivered, lost }: Outage): string {
    return `${counted(delivered, this.#noun)} delivered, ${counted(lost, this.#noun)} lost`
  }
}

function begun(nowMs: number): Outage {
  return {
    beganMs: nowMs,
    lastFailureMs: nowMs,
    deliveredMs: null,
    delivered: 0,
    lost: 0,
    summaryMs: nowMs,
    lostBefore: 0,
    leftOut: 0,
    allLeftOut: 0,
  }
}

/** Numbers of things count for nothing; those of ports, partitions and codes do. */
function kindOf(text: string): string {
  return text.replace(/(?<![\w.:/-])\d+ ([a-z]+?)s?\b/g, 'n $1')
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
