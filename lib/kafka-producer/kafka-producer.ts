/**
 * KafkaProducer, Kafka's own successor of the classic producer: records with headers and timestamps go into batches per
 * partition and are sent as soon as `linger.ms` has passed or a batch is full, with idempotence by default and with transactions.
 * Takes the configuration of a Java client as it is.
 *
 * This file is what users see; how a record gets into a batch is in `record-intake.ts`, how batches are sent in `sender.ts`.
 *
 * @see docs/KAFKA-PRODUCER.md; org.apache.kafka.clients.producer.KafkaProducer 4.3
 */
import type { Writable } from 'node:stream'
import { AuthenticationError, asKafkaError, type KafkaError, ProducerClosedError } from '../errors.js'
import { defaultLogger, guarded, type Logger } from '../logger.js'
import type { KafkaMetric } from '../metrics/kafka-metric.js'
import { nameOfThrown } from '../name-of-thrown.js'
import type { CredentialsProvider } from '../security/credentials.js'
import type { OAuthTokenProvider } from '../security/oauth-token.js'
import { type SecuritySettings, securitySettings } from '../security/security-settings.js'
import type { TlsOptions } from '../security/security-values.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import { IllegalStateError } from './errors.js'
import { ProducerInterceptors } from './interceptors.js'
import { KafkaProducerConfig } from './kafka-producer-config.js'
import { interceptorsNamed, type PluginClasses, partitionerNamed, serializerNamed } from './plugins.js'
import type { TimedCall } from './producer-metrics.js'
import { compose, type ProducerParts } from './producer-parts.js'
import type { ProducerRecord, RecordLike } from './producer-record.js'
import {
  BufferExhaustedError,
  IllegalArgumentError,
  RecordFilteredError,
  TimeoutError,
} from './record-errors.js'
import { type Callback, FutureRecordMetadata, type RecordFuture } from './record-future.js'
import { causeOf, isFinal, RecordIntake } from './record-intake.js'
import { type RecordSender, RecordWritable, type RecordWritableOptions } from './record-writable.js'
import type { Serializer } from './serializer.js'
import { serializerClasses } from './serializer-classes.js'
import type { ConsumerGroup, TransactionOffset } from './transaction-requests.js'
import type { TransactionalResult } from './transactional-result.js'
import { TurnClock } from './turn-clock.js'

export interface KafkaProducerOptions<K = unknown, V = unknown> {
  /** Serializers, partitioners and interceptors that the configuration names, by class name. */
  classes?: PluginClasses
  /** In place of `key.serializer` and `value.serializer`; not configured. */
  keySerializer?: Serializer<K>
  valueSerializer?: Serializer<V>
  /** Default: WARN and ERROR to stderr. */
  logger?: Logger
  /** Options for `tls.connect`, in place of `ssl.` settings. For `security.protocol` SSL and SASL_SSL. */
  tls?: TlsOptions
  /** User name and password for PLAIN and SCRAM, in place of `sasl.jaas.config`; asked at each login. */
  credentials?: CredentialsProvider
  /** Tokens for OAUTHBEARER, in place of `sasl.oauthbearer.token.endpoint.url`; asked again before one ends. */
  oauthToken?: OAuthTokenProvider
  /** Prepares user name and password of SCRAM with SASLprep, as RFC 5802 has it and Kafka has not. Default false. */
  saslPrep?: boolean
}

export interface KafkaProducerCloseOptions {
  /** How long to wait for what was sent, in milliseconds; 0 for not at all. Default: without a limit. */
  timeoutMs?: number
}

/** One partition, as metadata describes it. */
export interface PartitionInfo {
  readonly topic: string
  readonly partition: number
  /** Broker id; null while there is no leader. */
  readonly leader: number | null
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
}

/** An unknown member may not name a generation: it would be taken for one of an earlier time. */
const NO_MEMBER = ''

export class KafkaProducer<K = unknown, V = unknown> {
  readonly config: KafkaProducerConfig
  readonly #logger: Logger
  readonly #parts: ProducerParts
  readonly #intake: RecordIntake
  readonly #security: SecuritySettings
  readonly #plugins: readonly { close?(): void }[]
  readonly #interceptors: ProducerInterceptors | null
  readonly #closeListeners = new Set<() => void>()
  #isClosed = false
  #closing: Promise<void> | null = null
  #endWait: (() => void) | null = null
  /** Called after each run of the sender, and when metadata comes. */
  #onChange: (() => void)[] = []

