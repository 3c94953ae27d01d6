/**
 * The producer that applications use: accepts messages, passes them to the handler in sync or async mode, and
 * makes sure that each accepted message has exactly one outcome.
 *
 * @see docs/reference/classic-producer.md#objects, #async-mode
 */

import { ProducerConfig } from '../config/producer-config.js'
import type { ProducerProperties } from '../config/producer-keys.js'
import { counted } from '../counted.js'
import { ConfigError, ConnectionError, DeliveryTimeoutError, ProducerClosedError } from '../errors.js'
import { EventLoopYield } from '../event-loop.js'
import { QueueFullError } from '../failure.js'
import { type Delivery, type OutcomeWaiter, PendingMessage } from '../handler/pending-message.js'
import { KeyedMessage, type MessageLike } from '../keyed-message.js'
import { defaultLogger, guarded, type Logger } from '../logger.js'
import { ProducerMetrics } from '../metrics/producer-metrics.js'
import type { MetricsSnapshot } from '../metrics/snapshot.js'
import { OutageLog } from '../outage-log.js'
import type { CredentialsProvider } from '../security/credentials.js'
import type { OAuthTokenProvider } from '../security/oauth-token.js'
import { type SecuritySettings, securitySettings } from '../security/security-settings.js'
import type { TlsOptions } from '../security/security-values.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import { AcceptanceClock } from './acceptance-clock.js'
import type { Classes } from './classes.js'
import { type Components, compose } from './composition-root.js'
import { reportsOf } from './event-reports.js'
import { ProducerEmitter } from './events.js'
import { GroupCommit, type Withdrawal } from './group-commit.js'
import { MessageQueue } from './message-queue.js'
import { QueueIntake } from './queue-intake.js'
import { abortedSend, howManyAccepted, messagesOf } from './refusals.js'
import { isNoList, isSendOptions, roughBytes, signalOf, unreadable } from './send-arguments.js'
import { SendLoop } from './send-loop.js'
import { UnconfirmedTally } from './unconfirmed-tally.js'
import { DeliverCall, SendCall } from './waiters.js'

export interface ProducerOptions {
  /** Default: WARN and ERROR to stderr. */
  logger?: Logger
  /** Implementations for class names in the configuration; the original's names are built in. */
  classes?: Classes
  /** Options for `tls.connect`, in place of `ssl.` settings. For `security.protocol` SSL and SASL_SSL. */
  tls?: TlsOptions
  /** User name and password for PLAIN and SCRAM, in place of `sasl.jaas.config`; asked at each login. */
  credentials?: CredentialsProvider
  /** Tokens for OAUTHBEARER, in place of `sasl.oauthbearer.token.endpoint.url`; asked again before one ends. */
  oauthToken?: OAuthTokenProvider
  /** Prepares user name and password of SCRAM with SASLprep, as RFC 5802 has it and Kafka has not. Default false. */
  saslPrep?: boolean
}

export interface CloseOptions {
  /** Milliseconds until the messages left fail. Default `close.timeout.ms`, which is no limit. */
  timeoutMs?: number
}

/** One message, as an instance or in plain form. */
export type Sendable<K, V> = KeyedMessage<K, V> | MessageLike<K, V>

export interface SendOptions {
  /**
   * Aborted before the call: nothing is sent. Async mode: ends the wait for room in the queue; messages in the queue stay
   * there. Sync mode: takes the call back while it waits to be sent; what was handed on to be sent goes on, and the call
   * settles with its outcome. With `max.in.flight.requests.per.connection` above 1 calls are handed on at once.
   */
  signal?: AbortSignal | null
}

const accepted = Promise.resolve()

export class Producer<K = unknown, V = unknown> extends ProducerEmitter<K, V> {
  readonly config: ProducerConfig
  readonly #logger: Logger
  /** In front of that, for the components. */
  readonly #outages: OutageLog
  readonly #security: SecuritySettings
  readonly #components: Components
  readonly #metrics: ProducerMetrics
  readonly #eventLoop = new EventLoopYield()
  readonly #unconfirmed = new UnconfirmedTally()
  readonly #queue: MessageQueue<PendingMessage>
  readonly #intake: QueueIntake
  readonly #loop: SendLoop<PendingMessage>
  readonly #groupCommit: GroupCommit
  readonly #isAsync: boolean
  readonly #countsBytes: boolean
  readonly #copiesBuffers: boolean
  readonly #clock: AcceptanceClock
  #closing: Promise<void> | null = null

