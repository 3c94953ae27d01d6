/**
 * Produce and Metadata requests to one broker, as the original's class of this name sends them: the 0.8 face of a
 * {@link BrokerSession}, which connects on the first request and again on the next one after a failure.
 *
 * Retries nothing and knows no partitions: it reports what happened.
 *
 * @see docs/reference/classic-producer.md#connections; docs/decisions/0000-classic-producer.md#d7, #d9, #d12
 */
import type { BrokerAddress } from '../broker-address.js'
import type { KafkaError } from '../errors.js'
import type { BrokerSession, Ready } from '../network/broker-session.js'
import { closedFromThisSide } from '../network/client-errors.js'
import type { ReadyConnection } from '../network/ready-connection.js'
import { canNameById, VERSION_OF_TOPIC_IDS, withTopicNames } from '../produce/topic-ids.js'
import {
  type InitProducerIdResponse,
  initProducerId,
  type MetadataResponse,
  type ProduceRequest,
  type ProduceResponse,
  produce,
} from '../protocol/messages/index.js'
import type { EncodedRequest } from '../protocol/request-response.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import type { Unconfirmed } from './unconfirmed-writes.js'
import { WriteConfirmation } from './write-confirmation.js'

export type { EncodedRequest }

/** Called with what its requests bring; for events, metrics and logs. */
export interface SyncProducerListener {
  /** The connection has ended with requests that have no answer (acks 0): up to this many may not have been stored. */
  onUnconfirmed?(broker: string, unconfirmed: Unconfirmed, reason: KafkaError): void
  /** Finding out the broker's versions has brought metadata of these topics along that nobody had asked for. */
  onMetadata?(topics: readonly string[], response: MetadataResponse): void
  /**
   * A produce request has completed or failed.
   *
   * @param bytes - on the wire, length field included; null when it was never encoded.
   * @param startMs - when it was called, before a connect; like `endMs` by `performance.now()`.
   */
  onProduced?(broker: string, bytes: number | null, startMs: number, endMs: number): void
}

export interface SyncProducerOptions {
  /** `request.timeout.ms`: how long a broker may take for a produce request, in milliseconds. */
  readonly requestTimeoutMs: number
  readonly listener?: SyncProducerListener
}

export interface ProduceOptions {
  /** Expected bytes of the request; only saves copying. */
  sizeHint?: number
  /** The request as {@link ProduceConnection.encode} returned it. Default: encoded now. */
  encoded?: EncodedRequest
  /** Messages in the request, for {@link SyncProducerListener.onUnconfirmed}. Default 0. */
  messages?: number
  /** Called in the turn in which the request is written, before; what it throws keeps it from being written. */
  onWriting?: () => void
}

/** One open connection, for one produce request: its records are made for what this broker takes, and go nowhere else. */
export interface ProduceConnection {
  /** Of Produce: decides how records are written. */
  readonly version: number
  readonly isOpen: boolean
  /** Encodes a request that is sent later on this connection. @throws {EncodeError} when it cannot be encoded. */
  encode(request: ProduceRequest, sizeHint: number): EncodedRequest
  /** As {@link SyncProducer.send}, on this connection alone. */
  send(request: ProduceRequest, options?: ProduceOptions): Promise<ProduceResponse | null>
  /**
   * Asks for a producer id, for idempotence without transactions.
   *
   * @throws {UnsupportedVersionError} when the broker is older than Kafka 0.11; else as {@link SyncProducer.fetchMetadata}.
   */
  initProducerId(): Promise<InitProducerIdResponse>
}

/**
 * Waits this much longer than the broker may, so that its own REQUEST_TIMED_OUT can arrive: a tenth, between 100 ms
 * and 1 s. The original waited exactly as long as the broker and usually missed that answer.
 */
