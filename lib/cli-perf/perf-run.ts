/** One measurement: all threads from before their producers are made until the last one is closed, and its figures. */

import { setMaxListeners } from 'node:events'
import { settingOf } from '../config/settings.js'
import { ProducerConfig } from '../config.js'
import type { Logger } from '../logger.js'
import { Latency } from './latency.js'
import type { PerfOptions } from './options.js'
import { PerfThread } from './perf-thread.js'
import type { Result } from './result.js'
import { Tally } from './tally.js'
import { type Sample, Timeline } from './timeline.js'

export class PerfRun {
  readonly config: ProducerConfig
  readonly tally: Tally
  /** Messages that it will send unless it is stopped. */
  readonly plannedMessages: number
  readonly #options: PerfOptions
  readonly #logger: Logger
  readonly #latency = new Latency()
  readonly #stopping = new AbortController()
  #timeline: Timeline | null = null
  /** Why the sending ended early. */
  #ended: string | null = null

  /** @throws {ConfigError} for a setting, or a file, that cannot be used. */
  constructor(options: PerfOptions, logger: Logger) {
    this.#options = options
    this.#logger = logger
    this.config = configOf(options, logger)
    this.tally = new Tally((cause) => logger.error(`a message failed: ${cause}`))
    // Each thread listens to it, and there may be more of them than Node expects.
    setMaxListeners(0, this.#stopping.signal)
    this.plannedMessages = options.messagesPerThread * options.threads * options.topics.length
  }

  /** How it went so far, oldest first. */
  get samples(): readonly Sample[] {
    return this.#timeline?.samples ?? []
  }

  get isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Ends the sending; what was sent is delivered. */
  stop(reason: string): void {
    this.#ended ??= reason
    this.#stopping.abort()
  }

  /** Can be called once. */
  async run(): Promise<Result> {
    const { threads } = this.#options
    const startMs = Date.now()
    const timeline = new Timeline(this.tally, this.#latency)
    this.#timeline = timeline
    await Promise.all(Array.from({ length: threads }, (_, threadId) => this.#thread(threadId).run()))
    timeline.stop()
    return this.#result(startMs, Date.now())
  }

  #thread(threadId: number): PerfThread {
    return new PerfThread({
      threadId,
      options: this.#options,
      config: this.config,
      logger: this.#logger,
      tally: this.tally,
      latency: this.#latency,
      signal: this.#stopping.signal,
      onUnreachable: (cause) => this.stop(`stopped, because no broker was ever reached: ${cause.message}`),
    })
  }

  #result(startMs: number, endMs: number): Result {
    const { sent, delivered, failed, unsettled, bytes, causes } = this.tally
    const { compressionCodec, batchNumMessages, requestRequiredAcks } = this.config
    return {
      startMs,
      endMs,
      compression: settingOf('compression.codec').choices!.indexOf(compressionCodec),
      messageSize: this.#options.messageSize,
      batchSize: batchNumMessages,
      planned: this.plannedMessages,
      sent,
      delivered,
      failed,
      unsettled,
      bytes,
      causes,
      isAcknowledged: requestRequiredAcks !== 0,
      isPaced: this.#options.throughput !== null,
      latency: this.#latency.total(),
      ended: this.#ended,
    }
  }
}

/** Lowest to highest: defaults of the tool, file, `--producer-property`, options. */
function configOf(options: PerfOptions, logger: Logger): ProducerConfig {
  const { configFile, defaults } = options
  const overrides = new Map([...options.producerProperties, ...options.explicit])
  if (configFile !== null) return ProducerConfig.fromFile(configFile, { logger, defaults, overrides })
  return new ProducerConfig(new Map([...defaults, ...overrides]), { logger })
}
