/**
 * The producer that applications use: takes messages, hands them to the handler in sync or async mode, and sees to it
 * that each accepted message has exactly one outcome.
 *
 * @see design §2; classic-producer reference §1.4, §8
 */
import { ProducerConfig } from '../config.js'
import {
  ConfigError,
  ConnectionError,
  DeliveryTimeoutError,
  ProducerClosedError,
  QueueFullError,
  SendAbortedError,
} from '../errors.js'
import { type Delivery, Envelope, type OutcomeWaiter } from '../handler/envelope.js'
import { KeyedMessage, type MessageLike } from '../keyed-message.js'
import { defaultLogger, type Logger } from '../logger.js'
import { ProducerMetrics } from '../metrics/producer-metrics.js'
import type { MetricsSnapshot } from '../metrics/snapshot.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import type { Classes } from './classes.js'
import { ProducerEmitter } from './events.js'
import { GroupCommit } from './group-commit.js'
import { guarded } from './guarded-logger.js'
import { MessageQueue } from './message-queue.js'
import { buildParts, type Parts } from './parts.js'
import { reportsOf } from './parts-reports.js'
import { SendLoop } from './send-loop.js'
import { DeliverCall, SendCall } from './waiters.js'

export interface ProducerOptions {
  /** Default: WARN and ERROR to stderr. */
  logger?: Logger
  /** Implementations for class names in the configuration; the original's names are built in. */
  classes?: Classes
}

export interface CloseOptions {
  /** Milliseconds until what is left fails. Default `close.timeout.ms`, which is no limit. */
  timeoutMs?: number
}

/** One message, as an instance or in plain form. */
export type Sendable<K, V> = KeyedMessage<K, V> | MessageLike<K, V>

export interface SendOptions {
  /** Async mode: gives up the wait for room in the queue. What is queued already stays queued. */
  signal?: AbortSignal
}

const accepted = Promise.resolve()

export class Producer<K = unknown, V = unknown> extends ProducerEmitter<K, V> {
  readonly config: ProducerConfig
  readonly #logger: Logger
  readonly #parts: Parts
  readonly #metrics: ProducerMetrics
  readonly #queue: MessageQueue<Envelope>
  readonly #loop: SendLoop<Envelope>
  readonly #groupCommit: GroupCommit
  readonly #isAsync: boolean
  readonly #enqueueTimeoutMs: number
  readonly #deliveryTimeoutMs: number
  /** Calls that wait for room in the queue. */
  #blocked = 0
  #onUnblocked: (() => void) | null = null
  #closing: Promise<void> | null = null

