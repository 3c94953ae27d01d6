/**
 * Produce and Metadata requests to one broker.
 *
 * Connects on its first request and again on the next one after a failure; concurrent requests share one connect, and
 * a broker that is not known yet is asked on the way which versions it speaks. Retries nothing and knows no
 * partitions: it reports what happened.
 *
 * @see docs/reference/classic-producer.md#connections; docs/decisions/0000-classic-producer.md#d7, #d9, #d12
 */
import { ConnectionError, EncodeError, type KafkaError } from '../errors.js'
import { ApiVersionsCache } from '../network/api-versions-cache.js'
import { BrokerClient, type BrokerClientSettings, type RequestOptions } from '../network/broker-client.js'
import { addressText, type BrokerAddress } from '../network/connection.js'
import { negotiate, saysVersions } from '../network/negotiate.js'
import { canNameById, VERSION_OF_TOPIC_IDS, withTopicNames } from '../produce/topic-ids.js'
import {
  type MetadataResponse,
  metadata,
  metadataRequest,
  type ProduceRequest,
  type ProduceResponse,
  produce,
} from '../protocol/messages/index.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import { SecondLooks } from './second-looks.js'
import { type Unconfirmed, UnconfirmedWrites } from './unconfirmed-writes.js'

/** Called when something happens to the connection; for events and logs. */
export interface SyncProducerListener {
  onConnect(broker: string): void
  /** @param reason - null when it was closed from this side. */
  onDisconnect(broker: string, reason: KafkaError | null): void
  /** The connection has ended with requests that have no answer (acks 0): up to this many may not have been stored. */
  onUnconfirmed(broker: string, unconfirmed: Unconfirmed, reason: KafkaError): void
  /** Finding out what the broker speaks has brought metadata of these topics along that nobody had asked for. */
  onMetadata?(topics: readonly string[], response: MetadataResponse): void
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
  /** The broker's release was guessed, and it says now that it is another: this connection should be replaced. */
  readonly onOutdated?: (address: BrokerAddress) => void
  /** What is known of brokers, shared by all SyncProducers of a producer. Default: its own. */
  readonly apiVersionsCache?: ApiVersionsCache
}

export interface ProduceOptions {
  /** The version that the records were made for; see {@link SyncProducer.produceVersion}. Default: the newest. */
  version?: number
  /** Expected bytes of the request; only saves copying. */
  sizeHint?: number
  /** Messages in the request, for {@link SyncProducerListener.onUnconfirmed}. Default 0. */
  messages?: number
  /** Called in the turn in which the request is written, before; what it throws keeps it from being written. */
  onWriting?: () => void
}

/** Topics that were asked for while the versions were found out, and the answer. */
interface Learned {
  readonly topics: readonly string[]
  readonly response: MetadataResponse
}

/** Of Metadata. */
const VERSION_WITH_TOPIC_IDS = 10
/** Of Metadata: from here on a list of no topics asks for none; before, for all there are. */
const VERSION_WITHOUT_TOPICS = 1

/**
 * While requests with acks 0 are written, a round trip follows so often: it bounds what a broken connection leaves in
 * doubt, and finds a broker that has fallen silent.
 */
