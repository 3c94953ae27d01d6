/** How messages ended: how long that took from their acceptance, and what failed ones failed with. */
import { Distribution } from './distribution.js'
import { EntriesInUse } from './entries-in-use.js'
import { type CounterSeries, type LatencySeries, series } from './snapshot.js'

const MICROSECONDS_PER_MS = 1000

/** Upper ends of the buckets, in milliseconds; what lasts longer is in the count alone. */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  ...[1, 2.5, 5, 10, 25, 50, 100, 250, 500],
  ...[1000, 2500, 5000, 10_000, 30_000, 60_000],
]

export type OutcomeName = 'delivered' | 'failed'

/** From the acceptance of messages to their outcome, of one kind. */
export class LatencyMetrics {
  readonly #clientId: string
  readonly #outcome: OutcomeName
  readonly #distribution = new Distribution(MICROSECONDS_PER_MS)
  /** Of each bound; of the longest ones at the end. Not cumulative. */
  readonly #counts = new Float64Array(LATENCY_BOUNDS_MS.length + 1)

  constructor(clientId: string, outcome: OutcomeName) {
    this.#clientId = clientId
    this.#outcome = outcome
  }

  /** @param messages - that were accepted together. @param nowMs - on the monotonic clock. */
  record(durationMs: number, messages: number, nowMs: number): void {
    let bucket = 0
    while (bucket < LATENCY_BOUNDS_MS.length && durationMs > LATENCY_BOUNDS_MS[bucket]!) bucket++
    this.#counts[bucket] = this.#counts[bucket]! + messages
    this.#distribution.record(durationMs, nowMs, messages)
  }

  read(): LatencySeries {
    let count = 0
    const buckets = LATENCY_BOUNDS_MS.map((leMs, i) => {
      count += this.#counts[i]!
      return Object.freeze({ leMs, count })
    })
    const tags = { clientId: this.#clientId, outcome: this.#outcome }
    return series('MessageLatencyMs', 'histogram', tags, {
      ...this.#distribution.read(),
      buckets: Object.freeze(buckets),
    })
  }
}

/** Pairs of topic and code that are kept in any case. */
const KEPT_FAILURES = 1000

interface Failure {
  readonly topic: string
  readonly code: string
  messages: number
}

/** Failed messages by topic and error code. */
export class FailureMetrics {
  readonly #clientId: string
  readonly #failures = new EntriesInUse<Failure>({
    create: (name) => {
      // A code has no blank; a topic may have one.
      const at = name.indexOf(' ')
      return { code: name.slice(0, at), topic: name.slice(at + 1), messages: 0 }
    },
    usesOf: ({ messages }) => messages,
    kept: KEPT_FAILURES,
  })

  constructor(clientId: string) {
    this.#clientId = clientId
  }

  record(topic: string, code: string, messages: number): void {
    this.#failures.get(`${code} ${topic}`).messages += messages
  }

  read(): CounterSeries[] {
    return [...this.#failures.values()].map(({ topic, code, messages }) =>
      series(
        'MessagesFailedByCode',
        'counter',
        { clientId: this.#clientId, topic, code },
        { count: messages },
      ),
    )
  }
}
