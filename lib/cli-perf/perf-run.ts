/** One measurement: all threads from before their producers are made until the last one is closed, and its figures. */
import { classicClasses, classicToolConfig } from '../cli/classic-tool-config.js'
import type { StopSignal } from '../cli/stop-signals.js'
import type { ToolClasses } from '../cli/tool-classes.js'
import type { ProducerConfig } from '../config/producer-config.js'
import { producerKeys } from '../config/producer-keys.js'
import type { Logger } from '../logger.js'
import type { Classes } from '../producer/classes.js'
import { Latency } from './latency.js'
import type { PerfOptions } from './options.js'
import { PerfThread } from './perf-thread.js'
import type { Result } from './result.js'
import { StopControl } from './stop-control.js'
import { Tally } from './tally.js'
import { type Sample, Timeline } from './timeline.js'

const UNREACHABLE = 'no broker of the list has ever answered'

export class PerfRun {
  readonly config: ProducerConfig
  readonly tally: Tally
  /** Messages that it will send unless it is stopped. */
  readonly plannedMessages: number
  readonly #options: PerfOptions
  readonly #logger: Logger
  readonly #classes: Classes
  readonly #latency = new Latency()
  readonly #stopControl = new StopControl()
  #timeline: Timeline | null = null
  #isUnreachable = false

  /** @throws {ConfigError} for a setting, or a file, that cannot be used. */
  constructor(options: PerfOptions, own: ToolClasses, logger: Logger) {
    this.#options = options
    this.#logger = logger
    this.config = classicToolConfig(options, logger)
    this.#classes = classicClasses(this.config, own, {})
    this.tally = new Tally((cause) => logger.error(`a message failed: ${cause}`))
    this.plannedMessages = options.messagesPerThread * options.threads * options.topics.length
  }

  /** How it went so far, oldest first. */
  get samples(): readonly Sample[] {
    return this.#timeline?.samples ?? []
  }

  /** Ends the sending; what was sent has `--close-timeout-ms` to be delivered, or none at the second signal. */
  stop(signal: StopSignal): void {
    this.#stopControl.onSignal(signal, this.#options.closeTimeoutMs)
  }

  /** Can be called once. */
  async run(): Promise<Result> {
    const { threads } = this.#options
    const startMs = Date.now()
    const timeline = new Timeline(this.tally, this.#latency)
    this.#timeline = timeline
    const ran = Array.from({ length: threads }, (_, threadId) => this.#thread(threadId).run())
    const isConfirmed = (await Promise.all(ran)).every((confirmed) => confirmed)
    this.#stopControl.clear()
    const { unsettled } = this.tally
    if (this.#isUnreachable && unsettled > 0) this.tally.addFailure(UNREACHABLE, unsettled)
    timeline.stop()
    return this.#result(startMs, Date.now(), isConfirmed)
  }

  #thread(threadId: number): PerfThread {
    return new PerfThread({
      threadId,
      options: this.#options,
      config: this.config,
      classes: this.#classes,
      logger: this.#logger,
      tally: this.tally,
      latency: this.#latency,
      stopControl: this.#stopControl,
      // Every further message would wait as long and fail the same way.
      onUnreachable: () => {
        this.#isUnreachable = true
        this.#stopControl.stop(0)
      },
    })
  }

  #result(startMs: number, endMs: number, isConfirmed: boolean): Result {
    const { sent, delivered, failed, unsettled, bytes, causes } = this.tally
    const { compressionCodec, batchNumMessages, requestRequiredAcks } = this.config
    const signal = sent < this.plannedMessages ? this.#stopControl.signal : null
    return {
      startMs,
      endMs,
      compression: producerKeys.settingOf('compression.codec').choices!.indexOf(compressionCodec),
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
      isConfirmed,
      isPaced: this.#options.throughput !== null,
      latency: this.#latency.total(),
      signal,
      ended: this.#isUnreachable ? UNREACHABLE : signal,
    }
  }
}
