/**
 * Plays a recorded scenario against a producer and a scripted cluster: its operations in order, its waits for real.
 *
 * It knows neither what the original did nor what is right; it reports what happened (compare.ts judges). Every
 * scenario has a cluster of its own, so several can run at a time.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { KeyedMessage } from '../../lib/keyed-message.js'
import type { Logger } from '../../lib/logger.js'
import type { Recording } from '../support/scripted/recording.js'
import { ScriptedCluster } from '../support/scripted/scripted-cluster.js'
import { type MessageNotation, type Operation, type Scenario, toValue } from './scenario.js'

/** What a replay needs of a producer. */
export interface PlayedProducer {
  send(messages: KeyedMessage | KeyedMessage[]): Promise<unknown>
  close(options?: { timeoutMs?: number }): Promise<unknown>
}

export type ProducerFactory = (properties: Record<string, string>, logger: Logger) => PlayedProducer

/** How an operation ended; `i` as in the scenario, −1 for the construction. */
export interface Outcome {
  i: number
  startMs: number
  ms: number
  error?: Error
}

export interface Replayed {
  outcomes: Outcome[]
  recording: Recording
  /** Every connection was closed when `close()` of the producer had completed. */
  isLeftAlone: boolean
  log: { level: keyof Logger; message: string }[]
}

const HEAD_START_MS = 30
/** An operation that is not over by then never ends. */
const PATIENCE_MS = 8000
const CLOSE_TIMEOUT_MS = 2000
/** A closed socket takes a moment to be noticed at the other end. */
const LAST_FIN_MS = 500

/** Resolves when the scenario has ended and everything it opened is closed. */
export async function replay(scenario: Scenario, makeProducer: ProducerFactory): Promise<Replayed> {
  const cluster = await ScriptedCluster.start(scenario.cluster, scenario.rules)
  const performance = new Performance(scenario, cluster, makeProducer)
  try {
    await performance.play()
  } finally {
    await performance.end()
    await cluster.close()
  }
  return performance.replayed
}

class Performance {
  readonly replayed: Replayed
  readonly #scenario: Scenario
  readonly #cluster: ScriptedCluster
  readonly #makeProducer: ProducerFactory
  readonly #logger: Logger
  readonly #producers: PlayedProducer[] = []
  #beside: Promise<void>[] = []

  constructor(scenario: Scenario, cluster: ScriptedCluster, makeProducer: ProducerFactory) {
    this.#scenario = scenario
    this.#cluster = cluster
    this.#makeProducer = makeProducer
    const log: Replayed['log'] = []
    this.replayed = { outcomes: [], recording: cluster.recording, isLeftAlone: false, log }
    const keep = (level: keyof Logger) => (message: string) => void log.push({ level, message })
    this.#logger = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
  }

  async play(): Promise<void> {
    await this.#perform(-1, { op: 'construct' })
    for (const [i, operation] of this.#scenario.ops.entries()) {
      const over = this.#perform(i, operation)
      if (!operation.bg) {
        await over
        continue
      }
      this.#beside.push(over)
      await delay(HEAD_START_MS)
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#producers.map((producer) => producer.close({ timeoutMs: CLOSE_TIMEOUT_MS })))
    this.replayed.isLeftAlone = await this.#cluster.isLeftAlone(LAST_FIN_MS)
  }

  async #perform(i: number, operation: Operation): Promise<void> {
    const startMs = this.#cluster.nowMs()
    let error: Error | undefined
    try {
      await withPatience(this.#do(operation))
    } catch (thrown) {
      error = thrown as Error
    }
    const outcome: Outcome = { i, startMs, ms: this.#cluster.nowMs() - startMs }
    this.replayed.outcomes.push(error === undefined ? outcome : { ...outcome, error })
  }

  async #do(operation: Operation): Promise<unknown> {
    switch (operation.op) {
      case 'construct':
        return void this.#producers.push(
          this.#makeProducer(this.#properties(operation.set, operation.unset), this.#logger),
        )
      case 'send': {
        const messages = operation.messages.map(toMessage)
        return this.#producer.send(operation.list ? messages : messages[0]!)
      }
      case 'sleep':
        return delay(operation.ms)
      case 'close':
        return this.#producer.close()
      case 'join':
        return Promise.all(this.#beside.splice(0))
      case 'metrics':
        // Snapshots are compared elsewhere; here only what goes over the wire counts.
        return undefined
    }
  }

  /** The producer constructed last. */
  get #producer(): PlayedProducer {
    const producer = this.#producers.at(-1)
    if (producer === undefined) throw new Error('the scenario uses a producer whose construction failed')
    return producer
  }

  #properties(set: Record<string, string> = {}, unset: string[] = []): Record<string, string> {
    const properties = Object.entries({ ...this.#scenario.properties, ...set })
      .filter(([key]) => !unset.includes(key))
      .map(([key, value]) => [key, this.#substitute(value)])
    return Object.fromEntries(properties)
  }

  /** `${b0}`, `${port0}` and `${brokers}`. */
  #substitute(value: string): string {
    return value
      .replaceAll(/\$\{b(\d+)\}/g, (_, broker) => this.#cluster.address(Number(broker)))
      .replaceAll(/\$\{port(\d+)\}/g, (_, broker) => String(this.#cluster.port(Number(broker))))
      .replaceAll(/\$\{brokers\}/g, this.#cluster.addresses())
  }
}

function toMessage({ topic, key, partKey, value }: MessageNotation): KeyedMessage {
  if (partKey !== undefined) {
    return new KeyedMessage<unknown, unknown>(topic, toValue(key ?? null), toValue(partKey), toValue(value))
  }
  if (key !== undefined) return new KeyedMessage<unknown, unknown>(topic, toValue(key), toValue(value))
  return new KeyedMessage<unknown, unknown>(topic, toValue(value))
}

async function withPatience<T>(promise: Promise<T>): Promise<T> {
  const over = new AbortController()
  const impatience = delay(PATIENCE_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`not over after ${PATIENCE_MS} ms`)
  })
  impatience.catch(() => {})
  try {
    return await Promise.race([promise, impatience])
  } finally {
    over.abort()
  }
}