  /**
   * @param config - what a `producer.properties` of a Java client says, as an object; or a KafkaProducerConfig.
   * @throws {ConfigError} naming the key. With idempotence a producer id is asked for at once, and a connection opened for it.
   */
  constructor(
    config: KafkaProducerConfig | Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
    options: KafkaProducerOptions<K, V> = {},
  ) {
    const { classes = {}, keySerializer, valueSerializer } = options
    const logger = guarded(options.logger ?? defaultLogger)
    this.#logger = logger
    this.config =
      config instanceof KafkaProducerConfig
        ? config
        : new KafkaProducerConfig(config as Readonly<Record<string, unknown>>, {
            logger,
            hasKeySerializer: keySerializer !== undefined,
            hasValueSerializer: valueSerializer !== undefined,
          })
    const { rules, partitionerClass, interceptorClasses } = this.config
    const keys = keySerializer ?? serializerNamed(this.config.keySerializer, true, this.config, classes)
    const values =
      valueSerializer ?? serializerNamed(this.config.valueSerializer, false, this.config, classes)
    const partitioner = partitionerNamed(partitionerClass, rules.nullKeys, this.config, classes)
    const interceptors = interceptorsNamed(interceptorClasses, classes)
    this.#interceptors =
      interceptors.length > 0 ? new ProducerInterceptors(interceptors, this.config, logger) : null
    this.#plugins = [keys, values, ...(partitioner ? [partitioner] : [])] as { close?(): void }[]
    try {
      this.#security = securitySettings(this.config.security, { ...options, logger })
      this.#parts = compose(this.config, this.#interceptors, logger, this.#security, {
        onWaits: (nowMs) => this.#intake.expire(nowMs),
        hasWaits: () => this.#intake.waiting > 0,
        onAbort: (error) => this.#intake.abort(error),
        onRecordsFailed: (futures, error) => this.#failed(futures, error),
        onRun: () => this.#changed(),
        onMetadata: (error) => {
          // Waiting does not help: who reads the error has to act.
          if (error instanceof AuthenticationError) this.#intake.abort(error)
          this.#intake.admit(performance.now())
          this.#changed()
        },
      })
    } catch (error) {
      this.#closePlugins()
      throw error
    }
    const { accumulator, metadata, cluster, sender } = this.#parts
    this.#intake = new RecordIntake({
      keySerializer: keys as Serializer,
      valueSerializer: values as Serializer,
      readsHeaders: !isKafkas(keys as Serializer) || !isKafkas(values as Serializer),
      choice: { partitioner, ignoresKeys: this.config.partitionerIgnoreKeys },
      callsOnNewBatch:
        partitioner?.onNewBatch !== undefined && (rules.callsOnNewBatch || rules.nullKeys !== 'adaptive'),
      interceptors: this.#interceptors,
      accumulator,
      metadata,
      cluster,
      clock: new TurnClock(),
      maxBlockMs: this.config.maxBlockMs,
      maxWaitingBytes: this.config.bufferMemory,
      wake: sender.wake,
      onFailed: (futures, error) => this.#failed(futures, error),
      onWaited: (waitedMs) => this.#parts.metrics.timeSpent('metadataWaitMs', waitedMs),
    })
    // As in the Java client the producer id is asked for before there is anything to number.
    if (this.config.enableIdempotence) sender.wake()
  }

  /** Reads the configuration from a properties file, see `KafkaProducerConfig.fromFile`. */
  static fromFile<K = unknown, V = unknown>(
    path: string,
    options: KafkaProducerOptions<K, V> = {},
  ): KafkaProducer<K, V> {
    const { logger, keySerializer, valueSerializer } = options
    const config = KafkaProducerConfig.fromFile(path, {
      ...(logger && { logger }),
      hasKeySerializer: keySerializer !== undefined,
      hasValueSerializer: valueSerializer !== undefined,
    })
    return new KafkaProducer<K, V>(config, options)
  }

  /**
   * Sends a record. Returns at once; the outcome is in the future and in the callback, whichever is wanted. Callbacks come in
   * the order of sending, per partition, before the futures of their batch settle.
   *
   * @throws {IllegalArgumentError} for what is no record. @throws {ProducerClosedError} after `close()`.
   * @throws {IllegalStateError | TransactionFailedError | ProducerFencedError} where the state of the transaction does not allow it.
   */
  send(record: ProducerRecord<K, V> | RecordLike<K, V>, callback: Callback | null = null): RecordFuture {
    if (callback !== null && typeof callback !== 'function') {
      throw new IllegalArgumentError('the second argument of send() is a callback')
    }
    let intercepted: RecordLike
    try {
      intercepted = this.#intake.intercept(record)
    } catch (error) {
      if (!(error instanceof RecordFilteredError)) throw error
      const future = new FutureRecordMetadata(record.topic, record.partition ?? -1, callback)
      this.#parts.outcomes.failed([future], error)
      return future
    }
    this.#checkOpen()
    this.#parts.idempotence?.transactions.checkSend()
    return this.#intake.send(intercepted, callback)
  }

  /**
   * A stream to write records to, or, with a topic, values; `pipeline` ends when everything is stored. Its pressure is that of
   * `appended`.
   */
  writable(options: RecordWritableOptions = {}): Writable {
    return new RecordWritable(this as RecordSender, options)
  }

  /** Sends all that waits at once; resolves when everything that was sent before is stored or has failed. */
  flush(): Promise<void> {
    const { accumulator, sender, metrics } = this.#parts
    const startMs = performance.now()
    const flushed = accumulator.flush()
    sender.wake()
    return flushed.then(() => metrics.timeSpent('flushMs', performance.now() - startMs))
  }

  /**
   * The partitions of a topic; asks for them where they are not known, which creates the topic where brokers do that.
   *
   * @throws {TimeoutError} by rejection, after `max.block.ms`; `cause` is what brokers said of the topic.
   */
  async partitionsFor(topic: string): Promise<readonly PartitionInfo[]> {
    if (typeof topic !== 'string' || topic === '') {
      throw new IllegalArgumentError('partitionsFor() takes the name of a topic')
    }
    const { metadata, cluster, sender } = this.#parts
    const deadlineMs = performance.now() + this.config.maxBlockMs
    for (;;) {
      const { view } = this.#isClosed
        ? { view: cluster.topic(topic) }
        : metadata.use(topic, performance.now())
      if (view && view.partitionCount > 0) return view.partitions().map((one) => partitionInfo(topic, one))
      this.#checkOpen()
      const cause = causeOf(cluster, topic) ?? metadata.lastError
      if (isFinal(cluster.errorCodeOf(topic)) || cause instanceof AuthenticationError) throw cause
      const leftMs = deadlineMs - performance.now()
      if (leftMs <= 0) {
        throw new TimeoutError(`nothing is known of the topic after max.block.ms=${this.config.maxBlockMs}`, {
          topic,
          cause: cause ?? undefined,
        })
      }
      if (cause) metadata.requestUpdate()
      sender.wake()
      await this.#nextChange(leftMs)
    }
  }

  /** Under the names, groups and tags of the Java client; a frozen list, see `metricValue`. At any time, after `close()` as well. */
  metrics(): readonly KafkaMetric[] {
    const { metrics, nodes, accumulator, metadata } = this.#parts
    return metrics.snapshot({
      requestsInFlight: nodes.inFlight,
      bufferTotalBytes: this.config.bufferMemory,
      bufferAvailableBytes: accumulator.availableBytes,
      waitingSends: accumulator.waitingRecords + this.#intake.waiting,
      metadataAgeSeconds: Number.isFinite(metadata.lastFullMs)
        ? (performance.now() - metadata.lastFullMs) / 1000
        : Number.NaN,
    })
  }

  /** Gets a producer id and finishes what an earlier producer of the same `transactional.id` has left; call it once, first. */
  async initTransactions(): Promise<void> {
    await this.#call((transactions) => transactions.initTransactions())
  }

  /** @throws {IllegalStateError | TransactionFailedError | ProducerFencedError} */
  beginTransaction(): void {
    this.#checkOpen()
    const startMs = performance.now()
    this.#transactions('beginTransaction').beginTransaction()
    this.#parts.metrics.timeSpent('txnBeginMs', performance.now() - startMs)
  }

  /**
   * Makes the offsets of a consumer part of the transaction; the group is as the consumer describes it.
   *
   * @param group - its name, or what the consumer knows of itself: `{ groupId, generationId, memberId, groupInstanceId }`.
   */
  async sendOffsetsToTransaction(
    offsets: readonly TransactionOffset[],
    group: string | ConsumerGroup,
  ): Promise<void> {
    const whole = groupOf(group)
    await this.#call((transactions) => transactions.sendOffsets(offsets, whole))
  }

  /** Sends what waits, and commits once all of it is stored. Where it rejects, abort the transaction. */
  async commitTransaction(): Promise<void> {
    await this.#call((transactions) => transactions.commitTransaction())
  }

  /** What was not sent yet fails with `TransactionAbortedError`; nothing of the transaction is ever read by `read_committed`. */
  async abortTransaction(): Promise<void> {
    await this.#call((transactions) => transactions.abortTransaction())
  }

  /**
   * Runs `work` within a transaction: commits it when that returns, aborts it and rethrows when it throws or the commit fails.
   */
  async withTransaction<T>(work: (producer: this) => T | Promise<T>): Promise<T> {
    this.beginTransaction()
    try {
      const result = await work(this)
      await this.commitTransaction()
      return result
    } catch (error) {
      if (this.#parts.idempotence?.transactions.isOpen) {
        await this.abortTransaction().catch((failure: KafkaError) =>
          this.#logger.warn(`a transaction could not be aborted: ${failure.message}`),
        )
      }
      throw error
    }
  }

  /**
   * Takes no more records, sends what waits, aborts an open transaction, and ends all connections. What is not stored when the time
   * has passed fails. May be called again, also with a shorter time.
   *
   * @throws {IllegalArgumentError} by rejection, for a time that is no number from 0 on.
   */
  close({ timeoutMs = Number.POSITIVE_INFINITY }: KafkaProducerCloseOptions = {}): Promise<void> {
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) {
      return Promise.reject(
        new IllegalArgumentError(`close() takes timeoutMs from 0 on, not ${String(timeoutMs)}`),
      )
    }
    if (this.#closing === null) this.#closing = this.#close(timeoutMs)
    else if (timeoutMs === 0) this.#endWait?.()
    else if (timeoutMs < LONGEST_TIMER_MS) void this.#endAfter(timeoutMs)
    return this.#closing
  }

  /** Calls the listener when the producer is closed for good; exporters of metrics use it. There is no other event. */
  once(_event: 'close', listener: () => void): this {
    this.#closeListeners.add(listener)
    return this
  }

  off(_event: 'close', listener: () => void): this {
    this.#closeListeners.delete(listener)
    return this
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#isClosed = true
    const { accumulator, sender, outcomes } = this.#parts
    accumulator.close()
    sender.wake()
    if (timeoutMs > 0) await this.#drained(timeoutMs)
    this.#force()
    outcomes.reportUnobserved()
    await this.#security.sasl?.close?.()
    this.#closePlugins()
  }

  #closePlugins(): void {
    this.#interceptors?.close()
    for (const plugin of this.#plugins) {
      try {
        plugin.close?.()
      } catch (thrown) {
        this.#logger.warn(
          `close() of a plug-in threw: ${asKafkaError(thrown)?.message ?? nameOfThrown(thrown)}`,
        )
      }
    }
    this.#sayClosed()
  }

  #sayClosed(): void {
    const listeners = [...this.#closeListeners]
    this.#closeListeners.clear()
    for (const listener of listeners) {
      try {
        listener()
      } catch (thrown) {
        this.#logger.warn(`a listener of close failed: ${nameOfThrown(thrown)}`)
      }
    }
  }

  /** Resolves when everything is sent and answered, or the time limit has passed. Never rejects. */
  async #drained(timeoutMs: number): Promise<void> {
    let isOver = false
    const over = new Promise<void>((resolve) => {
      this.#endWait = () => {
        isOver = true
        resolve()
        this.#changed()
      }
    })
    const timer = timeoutMs <= LONGEST_TIMER_MS ? setTimeout(this.#endWait!, timeoutMs) : undefined
    await Promise.race([over, this.#finish(() => isOver)])
    clearTimeout(timer)
    this.#endWait = null
  }

  async #finish(isOver: () => boolean): Promise<void> {
    const { sender, idempotence, nodes } = this.#parts
    const transactions = idempotence?.transactions
    const isDone = (): boolean =>
      isOver() || (this.#intake.waiting === 0 && sender.isIdle && !transactions?.isCompleting)
    if (transactions?.isTransactional && transactions.isOpen) {
      try {
        transactions.abortTransaction()
      } catch {
        // Another call has begun meanwhile, or the producer has failed: there is nothing to abort.
      }
      sender.wake()
    }
    while (!isDone()) await this.#nextChange(Number.POSITIVE_INFINITY)
    // A connection that is closed with unread requests would lose them.
    if (this.config.acks === 0 && !isOver()) await nodes.confirm()
  }

  async #endAfter(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#endWait?.(), timeoutMs)
    await this.#closing
    clearTimeout(timer)
  }

  #force(): void {
    const { sender, nodes, metadata, source, idempotence } = this.#parts
    const error = new ProducerClosedError('the producer was closed before the record was stored')
    idempotence?.transactions.close(error)
    sender.abortAll(error)
    this.#intake.abort(error)
    sender.close()
    idempotence?.channel.close(error)
    nodes.close(error)
    metadata.close()
    source.close(error)
    this.#changed()
  }

  async #call(
    begin: (transactions: NonNullable<ProducerParts['idempotence']>['transactions']) => TransactionalResult,
  ): Promise<void> {
    this.#checkOpen()
    const startMs = performance.now()
    const result = begin(this.#transactions('a transaction'))
    this.#parts.sender.wake()
    const { maxBlockMs } = this.config
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(maxBlockMs, LONGEST_TIMER_MS))
      result.onDone(resolve)
    })
    clearTimeout(timer)
    const call = timedCalls.get(result.operation)
    if (call) this.#parts.metrics.timeSpent(call, performance.now() - startMs)
    if (!result.isDone) {
      throw new TimeoutError(
        `${result.operation}() has not ended within max.block.ms=${maxBlockMs}; call it again to wait for it`,
      )
    }
    result.markSeen()
    if (result.error) throw result.error
  }

  #transactions(operation: string): NonNullable<ProducerParts['idempotence']>['transactions'] {
    const transactions = this.#parts.idempotence?.transactions
    if (transactions) return transactions
    throw new IllegalStateError(`${operation} needs the setting transactional.id`)
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new ProducerClosedError()
  }

  /** Records that were never in a batch. */
  #failed(futures: readonly FutureRecordMetadata[], error: KafkaError): void {
    if (futures.length === 0) return
    const { metrics, outcomes, idempotence } = this.#parts
    metrics.sendsFailed(futures.length)
    if (error instanceof BufferExhaustedError) metrics.buffersExhausted(futures.length)
    if (idempotence?.transactions.isTransactional) idempotence.transactions.recordFailed(error)
    outcomes.failed(futures, error)
    this.#parts.sender.wake()
  }

  #changed(): void {
    const listeners = this.#onChange
    if (listeners.length === 0) return
    this.#onChange = []
    for (const listener of listeners) listener()
  }

  /** Resolves after the next run of the sender, when metadata has come, or after this time. */
  #nextChange(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeoutMs <= LONGEST_TIMER_MS ? setTimeout(resolve, timeoutMs) : undefined
      this.#onChange.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

