/**
 * What the original gave a thread: a producer of its own and its share of the messages, sent one after the other. Here
 * the threads of a run take turns in one process.
 *
 * @see classic-producer reference §11.2
 */
import type { ProducerConfig } from '../config.js'
import { KafkaError } from '../errors.js'
import { FailedToSendMessageError } from '../failure.js'
import { KeyedMessage } from '../keyed-message.js'
import type { Logger } from '../logger.js'
import { Producer } from '../producer/producer.js'
import type { Latency } from './latency.js'
import type { PerfOptions } from './options.js'
import { Pacer } from './pacer.js'
import { pause } from './pause.js'
import { Payload, partitionKey } from './payload.js'
import type { Tally } from './tally.js'

export interface PerfThreadOptions {
  readonly threadId: number
  readonly options: PerfOptions
  readonly config: ProducerConfig
  readonly logger: Logger
  readonly tally: Tally
  readonly latency: Latency
  /** Ends the sending; what was sent is still delivered. */
  readonly signal: AbortSignal
  /** Is told when no broker has ever been reached. */
  readonly onUnreachable: (cause: KafkaError) => void
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
    const { options, config, logger, threadId } = context
    this.#payload = new Payload({ ...options, threadId })
    this.#producer = new Producer(config, { logger })
    this.#producer.on('delivered', ({ messages }) => this.#onDelivered(messages as TimedMessage[]))
    this.#producer.on('failed', ({ failures }) => {
      const { tally, onUnreachable } = context
      tally.addFailures(failures)
      const isUnreachable = failures.every(({ cause }) => wasNobodyThere(cause))
      if (tally.delivered === 0 && isUnreachable) onUnreachable(failures[0]!.cause)
    })
  }

  /** Sends its share, or until the signal, and closes the producer. */
  async run(): Promise<void> {
    const { signal, options } = this.#context
    const sending = this.#sendAll()
    // A send that waits for room in the queue is let in or refused by the close.
    await Promise.race([sending, aborted(signal)])
    await this.#producer.close({ timeoutMs: options.closeTimeoutMs })
    await sending
  }

  async #sendAll(): Promise<void> {
    const { options, signal, threadId } = this.#context
    const { throughput: perSecond, threads } = options
    if (perSecond !== null)
      this.#pacer = new Pacer({ perSecond, threads, threadId, startMs: performance.now() })
    for (let n = 0; n < options.messagesPerThread && !signal.aborted; n++) await this.#iterate(n)
  }

  /** One message to each topic; after one that failed the rest is skipped, as in the original. */
  async #iterate(n: number): Promise<void> {
    const { options, signal, tally } = this.#context
    const key = partitionKey(n)
    for (const topic of options.topics) {
      if (this.#pacer) await this.#untilDue(this.#pacer)
      if (signal.aborted) return
      const sinceMs = this.#pacer?.take() ?? performance.now()
      tally.sent++
      try {
        await this.#producer.send(new TimedMessage(topic, key, this.#payload.value(topic, n), sinceMs))
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error
        // The `failed` event has counted what was accepted.
        if (!(error instanceof FailedToSendMessageError)) tally.addFailure(error.message)
        return
      }
      if (options.sendGapMs > 0) await pause(options.sendGapMs, signal)
    }
  }

  async #untilDue(pacer: Pacer): Promise<void> {
    const { signal } = this.#context
    let waitMs = pacer.waitMs(performance.now())
    if (waitMs <= 0) return
    // Timers may also be early by a fraction of a millisecond.
    while (waitMs > 0 && !signal.aborted) {
      await pause(Math.ceil(waitMs), signal)
      waitMs = pacer.waitMs(performance.now())
    }
    pacer.woke(performance.now())
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

function wasNobodyThere(cause: KafkaError): boolean {
  return cause.code === 'KAFKA_METADATA' && cause.cause instanceof KafkaError
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