  /**
   * Opens no connection: the first message does.
   *
   * @param config - a ProducerConfig, or the properties for one.
   * @throws {ConfigError} for an unusable setting, class or codec.
   */
  constructor(config: ProducerConfig | Readonly<Record<string, unknown>>, options: ProducerOptions = {}) {
    super()
    this.#logger = guarded(options.logger ?? defaultLogger)
    this.config =
      config instanceof ProducerConfig ? config : new ProducerConfig(config, { logger: this.#logger })
    this.#isAsync = this.config.producerType === 'async'
    this.#metrics = new ProducerMetrics({
      clientId: this.config.clientId,
      queueSize: this.#isAsync ? () => this.#queue.size : null,
    })
    const reports = reportsOf({
      report: (event, payload) => this.report(this.#logger, event, payload as never),
      isHeard: (event) => this.listenerCount(event) > 0,
      metrics: this.#metrics,
      logger: this.#logger,
      isAsync: this.#isAsync,
    })
    this.#parts = buildParts(this.config, options.classes ?? {}, this.#logger, reports)
    const { handler } = this.#parts
    this.#enqueueTimeoutMs = this.config.queueEnqueueTimeoutMs
    this.#deliveryTimeoutMs = this.config.deliveryTimeoutMs ?? 0
    this.#queue = new MessageQueue({
      capacity: this.config.queueBufferingMaxMessages,
      maxBytes: this.config.queueBufferingMaxBytes,
      bytesOf: roughBytes,
    })
    const dispatch = (batch: readonly Envelope[]): Promise<void> => {
      this.#metrics.cycleBegun(batch.length)
      return handler.dispatch(batch)
    }
    this.#loop = new SendLoop({
      queue: this.#queue,
      dispatch,
      batchSize: this.config.batchNumMessages,
      lingerMs: this.config.queueBufferingMaxMs,
      deadlineMsOf: ({ deadlineMs }) => deadlineMs,
      maxCycles: this.config.maxInFlightRequestsPerConnection,
    })
    // Where cycles may overlap, the handler holds back and joins what must wait, partition by partition.
    const doOverlap = this.config.maxInFlightRequestsPerConnection > 1
    this.#groupCommit = new GroupCommit(dispatch, doOverlap ? Number.POSITIVE_INFINITY : 1)
  }

  /**
   * Sends messages, given one by one, as arrays, or both; options may come last.
   *
   * Sync mode: settles when the brokers have answered for all of them (acks 0: when written to the socket). Async
   * mode: settles when all are queued.
   *
   * @throws {FailedToSendMessageError} sync: some failed; `failures` has one entry for each.
   * @throws {EncodeError} sync: an encoder refused one; then none of the call is sent.
   * @throws {QueueFullError} async: no room within `queue.enqueue.timeout.ms`; earlier messages of the call are queued.
   * @throws {SendAbortedError} async: the signal ended the wait for room; as with a full queue.
   * @throws {ProducerClosedError} after `close`.
   */
  send(...messages: (Sendable<K, V> | readonly Sendable<K, V>[] | SendOptions)[]): Promise<void> {
    if (this.#closing) return Promise.reject(new ProducerClosedError())
    try {
      const options = isSendOptions(messages.at(-1)) ? (messages.pop() as SendOptions) : undefined
      const first = messages[0]
      if (messages.length === 1 && first !== undefined && !Array.isArray(first)) {
        return this.#isAsync
          ? this.#enqueue(this.#envelope(first as Sendable<K, V>, null), options)
          : this.#sendNow([first as Sendable<K, V>])
      }
      const all = messages.flat() as Sendable<K, V>[]
      return this.#isAsync ? this.#enqueueAll(all, options) : this.#sendNow(all)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Sends one message and resolves when that message is acknowledged, in either mode.
   *
   * @throws {DeliveryError} with `code`, `persistence`, `attempts` and `cause`.
   * @throws {QueueFullError | SendAbortedError | EncodeError | ProducerClosedError} as {@link send}; the message was
   *   not accepted.
   */
  async deliver(message: Sendable<K, V>, options?: SendOptions): Promise<Delivery> {
    if (this.#closing) throw new ProducerClosedError()
    const call = new DeliverCall()
    const envelope = this.#envelope(message, call)
    if (this.#isAsync) await this.#enqueue(envelope, options)
    else this.#submit([envelope])
    return call.done
  }

  /**
   * Sends what is queued without waiting for `queue.buffering.max.ms`, and resolves when everything accepted so far
   * has its outcome; with acks 0, when the brokers have read it.
   *
   * @throws {ConnectionError | RequestTimeoutError} acks 0 only: a broker did not confirm.
   */
  async flush(): Promise<void> {
    await (this.#isAsync ? this.#loop.flush() : this.#groupCommit.flush())
    await this.#parts.handler.confirm()
  }

  /**
   * What has happened so far, as plain frozen values under the original's names; see docs/METRICS.md. Works after
   * `close`, too.
   */
  metrics(): MetricsSnapshot {
    return this.#metrics.snapshot()
  }

  /**
   * Refuses new messages, delivers what was accepted, closes all connections. A second call returns the same promise.
   * After `timeoutMs` whatever is left fails with what is known of it.
   *
   * @throws {ConfigError} when `timeoutMs` is no length of time; the producer stays open then.
   */
  close(options: CloseOptions = {}): Promise<void> {
    if (this.#closing) return this.#closing
    const timeoutMs = options.timeoutMs ?? this.config.closeTimeoutMs
    if (timeoutMs !== null && !(typeof timeoutMs === 'number' && timeoutMs >= 0)) {
      const text = 'close({ timeoutMs }) takes a number of milliseconds, 0 or more; leave it out for no limit'
      return Promise.reject(new ConfigError(text))
    }
    this.#closing = this.#close(timeoutMs)
    return this.#closing
  }

  #envelope(message: Sendable<K, V>, waiter: OutcomeWaiter | null): Envelope {
    const keyed = KeyedMessage.from(message) as KeyedMessage
    this.#metrics.sent(keyed.topic)
    const deadlineMs = this.#deliveryTimeoutMs > 0 ? performance.now() + this.#deliveryTimeoutMs : 0
    return new Envelope(keyed, waiter, deadlineMs)
  }

  #sendNow(messages: readonly Sendable<K, V>[]): Promise<void> {
    if (messages.length === 0) return accepted
    const call = new SendCall()
    const envelopes = messages.map((message) => this.#envelope(message, call))
    const done = call.waitFor(envelopes)
    this.#submit(envelopes)
    return done
  }

  /** Sync mode serializes before anything is sent, so a refused message keeps its call from being sent at all. */
  #submit(envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes) {
      const error = this.#parts.handler.serialize(envelope)
      if (!error) continue
      this.#metrics.refused()
      throw error
    }
    this.#metrics.accepted(envelopes.length)
    this.#groupCommit.submit(envelopes)
  }

  #enqueue(envelope: Envelope, options?: SendOptions): Promise<void> {
    if (this.#queue.offer(envelope)) {
      this.#loop.notify()
      return accepted
    }
    return this.#putInOrder([envelope], options?.signal)
  }

  #enqueueAll(messages: readonly Sendable<K, V>[], options?: SendOptions): Promise<void> {
    const envelopes = messages.map((message) => this.#envelope(message, null))
    for (let i = 0; i < envelopes.length; i++) {
      if (!this.#queue.offer(envelopes[i]!)) {
        return this.#putInOrder(envelopes.slice(i), options?.signal)
      }
      this.#loop.notify()
    }
    return accepted
  }

  async #putInOrder(envelopes: readonly Envelope[], signal: AbortSignal | undefined): Promise<void> {
    this.#blocked++
    try {
      const taken = await this.#queue.put(envelopes, this.#enqueueTimeoutMs, signal)
      if (taken > 0) this.#loop.notify()
      const refused = envelopes[taken]
      if (refused) throw signal?.aborted ? aborted(refused, signal) : this.#dropped(refused)
    } finally {
      if (--this.#blocked === 0) this.#onUnblocked?.()
    }
  }

  #dropped(envelope: Envelope): QueueFullError {
    const { queueBufferingMaxMessages: capacity, queueEnqueueTimeoutMs: timeoutMs } = this.config
    const waited = timeoutMs > 0 ? ` for ${timeoutMs} ms` : ''
    const error = new QueueFullError(
      `the queue has been full${waited} (${this.#queue.size} of ${capacity} messages); the message was not accepted. ` +
        'Raise queue.buffering.max.messages, or set queue.enqueue.timeout.ms=-1 and await send()',
      { topic: envelope.topic },
    )
    this.#metrics.dropped(envelope.topic)
    this.report(this.#logger, 'dropped', { message: envelope.message as KeyedMessage<K, V>, error })
    return error
  }

  async #close(timeoutMs: number | null): Promise<void> {
    this.#logger.info('the producer is closing')
    const startMs = performance.now()
    const isLimited = timeoutMs !== null && timeoutMs <= LONGEST_TIMER_MS
    const timer = isLimited ? setTimeout(() => this.#abort(timeoutMs), timeoutMs) : undefined
    await this.#drain()
    try {
      await this.#parts.handler.confirm()
    } catch (error) {
      const why = (error as Error).message
      this.#logger.warn(`close: messages sent with acks 0 could not be confirmed and may be lost: ${why}`)
    }
    clearTimeout(timer)
    this.#parts.closeMetadata(new ConnectionError('the producer was closed'))
    await this.#parts.handler.close()
    this.#logger.info(`the producer is closed, after ${Math.round(performance.now() - startMs)} ms`)
    this.report(this.#logger, 'close', undefined)
  }

  async #drain(): Promise<void> {
    if (!this.#isAsync) return this.#groupCommit.flush()
    this.#logger.info(`sending what is queued: ${this.#queue.size} messages`)
    this.#loop.hurry()
    // Senders that were blocked by a full queue before the close are let in and delivered.
    if (this.#blocked > 0) {
      await new Promise<void>((resolve) => {
        this.#onUnblocked = resolve
      })
    }
    await this.#loop.flush()
    this.#logger.info('the queue is empty, and every message has its outcome')
  }

  #abort(timeoutMs: number): void {
    const reason = new DeliveryTimeoutError(`close gave up after ${timeoutMs} ms`)
    this.#parts.closeMetadata(reason)
    this.#parts.handler.abort(reason)
  }
}

/** Options have no topic; every message has. */
function isSendOptions(argument: unknown): boolean {
  return typeof argument === 'object' && argument !== null && 'signal' in argument && !('topic' in argument)
}

function aborted({ topic }: Envelope, { reason }: AbortSignal): SendAbortedError {
  const text = 'the wait for room in the queue was given up; the message was not accepted'
  return new SendAbortedError(text, { topic, cause: reason })
}

/** Of what the user gave, without encoding it: enough to bound a queue. */
function roughBytes({ message }: Envelope): number {
  return lengthOf(message.key) + lengthOf(message.message)
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length : 8
}