/** Operations of transactions → what their time is counted as. */
const timedCalls: ReadonlyMap<string, TimedCall> = new Map([
  ['initTransactions', 'txnInitMs'],
  ['sendOffsetsToTransaction', 'txnSendOffsetsMs'],
  ['commitTransaction', 'txnCommitMs'],
  ['abortTransaction', 'txnAbortMs'],
])

function isKafkas(serializer: Serializer): boolean {
  for (const Class of serializerClasses.values()) if (serializer.constructor === Class) return true
  return false
}

function partitionInfo(
  topic: string,
  {
    partition,
    leaderId,
    replicas,
    inSyncReplicas,
  }: Readonly<Record<'partition' | 'leaderId', number>> & {
    readonly replicas: readonly number[]
    readonly inSyncReplicas: readonly number[]
  },
): PartitionInfo {
  return { topic, partition, leader: leaderId < 0 ? null : leaderId, replicas, inSyncReplicas }
}

/** @throws {IllegalArgumentError} for a group that no consumer can have. */
function groupOf(group: string | ConsumerGroup): ConsumerGroup {
  const given = typeof group === 'string' ? { groupId: group } : group
  if (given === null || typeof given !== 'object' || typeof given.groupId !== 'string') {
    throw new IllegalArgumentError('sendOffsetsToTransaction() takes the group of the consumer')
  }
  const whole = { generationId: -1, memberId: NO_MEMBER, groupInstanceId: null, ...given }
  if (whole.generationId > 0 && whole.memberId === NO_MEMBER) {
    throw new IllegalArgumentError('a generation of a group belongs to a member: memberId is missing')
  }
  return whole
}