  /**
   * Opens no connection: the first message does.
   *
   * @param config - a ProducerConfig, or the properties for one.
   * @throws {ConfigError} for an unusable setting, class or codec.
   */
  constructor(config: ProducerConfig | ProducerProperties, options: ProducerOptions = {}) {
    super()
    this.#logger = guarded(options.logger ?? defaultLogger)
    this.#outages = new OutageLog(this.#logger, 'message')
    this.config =
      config instanceof ProducerConfig ? config : new ProducerConfig(config, { logger: this.#logger })
    this.config.reportTo(this.#logger)
    this.#security = securitySettings(this.config.security, { ...options, logger: this.#logger })
    this.#isAsync = this.config.producerType === 'async'
    this.#metrics = new ProducerMetrics({
      clientId: this.config.clientId,
      queueSize: this.#isAsync ? () => this.#queue.size : null,
      queueCapacity: this.config.queueBufferingMaxMessages,
    })
    const reports = reportsOf({
      report: (event, payload) => this.report(this.#logger, event, payload as never),
      isHeard: (event) => this.listenerCount(event) > 0,
      metrics: this.#metrics,
      unconfirmed: this.#unconfirmed,
      logger: this.#outages,
      isAsync: this.#isAsync,
    })
    this.#components = compose(
      this.config,
      options.classes ?? {},
      this.#outages,
      reports,
      this.#eventLoop,
      this.#security,
    )
    const { handler } = this.#components
    this.#clock = new AcceptanceClock(this.config.deliveryTimeoutMs ?? 0)
    this.#copiesBuffers = this.config.copyBuffers
    this.#countsBytes = this.config.queueBufferingMaxBytes !== null
    this.#queue = new MessageQueue({
      capacity: this.config.queueBufferingMaxMessages,
      maxBytes: this.config.queueBufferingMaxBytes,
      bytesOf: ({ queuedBytes }) => queuedBytes,
    })
    const dispatch = (messages: readonly PendingMessage[]): Promise<void> => {
      this.#metrics.cycleBegun(messages.length)
      return handler.dispatch(messages)
    }
    const maxInFlight = this.config.maxInFlightRequestsPerConnection
    this.#loop = new SendLoop({
      queue: this.#queue,
      dispatch,
      ...(maxInFlight === 1 && { prepare: (messages: PendingMessage[]) => handler.prepare(messages) }),
      batchSize: this.config.batchNumMessages,
      lingerMs: this.config.queueBufferingMaxMs,
      deadlineMsOf: ({ deadlineMs }) => deadlineMs,
      maxInFlight,
    })
    this.#intake = new QueueIntake({
      queue: this.#queue,
      timeoutMs: this.config.queueEnqueueTimeoutMs,
      batchSize: this.config.batchNumMessages,
      eventLoop: this.#eventLoop,
      underWay: () => this.#loop.underWay,
      onQueued: () => this.#loop.notify(),
      refuse: (accepted, rejected) => this.#dropped(accepted, rejected),
    })
    // Where cycles may overlap, the handler holds back and joins what must wait, partition by partition.
    this.#groupCommit = new GroupCommit(dispatch, maxInFlight > 1 ? Number.POSITIVE_INFINITY : 1)
  }

  /**
   * Sends messages, given one by one, as arrays, or both; options may come last.
   *
   * Sync mode: settles when the brokers have answered for all of them (acks 0: when written to the socket). Async
   * mode: settles when all are queued.
   *
   * A Buffer or Uint8Array in a message is not copied: it is read when the message is serialized and each time it is
   * written, so its content must stay as it is until the message has its outcome. In async mode that is later than this
   * promise: at the `delivered` or `failed` event, or when `deliver()` or `flush()` settles. `copy.buffers=true`
   * copies at the call; events and errors then have the copy.
   *
   * @throws {FailedToSendMessageError} sync: some failed; `failures` has one entry for each.
   * @throws {EncodeError} sync: an encoder refused one; then none of the call is sent.
   * @throws {QueueFullError} async: no room within `queue.enqueue.timeout.ms` for one of them. Those before it stay
   *   queued, their number is `accepted`; it and all after it are not, so that none overtakes it: they are `rejected`,
   *   and each is a `dropped` event.
   * @throws {SendAbortedError} the signal had aborted, or (async) ended the wait for room: as with a full queue, but
   *   without the event; or (sync) the call was still waiting to be sent.
   * @throws {ConfigError} for what is no message, has an unknown field, or a signal that is none.
   * @throws {ProducerClosedError} after `close`.
   */
  send(...messages: (Sendable<K, V> | readonly Sendable<K, V>[] | SendOptions)[]): Promise<void> {
    if (this.#closing) return Promise.reject(new ProducerClosedError())
    try {
      const first = messages[0]
      // The list of arguments goes nowhere from here, so none is made.
      if (messages.length === 1 && isNoList(first) && !isSendOptions(first)) {
        const message = first as Sendable<K, V>
        return this.#isAsync ? this.#intake.put(this.#accept(message, null)) : this.#sendNow([message])
      }
      const signal = isSendOptions(messages[messages.length - 1]) ? signalOf(messages.pop()) : undefined
      const all = messages.flat() as Sendable<K, V>[]
      if (!this.#isAsync) return this.#sendNow(all, signal)
      return this.#intake.putAll(this.#acceptAll(all, null), signal)
    } catch (thrown) {
      return this.#refuse(unreadable(thrown))
    }
  }

  /**
   * Sends one message and resolves when that message is acknowledged, in either mode. Until then a Buffer in it must not
   * be changed, except with `copy.buffers=true`.
   *
   * @throws {DeliveryError} with `code`, `persistence`, `attempts`, `attemptCount` and `cause`.
   * @throws {QueueFullError | SendAbortedError | EncodeError | ProducerClosedError} as {@link send}; the message was
   *   not accepted.
   */
  deliver(message: Sendable<K, V>, options?: SendOptions): Promise<Delivery> {
    if (this.#closing) return Promise.reject(new ProducerClosedError())
    try {
      const signal = signalOf(options)
      const call = new DeliverCall()
      const pending = this.#accept(message, call)
      if (this.#isAsync) this.#intake.putOrWait(pending, signal)?.catch((error) => call.refused(error))
      else this.#submit([pending], call, signal)
      return call.done
    } catch (error) {
      return this.#refuse(unreadable(error))
    }
  }

  /**
   * Sends what is queued without waiting for `queue.buffering.max.ms`, and resolves when everything accepted so far
   * has its outcome; with acks 0, when the brokers have read it.
   *
   * @throws {UnconfirmedError} acks 0 only: connections ended, since the last flush or during this one, before their
   *   brokers confirmed what was written; `messages` is how many may be lost.
   * @throws {ConnectionError | RequestTimeoutError} acks 0 only: a broker did not confirm.
   */
  async flush(): Promise<void> {
    const throwUnconfirmed = this.#unconfirmed.begin()
    await (this.#isAsync ? this.#loop.flush() : this.#groupCommit.flush())
    try {
      await this.#components.handler.confirm()
    } finally {
      throwUnconfirmed()
    }
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
   * After `timeoutMs` the messages left fail, with their persistence.
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

  #accept(message: Sendable<K, V>, waiter: OutcomeWaiter | null): PendingMessage {
    try {
      const given = this.#copiesBuffers ? KeyedMessage.from(message).withOwnBytes() : message
      const pending = new PendingMessage(given as KeyedMessage | MessageLike, waiter, this.#clock.now())
      if (this.#countsBytes) pending.queuedBytes = roughBytes(pending)
      this.#metrics.sent(pending.topic)
      return pending
    } catch (thrown) {
      throw unreadable(thrown)
    }
  }

  #sendNow(messages: readonly Sendable<K, V>[], signal?: AbortSignal): Promise<void> {
    if (messages.length === 0) return accepted
    const call = new SendCall()
    const pending = this.#acceptAll(messages, call)
    const done = call.waitFor(pending)
    this.#submit(pending, call, signal)
    return done
  }

  #acceptAll(messages: readonly Sendable<K, V>[], waiter: OutcomeWaiter | null): PendingMessage[] {
    // No growing list: it would take three times the place of a single message's.
    const pending = new Array<PendingMessage>(messages.length)
    for (let i = 0; i < messages.length; i++) pending[i] = this.#accept(messages[i]!, waiter)
    return pending
  }

  /** Sync mode serializes before anything is sent, so a call with a refused message sends nothing. */
  #submit(pending: readonly PendingMessage[], call: SendCall | DeliverCall, signal?: AbortSignal): void {
    for (const message of pending) {
      const error = this.#components.handler.serialize(message)
      if (!error) continue
      this.#metrics.refused()
      throw error
    }
    if (signal?.aborted) throw abortedSend(0, pending, signal)
    this.#groupCommit.submit(pending, signal && this.#withdrawalOf(pending, call, signal))
    this.#metrics.accepted(pending.length)
  }

  #withdrawalOf(
    pending: readonly PendingMessage[],
    call: SendCall | DeliverCall,
    signal: AbortSignal,
  ): Withdrawal {
    const onWithdrawn = (): void => {
      this.#metrics.takenBack(pending.length)
      call.refused(abortedSend(0, pending, signal))
    }
    return { signal, onWithdrawn }
  }

  /** Rejects after a turn of the event loop: the caller may send its next message without another wait. */
  async #refuse(error: unknown): Promise<never> {
    await this.#eventLoop.due()
    throw error
  }

  #dropped(accepted: number, rejected: readonly PendingMessage[]): QueueFullError {
    const { queueBufferingMaxMessages: capacity, queueEnqueueTimeoutMs: timeoutMs } = this.config
    const waited = timeoutMs > 0 ? ` for ${timeoutMs} ms` : ''
    const error = new QueueFullError(
      `the queue has been full${waited} (${this.#queue.size} of ${counted(capacity, 'message')}); ` +
        `${howManyAccepted(accepted, rejected)}. ` +
        'Raise queue.buffering.max.messages, or set queue.enqueue.timeout.ms=-1 and await send()',
      { topic: rejected[0]!.topic, accepted, rejected: messagesOf(rejected) },
    )
    for (const { topic } of rejected) this.#metrics.dropped(topic)
    for (const message of error.rejected as readonly KeyedMessage<K, V>[]) {
      this.report(this.#logger, 'dropped', { message, error })
    }
    return error
  }

  /** For `await using`: {@link close} without a limit of its own. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(timeoutMs: number | null): Promise<void> {
    this.#logger.info('the producer is closing')
    const startMs = performance.now()
    const isLimited = timeoutMs !== null && timeoutMs <= LONGEST_TIMER_MS
    const timer = isLimited ? setTimeout(() => this.#abort(timeoutMs), timeoutMs) : undefined
    await this.#drain()
    // What stays unconfirmed is reported when its connection ends, at the latest below.
    await this.#components.handler.confirm().catch(() => {})
    clearTimeout(timer)
    this.#components.closeMetadata(new ConnectionError('the producer was closed'))
    await this.#components.handler.close()
    await this.#security.sasl?.close?.()
    this.#outages.close()
    this.#logger.info(`the producer is closed, after ${Math.round(performance.now() - startMs)} ms`)
    this.report(this.#logger, 'close', undefined)
  }

  async #drain(): Promise<void> {
    if (!this.#isAsync) return this.#groupCommit.flush()
    this.#logger.info(`sending what is queued: ${counted(this.#queue.size, 'message')}`)
    this.#loop.stopLingering()
    // Senders that were blocked by a full queue before the close are let in and delivered.
    await this.#intake.unblocked()
    await this.#loop.flush()
    this.#logger.info('the queue is empty, and every message has its outcome')
  }

  #abort(timeoutMs: number): void {
    const reason = new DeliveryTimeoutError(`close gave up after ${timeoutMs} ms`)
    this.#components.closeMetadata(reason)
    this.#components.handler.abort(reason)
  }
}
