/**
 * Produce and Metadata requests to one broker.
 *
 * Connects on its first request and again on the next one after a failure; concurrent requests share one connect.
 * Retries nothing and knows no partitions: it reports what happened.
 *
 * @see classic-producer reference §6; design D7, D9
 */
import { ConnectionError, type KafkaError } from '../errors.js'
import { BrokerClient, type BrokerClientSettings } from '../network/broker-client.js'
import { addressText, type BrokerAddress } from '../network/connection.js'
import {
  type MetadataResponse,
  metadata,
  type ProduceRequest,
  type ProduceResponse,
  produce,
} from '../protocol/messages/index.js'

/** Told of what happens to the connection; for events and logs. */
export interface SyncProducerListener {
  onConnect(broker: string): void
  /** @param reason - null when it was closed from this side. */
  onDisconnect(broker: string, reason: KafkaError | null): void
  /** The broker closed on requests that have no answer (acks 0): up to this many may not have been stored. */
  onUnconfirmed(broker: string, requests: number, reason: KafkaError): void
  /**
   * A produce request is over, well or not.
   *
   * @param bytes - on the wire, length field included; null when it was never encoded.
   * @param startMs - when it was called, before a connect; like `endMs` by `performance.now()`.
   */
  onProduced?(broker: string, bytes: number | null, startMs: number, endMs: number): void
}

export interface SyncProducerSettings extends BrokerClientSettings {
  /** `request.timeout.ms`: how long the broker may take. */
  readonly requestTimeoutMs: number
  readonly listener?: SyncProducerListener
}

const LONGEST_TIMER_MS = 0x7fffffff

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
  readonly #settings: SyncProducerSettings
  #client: BrokerClient | null = null
  #connecting: Promise<BrokerClient> | null = null
  #giveUp = new AbortController()
  #closedFor: KafkaError | null = null
  /** Requests with acks 0 written since a round trip last proved that the broker reads. */
  #unconfirmed = 0
  /** A topic of theirs, for that round trip. */
  #unconfirmedTopic = ''

  constructor(address: BrokerAddress, settings: SyncProducerSettings) {
    this.address = address
    this.broker = addressText(address)
    this.#settings = settings
  }

  get isConnected(): boolean {
    return this.#client?.isOpen ?? false
  }

  /** Connects ahead of the first request. @throws {ConnectionError | RequestTimeoutError} */
  async connect(): Promise<void> {
    await this.#connected()
  }

  /**
   * @param sizeHint - expected bytes of the request.
   * @returns the answer, or null with acks 0, then once all bytes are in the kernel's hands.
   * @throws {ConnectionError | RequestTimeoutError | DecodeError} `persistence` says whether the broker may have it.
   * @throws {EncodeError} when the request cannot be encoded.
   */
  async send(request: ProduceRequest, sizeHint?: number): Promise<ProduceResponse | null> {
    const startMs = performance.now()
    let bytes: number | null = null
    const options = {
      timeoutMs: answerTimeoutMs(this.#settings.requestTimeoutMs),
      sizeHint,
      onEncoded: (length: number): void => {
        bytes = length
      },
    }
    try {
      const client = await this.#connected()
      if (request.acks !== 0) return await client.request(produce, request, options)
      await client.send(produce, request, options)
      this.#unconfirmed++
      this.#unconfirmedTopic = request.topics[0]?.name ?? ''
      return null
    } finally {
      this.#settings.listener?.onProduced?.(this.broker, bytes, startMs, performance.now())
    }
  }

  /** Asks for these topics, at least one (none would mean all). Brokers that auto-create topics create them now. */
  async fetchMetadata(topics: readonly string[]): Promise<MetadataResponse> {
    const client = await this.#connected()
    return client.request(metadata, { topics: [...topics] }, { timeoutMs: this.#settings.requestTimeoutMs })
  }

  /**
   * After acks 0: returns once the broker has answered a request that was sent after all of them, so it has read them.
   * Does nothing when nothing is unconfirmed.
   *
   * @throws as {@link fetchMetadata}; then nobody knows.
   */
  async confirm(): Promise<void> {
    const client = this.#client
    if (this.#unconfirmed === 0 || !client) return
    const confirmed = this.#unconfirmed
    await client.request(
      metadata,
      { topics: [this.#unconfirmedTopic] },
      { timeoutMs: this.#settings.requestTimeoutMs },
    )
    this.#unconfirmed -= confirmed
  }

  /** Ends the connection because its stream cannot be trusted; the next request makes a new one. */
  disconnect(reason: KafkaError): void {
    this.#client?.close(reason)
  }

  /** Ends the connection for good; what waits fails with `reason`. A second call does nothing. */
  close(
    reason: KafkaError = new ConnectionError(`the connection to ${this.broker} was closed from this side`),
  ): void {
    if (this.#closedFor) return
    this.#closedFor = reason
    this.#unconfirmed = 0
    this.#giveUp.abort(reason)
    this.#client?.close(reason)
  }

  async #connected(): Promise<BrokerClient> {
    if (this.#closedFor) throw this.#closedFor
    if (this.#client) return this.#client
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = null
    })
    return this.#connecting
  }

  async #connect(): Promise<BrokerClient> {
    let client: BrokerClient | null = null
    client = await BrokerClient.connect(
      this.address,
      this.#settings,
      (reason) => client && this.#onClose(client, reason),
      this.#giveUp.signal,
    )
    // Between the socket's connect and this line other code may have run.
    if (this.#closedFor) {
      client.close(this.#closedFor)
      throw this.#closedFor
    }
    if (!client.isOpen) {
      throw new ConnectionError(`${this.broker} closed the connection at once`, { broker: this.broker })
    }
    this.#client = client
    this.#settings.listener?.onConnect(this.broker)
    return client
  }

  #onClose(client: BrokerClient, reason: KafkaError): void {
    if (this.#client !== client) return
    this.#client = null
    const unconfirmed = this.#unconfirmed
    this.#unconfirmed = 0
    const { listener } = this.#settings
    if (unconfirmed > 0) listener?.onUnconfirmed(this.broker, unconfirmed, reason)
    listener?.onDisconnect(this.broker, this.#closedFor ? null : reason)
  }
}