const CONFIRM_INTERVAL_MS = 1000

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
  readonly #apiVersionsCache: ApiVersionsCache
  #client: BrokerClient | null = null
  #connecting: Promise<BrokerClient> | null = null
  /** Being asked for its versions. */
  #opening: BrokerClient | null = null
  #learned: Learned | null = null
  /** Null where the broker said what it speaks. */
  #secondLooks: SecondLooks | null = null
  #lacksTopicIds = false
  /** What connecting has taken for a request that is still being made. */
  #connectMs = 0
  #giveUp = new AbortController()
  #closedFor: KafkaError | null = null
  readonly #unconfirmed = new UnconfirmedWrites()
  /** Topic of the latest request with acks 0. */
  #unconfirmedTopic = ''
  /** The latest round trip for these requests, while it is under way. */
  #confirming: Promise<void> | null = null
  #confirmTimer: NodeJS.Timeout | undefined

  constructor(address: BrokerAddress, settings: SyncProducerSettings) {
    this.address = address
    this.broker = addressText(address)
    this.#settings = settings
    this.#apiVersionsCache = settings.apiVersionsCache ?? new ApiVersionsCache(null)
  }

  /** Whether the last answer of {@link fetchMetadata} came with the question for versions, and a newer one tells more. */
  get lacksTopicIds(): boolean {
    return this.#lacksTopicIds
  }

  get isConnected(): boolean {
    return this.#client?.isOpen ?? false
  }

  /**
   * Connects ahead of the first request. Does nothing where the broker is not known and no topic is given: the
   * question for its versions names one.
   *
   * @param topic - one that exists: a broker may create what it is asked for, a topic that was deleted included.
   * @throws {ConnectionError | RequestTimeoutError}
   */
  async connect(topic: string | null = null): Promise<void> {
    if (topic !== null) await this.#connected([topic])
    else if (this.#apiVersionsCache.of(this.broker)) await this.#connected([])
    this.#passOnMetadata()
  }

  /**
   * The version that a produce request takes now: it decides how records are written. Connects where that is needed.
   *
   * @param topics - of the messages that wait.
   * @returns a number at once when it is known, so that nobody waits for nothing.
   * @throws {UnsupportedVersionError} when the broker speaks none that is known here.
   */
  produceVersion(topics: readonly string[]): number | Promise<number> {
    const versions = this.#client?.versions
    if (!versions) return this.#versionOnceConnected(topics)
    if (this.#secondLooks?.isDue(performance.now())) void this.#lookAgain(topics)
    return versions.versionOf(produce, this.broker)
  }

  /** Beside the traffic, on a connection of its own. Never rejects. */
  async #lookAgain(topics: readonly string[]): Promise<void> {
    const { requestTimeoutMs, onOutdated } = this.#settings
    const { signal } = this.#giveUp
    const open = (): Promise<BrokerClient> =>
      BrokerClient.connect(this.address, this.#settings, () => {}, signal)
    const isOutdated = await saysVersions(open, topics, requestTimeoutMs, signal)
    if (isOutdated && !this.#closedFor) onOutdated?.(this.address)
  }

  /** The time this takes is part of the request that waits for it, and where it fails, that request has failed. */
  async #versionOnceConnected(topics: readonly string[]): Promise<number> {
    const startMs = performance.now()
    try {
      const { versions } = await this.#connected(topics)
      this.#passOnMetadata()
      const version = versions!.versionOf(produce, this.broker)
      this.#connectMs = performance.now() - startMs
      return version
    } catch (error) {
      this.#settings.listener?.onProduced?.(this.broker, null, startMs, performance.now())
      throw error
    }
  }

  /**
   * @returns the answer, or null with acks 0, then once all bytes are in the kernel's hands.
   * @throws {ConnectionError | RequestTimeoutError | DecodeError} `persistence` says whether the broker may have it.
   * @throws {EncodeError} when the request cannot be encoded.
   * @throws {UnsupportedVersionError} when the broker does not speak any version known here.
   */
  async send(
    request: ProduceRequest,
    { version, sizeHint, messages = 0, onWriting }: ProduceOptions = {},
  ): Promise<ProduceResponse | null> {
    const startMs = performance.now() - this.#connectMs
    this.#connectMs = 0
    let bytes: number | null = null
    const onEncoded = (length: number): void => {
      onWriting?.()
      bytes = length
    }
    try {
      const client = this.#client?.versions
        ? this.#client
        : await this.#connected(request.topics.map(({ name }) => name))
      const options = {
        timeoutMs: answerTimeoutMs(this.#settings.requestTimeoutMs),
        version: this.#versionFor(client, request, version),
        sizeHint,
        onEncoded,
      }
      if (request.acks !== 0) return await this.#sendAndAwait(client, request, options)
      await client.send(produce, request, options)
      this.#written(client, request, messages)
      return null
    } finally {
      this.#settings.listener?.onProduced?.(this.broker, bytes, startMs, performance.now())
    }
  }

  /** Asks for these topics, at least one (none would mean all). Brokers that auto-create topics create them now. */
  async fetchMetadata(topics: readonly string[]): Promise<MetadataResponse> {
    const client = await this.#connected(topics)
    const learned = this.#learned
    this.#learned = null
    this.#lacksTopicIds =
      learned?.topics === topics && client.versions!.knows(metadata, VERSION_WITH_TOPIC_IDS)
    return learned?.topics === topics ? learned.response : this.#askFor(client, topics)
  }

  /**
   * After acks 0: returns once the broker has answered a request that was sent after all of them, so it has read them.
   * Does nothing when nothing is unconfirmed. Calls at the same time share a round trip where that proves as much.
   *
   * @throws as {@link fetchMetadata}; then nobody knows.
   */
  async confirm(): Promise<void> {
    if (this.#unconfirmed.isEmpty || !this.#client) return
    if (!this.#confirming || this.#unconfirmed.hasNew) this.#confirming = this.#roundTrip(this.#client)
    await this.#confirming
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
    this.#giveUp.abort(reason)
    this.#opening?.close(reason)
    this.#client?.close(reason)
  }

  /** What came with the versions is newer than what the connection was made by. */
  #passOnMetadata(): void {
    const learned = this.#learned
    if (!learned) return
    this.#learned = null
    this.#settings.listener?.onMetadata?.(learned.topics, learned.response)
  }

  /** Any answer proves that the broker has read what was written with acks 0 before. */
  async #sendAndAwait(
    client: BrokerClient,
    request: ProduceRequest,
    options: RequestOptions,
  ): Promise<ProduceResponse> {
    const confirmed = this.#unconfirmed.isEmpty ? null : this.#unconfirmed.mark()
    const response = await client.request(produce, request, options)
    confirmed?.()
    return withTopicNames(response, request)
  }

  /** With acks 0. */
  #written(client: BrokerClient, request: ProduceRequest, messages: number): void {
    this.#unconfirmed.add(request, messages)
    this.#unconfirmedTopic = request.topics[0]?.name ?? ''
    if (this.#client === client) this.#confirmInTime()
    else
      this.#reportUnconfirmed(
        new ConnectionError(`the connection to ${this.broker} ended`, { broker: this.broker }),
      )
  }

  #confirmInTime(): void {
    this.#confirmTimer ??= setTimeout(() => {
      this.#confirmTimer = undefined
      if (this.#unconfirmed.isEmpty) return
      // When it fails, the connection ends and the listener is called.
      this.confirm().then(undefined, () => {})
      this.#confirmInTime()
    }, CONFIRM_INTERVAL_MS)
  }

  /** Asks for no topic where that is possible: it costs least, and creates none that was deleted meanwhile. */
  #roundTrip(client: BrokerClient): Promise<void> {
    const topics = client.versions!.knows(metadata, VERSION_WITHOUT_TOPICS) ? [] : [this.#unconfirmedTopic]
    const confirmed = this.#unconfirmed.mark()
    const done = this.#askFor(client, topics).then(confirmed)
    const forget = (): void => {
      if (this.#confirming === done) this.#confirming = null
    }
    done.then(forget, forget)
    return done
  }

  #askFor(client: BrokerClient, topics: readonly string[]): Promise<MetadataResponse> {
    return client.request(metadata, metadataRequest(topics), { timeoutMs: this.#settings.requestTimeoutMs })
  }

  /**
   * The version for a request whose records were made for `wanted`.
   *
   * @throws {ConnectionError} when the broker has come back as another release since.
   */
  #versionFor(
    { versions, broker }: BrokerClient,
    request: ProduceRequest,
    wanted: number | undefined,
  ): number {
    const newest = versions!.versionOf(produce, broker)
    if (wanted !== undefined && wanted !== newest) {
      throw new ConnectionError(
        `${broker} speaks Produce v${newest} since it was reached anew, the request was made for v${wanted}`,
        { broker },
      )
    }
    if (newest < VERSION_OF_TOPIC_IDS || canNameById(request)) return newest
    return versions!.newestUpTo(VERSION_OF_TOPIC_IDS - 1, produce, broker)
  }

  /** @param topics - in use, at least one: asked for when the broker's versions have to be found out. */
  async #connected(topics: readonly string[]): Promise<BrokerClient> {
    if (this.#closedFor) throw this.#closedFor
    if (this.#client) return this.#client
    this.#connecting ??= this.#connect(topics).finally(() => {
      this.#connecting = null
    })
    return this.#connecting
  }

  async #connect(topics: readonly string[]): Promise<BrokerClient> {
    const known = this.#apiVersionsCache.of(this.broker)
    let client: BrokerClient
    if (known) {
      client = await this.#open()
      client.useVersions(known)
    } else {
      if (topics.length === 0)
        throw new EncodeError('a request to a broker that is not known yet names a topic')
      const { requestTimeoutMs } = this.#settings
      const negotiated = await negotiate(() => this.#open(), topics, requestTimeoutMs, this.#giveUp.signal)
      client = negotiated.client
      this.#failIfClosed(client)
      this.#learned = { topics, response: negotiated.metadata }
    }
    this.#take(client)
    if (!known) this.#apiVersionsCache.learn(this.broker, client.versions!)
    return client
  }

  async #open(): Promise<BrokerClient> {
    let client: BrokerClient | null = null
    client = await BrokerClient.connect(
      this.address,
      this.#settings,
      (reason) => client && this.#onClose(client, reason),
      this.#giveUp.signal,
    )
    // Between the socket's connect and this line other code may have run.
    this.#failIfClosed(client)
    this.#opening = client
    return client
  }

  #failIfClosed(client: BrokerClient): void {
    if (!this.#closedFor) return
    client.close(this.#closedFor)
    throw this.#closedFor
  }

  /** The connection is ready for use. */
  #take(client: BrokerClient): void {
    this.#opening = null
    if (!client.isOpen) {
      throw new ConnectionError(`${this.broker} closed the connection at once`, { broker: this.broker })
    }
    this.#client = client
    this.#secondLooks = client.versions?.isGuessed ? new SecondLooks(performance.now()) : null
    this.#settings.listener?.onConnect(this.broker)
  }

  #onClose(client: BrokerClient, reason: KafkaError): void {
    if (this.#client !== client) return
    this.#client = null
    this.#learned = null
    this.#apiVersionsCache.forget(this.broker)
    this.#reportUnconfirmed(reason)
    this.#settings.listener?.onDisconnect(this.broker, this.#closedFor ? null : reason)
  }

  #reportUnconfirmed(reason: KafkaError): void {
    clearTimeout(this.#confirmTimer)
    this.#confirmTimer = undefined
    if (this.#unconfirmed.isEmpty) return
    this.#settings.listener?.onUnconfirmed(this.broker, this.#unconfirmed.takeAll(), reason)
  }
}
