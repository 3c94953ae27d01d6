/**
 * What the original gave a thread: a producer of its own and its share of the messages, sent one after the other. Here
 * the threads of a run take turns in one process.
 *
 * @see docs/reference/classic-producer.md#perf-tool
 */
import type { ProducerConfig } from '../config/producer-config.js'
import { DeliveryTimeoutError, KafkaError } from '../errors.js'
import { FailedToSendMessageError, type MessageFailure } from '../failure.js'
import { KeyedMessage } from '../keyed-message.js'
import type { Logger } from '../logger.js'
import type { Classes } from '../producer/classes.js'
import { Producer } from '../producer/producer.js'
import { pause } from '../timers.js'
import type { Latency } from './latency.js'
import type { PerfOptions } from './options.js'
import { Pacer } from './pacer.js'
import { Payload, partitionKey } from './payload.js'
import { type StopControl, untilDue } from './stop-control.js'
import type { Tally } from './tally.js'

export interface PerfThreadOptions {
  readonly threadId: number
  readonly options: PerfOptions
  readonly config: ProducerConfig
  readonly classes: Classes
  readonly logger: Logger
  readonly tally: Tally
  readonly latency: Latency
  readonly stopControl: StopControl
  /** Is called when no broker has ever been reached. */
  readonly onUnreachable: () => void
}

/** Carries its own start, so that nothing must be looked up when it is delivered. */
class TimedMessage extends KeyedMessage<Buffer, Buffer> {
  readonly sinceMs: number
  readonly bytes: number

  constructor(topic: string, key: Buffer, value: Buffer, sinceMs: number) {
    super(topic, key, value)
    this.sinceMs = sinceMs
    this.bytes = value.length
  }
}

export class PerfThread {
  readonly #context: PerfThreadOptions
  readonly #producer: Producer<Buffer, Buffer>
  readonly #payload: Payload
  #pacer: Pacer | null = null

  constructor(context: PerfThreadOptions) {
    this.#context = context
    const { options, config, classes, logger, threadId } = context
    this.#payload = new Payload({ ...options, threadId })
    this.#producer = new Producer(config, { classes, logger })
    this.#producer.on('delivered', ({ messages }) => this.#onDelivered(messages as TimedMessage[]))
    this.#producer.on('failed', ({ failures }) => this.#onFailed(failures))
  }

  /**
   * Sends its share, or until it is to stop, waits for what was sent, and closes the producer.
   *
   * @returns whether the brokers are known to have read everything; only acks 0 leaves that open.
   */
  async run(): Promise<boolean> {
    const { stopControl } = this.#context
    const sending = this.#sendAll()
    // A message that waits for room in the queue would outlast any limit of time.
    await Promise.race([sending, stopControl.abandoned])
    const flushed = stopControl.isAbandoned
      ? true
      : await Promise.race([this.#flush(), stopControl.abandoned])
    await this.#producer.close(stopControl.isAbandoned ? { timeoutMs: 0 } : {})
    await sending
    return flushed !== false
  }

  async #flush(): Promise<boolean> {
    try {
      await this.#producer.flush()
      return true
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      this.#context.logger.error(`no broker confirmed that the messages arrived: ${error.message}`)
      return false
    }
  }

  async #sendAll(): Promise<void> {
    const { options, stopControl, threadId } = this.#context
    const { throughput: perSecond, threads } = options
    if (perSecond !== null)
      this.#pacer = new Pacer({ perSecond, threads, threadId, startMs: performance.now() })
    for (let n = 0; n < options.messagesPerThread && !stopControl.isStopping; n++) await this.#iterate(n)
  }

  /** One message to each topic; after one that failed the rest is skipped, as in the original. */
  async #iterate(n: number): Promise<void> {
    const { options, stopControl, tally } = this.#context
    const key = partitionKey(n)
    for (const topic of options.topics) {
      if (this.#pacer) await untilDue(this.#pacer, stopControl)
      if (stopControl.isStopping) return
      const sinceMs = this.#pacer?.take() ?? performance.now()
      tally.sent++
      try {
        await this.#producer.send(new TimedMessage(topic, key, this.#payload.value(topic, n), sinceMs))
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error
        // The `failed` event has counted what was accepted, and what was given up has no outcome.
        if (!(error instanceof FailedToSendMessageError) && !stopControl.isAbandoned)
          tally.addFailure(error.message)
        return
      }
      if (options.sendGapMs > 0) await pause(options.sendGapMs, stopControl.stopSignal)
    }
  }

  #onFailed(all: readonly MessageFailure[]): void {
    const { tally, stopControl, onUnreachable } = this.#context
    // What close() gave up for lack of time has no outcome.
    const failures = stopControl.isAbandoned
      ? all.filter(({ cause }) => !(cause instanceof DeliveryTimeoutError))
      : all
    tally.addFailures(failures)
    if (tally.delivered > 0 || stopControl.isAbandoned) return
    if (failures.every(({ cause }) => wasNobodyThere(cause))) onUnreachable()
  }

  #onDelivered(messages: readonly TimedMessage[]): void {
    const { tally, latency } = this.#context
    const nowMs = performance.now()
    for (const { sinceMs, bytes } of messages) {
      latency.record(nowMs - sinceMs)
      tally.bytes += bytes
    }
    tally.delivered += messages.length
  }
}

/** No broker answered the question where the topic is. */
function wasNobodyThere(cause: KafkaError): boolean {
  return cause.code === 'KAFKA_METADATA' && cause.cause instanceof KafkaError
}