export function answerTimeoutMs(requestTimeoutMs: number): number {
  const marginMs = Math.min(1000, Math.max(100, Math.ceil(requestTimeoutMs / 10)))
  // A timer set for longer would fire at once, and request.timeout.ms may be Java's largest integer.
  return Math.min(LONGEST_TIMER_MS, requestTimeoutMs + marginMs)
}

export class SyncProducer {
  readonly address: BrokerAddress
  /** `host:port`. */
  readonly broker: string
  readonly #options: SyncProducerOptions
  readonly #session: BrokerSession
  readonly #confirmation: WriteConfirmation
  #closedFor: KafkaError | null = null
  /** For requests over the open connection: one object for all of them. */
  #open: { readonly ready: Ready; readonly connection: ProduceConnection } | null = null

  /**
   * @param session - of the broker. Others may use it as well; one use of it becomes the SyncProducer's, which
   *   {@link close} releases.
   */
  constructor(session: BrokerSession, options: SyncProducerOptions) {
    this.address = session.address
    this.broker = session.broker
    this.#session = session
    this.#options = options
    this.#confirmation = new WriteConfirmation(options.requestTimeoutMs, (unconfirmed, reason) =>
      options.listener?.onUnconfirmed?.(this.broker, unconfirmed, reason),
    )
  }

  get isConnected(): boolean {
    return this.#session.isConnected
  }

  /**
   * Connects ahead of the first request. Does nothing where the broker is not known and no topic is given: the
   * question for its versions names one.
   *
   * @param topic - one that exists: a broker may create what it is asked for, a topic that was deleted included.
   * @throws {ConnectionError | RequestTimeoutError}
   */
  async connect(topic: string | null = null): Promise<void> {
    if (topic === null && !this.#session.isKnown) return
    const topics = topic === null ? [] : [topic]
    this.#passOn(topics, await this.#ready(topics))
  }

  /**
   * The connection for one produce request. Connects where that is needed; the time this takes is part of the request,
   * and where it fails, that request has failed.
   *
   * @param topics - of the messages that wait.
   * @returns at once while a connection is open, so that nobody waits for nothing.
   * @throws {UnsupportedVersionError} when the broker speaks none that is known here.
   */
  ready(topics: readonly string[]): ProduceConnection | Promise<ProduceConnection> {
    const ready = this.#ready(topics)
    if (ready instanceof Promise) return this.#whenConnected(topics, ready, (connection) => connection)
    return this.#over(ready, topics)
  }

  /**
   * @returns the answer, or null with acks 0, then once all bytes are in the kernel's hands.
   * @throws {ConnectionError | RequestTimeoutError | DecodeError} `persistence` says whether the broker may have it.
   * @throws {EncodeError} when the request cannot be encoded.
   * @throws {UnsupportedVersionError} when the broker supports no version known here.
   */
  async send(request: ProduceRequest, options: ProduceOptions = {}): Promise<ProduceResponse | null> {
    const topics = request.topics.map(({ name }) => name)
    const ready = this.#ready(topics)
    if (!(ready instanceof Promise)) return this.#over(ready, topics).send(request, options)
    return this.#whenConnected(topics, ready, (connection) => connection.send(request, options))
  }

  /** Asks for these topics, at least one (none would mean all). Brokers that auto-create topics create them now. */
  async fetchMetadata(topics: readonly string[]): Promise<MetadataResponse> {
    if (this.#closedFor) throw this.#closedFor
    return (await this.#session.fetchMetadata(topics)).response
  }

  /**
   * After acks 0: returns once the broker has answered a request that was sent after all of them, so it has read them.
   * Does nothing when nothing is unconfirmed. Calls at the same time share a round trip where that proves as much.
   *
   * @throws as {@link fetchMetadata}; then nobody knows.
   */
  confirm(): Promise<void> {
    return this.#confirmation.confirm()
  }

  /** Ends the connection because its stream cannot be trusted; the next request makes a new one. */
  disconnect(reason: KafkaError): void {
    this.#session.disconnect(reason)
  }

  /**
   * Ends the connection for good; what waits fails with `reason`. A second call does nothing.
   *
   * A session that others use stays open, and what waits on it may still be answered.
   */
  close(reason: KafkaError = closedFromThisSide(this.broker)): void {
    if (this.#closedFor) return
    this.#closedFor = reason
    this.#session.release(reason)
    this.#confirmation.giveUp(reason)
  }

  #ready(topics: readonly string[]): Ready | Promise<Ready> {
    return this.#closedFor ? Promise.reject(this.#closedFor) : this.#session.ready(topics)
  }

  /** @param use - called in the turn in which others that waited for the connection go on: requests keep their order. */
  async #whenConnected<T>(
    topics: readonly string[],
    connecting: Promise<Ready>,
    use: (connection: ProduceConnection) => T | Promise<T>,
  ): Promise<T> {
    const startMs = performance.now()
    let connection: ProduceConnection
    try {
      const ready = await connecting
      this.#passOn(topics, ready)
      connection = this.#connectionOf(ready)
    } catch (error) {
      this.#produced(null, startMs)
      throw error
    }
    return use(connection)
  }

  /** The open connection. */
  #over(ready: Ready, topics: readonly string[]): ProduceConnection {
    this.#session.lookAgain(topics)
    if (this.#open?.ready !== ready) this.#open = { ready, connection: this.#connectionOf(ready) }
    return this.#open.connection
  }

  #connectionOf({ connection, connectMs }: Ready): ProduceConnection {
    return {
      version: connection.version(produce),
      get isOpen() {
        return connection.isOpen
      },
      encode: (request, sizeHint) =>
        connection.encode(produce, request, { version: versionFor(connection, request), sizeHint }),
      send: (request, options = {}) =>
        this.#send(connection, request, options, performance.now() - connectMs),
      initProducerId: () => {
        const timeoutMs = answerTimeoutMs(this.#options.requestTimeoutMs)
        return connection.request(initProducerId, withoutTransactions, { timeoutMs })
      },
    }
  }

  /** What came with the versions is newer than what the connection was made by. */
  #passOn(topics: readonly string[], { metadata }: Ready): void {
    if (metadata) this.#options.listener?.onMetadata?.(topics, metadata)
  }

  async #send(
    connection: ReadyConnection,
    request: ProduceRequest,
    { sizeHint, encoded, messages = 0, onWriting }: ProduceOptions,
    startMs: number,
  ): Promise<ProduceResponse | null> {
    let bytes: number | null = null
    const onEncoded = (length: number): void => {
      onWriting?.()
      bytes = length
    }
    try {
      const timeoutMs = answerTimeoutMs(this.#options.requestTimeoutMs)
      const options = { timeoutMs, version: versionFor(connection, request), sizeHint, onEncoded }
      if (request.acks === 0) {
        await connection.send(produce, encoded ?? request, options)
        this.#confirmation.written(connection, request, messages)
        return null
      }
      const confirmed = this.#confirmation.mark()
      const response = await connection.request(produce, encoded ?? request, options)
      confirmed?.()
      return withTopicNames(response, request)
    } finally {
      this.#produced(bytes, startMs)
    }
  }

  #produced(bytes: number | null, startMs: number): void {
    this.#options.listener?.onProduced?.(this.broker, bytes, startMs, performance.now())
  }
}

/** The time-out means nothing without a transactional id. */
const withoutTransactions = {
  transactionalId: null,
  transactionTimeoutMs: 2147483647,
  producerId: -1n,
  producerEpoch: -1,
}

/** Of Produce: the newest, unless that names topics by id and one of these ids is not known. */
function versionFor(connection: ReadyConnection, request: ProduceRequest): number {
  const newest = connection.version(produce)
  if (newest < VERSION_OF_TOPIC_IDS || canNameById(request)) return newest
  return connection.version(produce, VERSION_OF_TOPIC_IDS - 1)
}
