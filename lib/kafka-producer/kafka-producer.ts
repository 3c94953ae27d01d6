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
import type { KafkaProducerProperties } from '../config/kafka-producer-keys.js'
import { AuthenticationError, type KafkaError, ProducerClosedError } from '../errors.js'
import { defaultLogger, guarded, type Logger } from '../logger.js'
import type { KafkaMetric } from '../metrics/kafka-metric.js'
import type { CredentialsProvider } from '../security/credentials.js'
import type { OAuthTokenProvider } from '../security/oauth-token.js'
import { type SecuritySettings, securitySettings } from '../security/security-settings.js'
import type { TlsOptions } from '../security/security-values.js'
import { Changes } from './changes.js'
import { CloseListeners } from './close-listeners.js'
import { KafkaProducerConfig } from './kafka-producer-config.js'
import { type PartitionInfo, PartitionLookup } from './partition-lookup.js'
import type { PluginClasses } from './plugins.js'
import { ProducerClosing } from './producer-closing.js'
import { compose, type ProducerParts } from './producer-parts.js'
import { ProducerPlugins } from './producer-plugins.js'
import type { ProducerRecord, RecordLike } from './producer-record.js'
import { BufferExhaustedError, IllegalArgumentError, RecordFilteredError } from './record-errors.js'
import { type Callback, FutureRecordMetadata, type RecordFuture } from './record-future.js'
import { RecordIntake } from './record-intake.js'
import { type RecordSender, RecordWritable, type RecordWritableOptions } from './record-writable.js'
import type { Serializer } from './serializer.js'
import { groupOf, TransactionCalls } from './transaction-calls.js'
import type { ConsumerGroup, TransactionOffset } from './transaction-requests.js'
import { TurnClock } from './turn-clock.js'

export type { PartitionInfo } from './partition-lookup.js'

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

export class KafkaProducer<K = unknown, V = unknown> {
  readonly config: KafkaProducerConfig
  readonly #parts: ProducerParts
  readonly #intake: RecordIntake
  readonly #plugins: ProducerPlugins
  readonly #closeListeners: CloseListeners
  readonly #changes = new Changes()
  readonly #partitions: PartitionLookup
  readonly #calls: TransactionCalls
  readonly #closing: ProducerClosing

  /**
   * @param config - what a `producer.properties` of a Java client says, as an object; or a KafkaProducerConfig.
   * @throws {ConfigError} naming the key. With idempotence a producer id is asked for at once, and a connection opened for it.
   */
  constructor(
    config: KafkaProducerConfig | KafkaProducerProperties | ReadonlyMap<string, unknown>,
    options: KafkaProducerOptions<K, V> = {},
  ) {
    const { classes = {}, keySerializer, valueSerializer } = options
    const ofConfig = configOptions(options)
    const { logger } = ofConfig
    this.#closeListeners = new CloseListeners(logger)
    this.config =
      config instanceof KafkaProducerConfig
        ? config
        : new KafkaProducerConfig(config as KafkaProducerProperties, ofConfig)
    this.config.reportTo(logger)
    const given = { key: keySerializer as Serializer, value: valueSerializer as Serializer }
    this.#plugins = new ProducerPlugins(this.config, classes, given, logger)
    let security: SecuritySettings
    try {
      security = securitySettings(this.config.security, { ...options, logger })
      this.#parts = compose(this.config, this.#plugins.interceptors, logger, security, {
        onWaits: (nowMs) => this.#intake.expire(nowMs),
        hasWaits: () => this.#intake.waiting > 0,
        onAbort: (error) => this.#intake.abort(error),
        onRecordsFailed: (futures, error) => this.#failed(futures, error),
        onRun: () => this.#changes.notify(),
        onMetadata: (error) => {
          // Waiting does not help: who reads the error has to act.
          if (error instanceof AuthenticationError) this.#intake.abort(error)
          this.#intake.admit(performance.now())
          this.#changes.notify()
        },
      })
    } catch (error) {
      this.#plugins.close()
      throw error
    }
    const { accumulator, metadata, cluster, sender, metrics, idempotence } = this.#parts
    const { maxBlockMs } = this.config
    const { wake } = sender
    this.#intake = new RecordIntake({
      plugins: this.#plugins,
      ignoresKeys: this.config.partitionerIgnoreKeys,
      accumulator,
      metadata,
      cluster,
      clock: new TurnClock(),
      maxBlockMs,
      maxWaitingBytes: this.config.bufferMemory,
      wake,
      onFailed: (futures, error) => this.#failed(futures, error),
      onWaited: (waitedMs) => metrics.timeSpent('metadataWaitMs', waitedMs),
    })
    this.#partitions = new PartitionLookup({ metadata, cluster, changes: this.#changes, maxBlockMs, wake })
    const transactions = idempotence?.transactions ?? null
    this.#calls = new TransactionCalls({ transactions, maxBlockMs, metrics, logger, wake })
    this.#closing = new ProducerClosing({
      parts: this.#parts,
      intake: this.#intake,
      changes: this.#changes,
      isAnswered: this.config.acks !== 0,
      security,
      onClosed: () => {
        this.#plugins.close()
        this.#closeListeners.call()
      },
    })
    // As in the Java client the producer id is asked for before there is anything to number.
    if (this.config.enableIdempotence) wake()
  }

  /** Reads the configuration from a properties file, see `KafkaProducerConfig.fromFile`. */
  static fromFile<K = unknown, V = unknown>(
    path: string,
    options: KafkaProducerOptions<K, V> = {},
  ): KafkaProducer<K, V> {
    return new KafkaProducer<K, V>(KafkaProducerConfig.fromFile(path, configOptions(options)), options)
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
  partitionsFor(topic: string): Promise<readonly PartitionInfo[]> {
    return this.#partitions.find(topic, () => this.#closing.hasBegun)
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
    this.#calls.beginTransaction()
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
  withTransaction<T>(work: (producer: this) => T | Promise<T>): Promise<T> {
    return this.#calls.within(this, work)
  }

  /**
   * Takes no more records, sends what waits, aborts an open transaction, and ends all connections. What is not stored when the time
   * has passed fails. May be called again, also with a shorter time.
   *
   * @throws {IllegalArgumentError} by rejection, for a time that is no number from 0 on.
   */
  close({ timeoutMs = Number.POSITIVE_INFINITY }: KafkaProducerCloseOptions = {}): Promise<void> {
    return this.#closing.close(timeoutMs)
  }

  /** Calls the listener when the producer is closed for good; exporters of metrics use it. There is no other event. */
  once(_event: 'close', listener: () => void): this {
    this.#closeListeners.add(listener)
    return this
  }

  off(_event: 'close', listener: () => void): this {
    this.#closeListeners.remove(listener)
    return this
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #call(begin: Parameters<TransactionCalls['call']>[0]): Promise<void> {
    this.#checkOpen()
    await this.#calls.call(begin)
  }

  #checkOpen(): void {
    if (this.#closing.hasBegun) throw new ProducerClosedError()
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
}

/** What reading a configuration needs of the options. */
function configOptions<K, V>({ logger, keySerializer, valueSerializer }: KafkaProducerOptions<K, V>) {
  return {
    logger: guarded(logger ?? defaultLogger),
    hasKeySerializer: keySerializer !== undefined,
    hasValueSerializer: valueSerializer !== undefined,
  }
}
