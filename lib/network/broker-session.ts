/**
 * The way to one broker: one connection at a time, made for the first request and again for the next one after a
 * failure.
 *
 * Concurrent callers share one connect, and a broker that is not known yet is asked on the way which versions it
 * speaks. What a caller gets, it gets by value: the connection with its versions, the metadata that came with them, and
 * the time that it waited. Retries nothing, and knows no partitions.
 *
 * @see docs/decisions/0000-classic-producer.md#d7, #d12; docs/decisions/0005-versions-are-detected.md
 */

import { addressText, type BrokerAddress } from '../broker-address.js'
import { ConnectionError, type KafkaError } from '../errors.js'
import { type MetadataResponse, metadata, metadataRequest } from '../protocol/messages/index.js'
import { ApiVersionsCache } from './api-versions-cache.js'
import type { BrokerClient } from './broker-client.js'
import { closedFromThisSide } from './client-errors.js'
import type { Connector } from './connector.js'
import type { Authenticate } from './detect-versions.js'
import { NewConnections } from './new-connections.js'
import { ReadyConnection } from './ready-connection.js'

export type SessionState = 'idle' | 'connecting' | 'authenticating' | 'ready' | 'closed'

/** State → where it may go from there. `closed` is for good; a connection that fails or ends leads back to `idle`. */
const moves: Readonly<Record<SessionState, readonly SessionState[]>> = {
  idle: ['connecting', 'closed'],
  connecting: ['authenticating', 'idle', 'closed'],
  authenticating: ['ready', 'idle', 'closed'],
  ready: ['idle', 'closed'],
  closed: [],
}

/** @throws {Error} for a move that is not in the table: a fault of this library. */
export function legalMove(from: SessionState, to: SessionState): SessionState {
  if (!moves[from].includes(to)) throw new Error(`a session that is ${from} cannot become ${to}`)
  return to
}

/** Called when something happens to the connection; for events and logs. */
export interface BrokerSessionListener {
  onConnect(broker: string): void
  /** @param reason - null when it was closed from this side. */
  onDisconnect(broker: string, reason: KafkaError | null): void
}

export interface BrokerSessionOptions {
  /** Opens connections. */
  readonly connector: Connector
  /** `request.timeout.ms`: the limit for each answer to a question about versions or metadata, in milliseconds. */
  readonly requestTimeoutMs: number
  readonly listener?: BrokerSessionListener
  /** The broker's release was guessed, and it says now that it is another: this connection should be replaced. */
  readonly onOutdated?: (address: BrokerAddress) => void
  /** Called once, when the session is closed for good. */
  readonly onClosed?: () => void
  /** What is known of brokers, shared by all sessions of a producer. Default: its own. */
  readonly apiVersionsCache?: ApiVersionsCache
  /** Makes each fresh connection fit for requests. Default: the login of the connector, where it has one. */
  readonly authenticate?: Authenticate
}

/** What one caller of {@link BrokerSession.ready} gets. */
export interface Ready {
  readonly connection: ReadyConnection
  /** Answer for exactly this caller's topics, in v0, that came with the versions; null where nobody asked for it. */
  readonly metadata: MetadataResponse | null
  /** What this caller has waited for the connection, in milliseconds. */
  readonly connectMs: number
}

export interface FetchedMetadata {
  readonly response: MetadataResponse
  /** It came with the versions, and the same broker would say more now. */
  readonly lacksTopicIds: boolean
  /** Likewise, of leader epochs. */
  readonly lacksEpochs: boolean
}

/** A connection that is open, and what came with its versions. */
interface Connected {
  readonly connection: ReadyConnection
  readonly metadata: MetadataResponse | null
}

/** Of Metadata. */
const VERSION_WITH_TOPIC_IDS = 10
const VERSION_WITH_EPOCHS = 7

export class BrokerSession {
  readonly address: BrokerAddress
  /** `host:port`. */
  readonly broker: string
  readonly #options: BrokerSessionOptions
  readonly #apiVersionsCache: ApiVersionsCache
  #state: SessionState = 'idle'
  /** In the state `ready`: what all get that need not wait. */
  #ready: Ready | null = null
  /** While a connection is being made. */
  #connecting: Promise<Connected> | null = null
  /** Aborts with the reason when the session is closed. */
  readonly #end = new AbortController()
  readonly #newConnections: NewConnections
  #users = 1
  /** Callers that wait for the connection. */
  #waiting = 0

  constructor(address: BrokerAddress, options: BrokerSessionOptions) {
    this.address = address
    this.broker = addressText(address)
    this.#options = options
    this.#apiVersionsCache = options.apiVersionsCache ?? new ApiVersionsCache(null)
    this.#newConnections = new NewConnections(address, {
      connector: options.connector,
      requestTimeoutMs: options.requestTimeoutMs,
      apiVersionsCache: this.#apiVersionsCache,
      authenticate: options.authenticate,
      signal: this.#end.signal,
      onAuthenticating: () => this.#move('authenticating'),
      onEnd: (client, reason) => this.#onEnd(client, reason),
    })
  }

  get state(): SessionState {
    return this.#state
  }

  get isConnected(): boolean {
    return this.#ready?.connection.isOpen ?? false
  }

  /** Requests in flight on its connection, see {@link BrokerClient.load}, or that wait until there is one. */
  get load(): number {
    return this.#ready?.connection.load ?? this.#waiting
  }

  /** Whether connecting needs no topics: nobody has to be asked for the versions. */
  get isKnown(): boolean {
    return this.#apiVersionsCache.of(this.broker) !== null
  }

  /**
   * A connection that can be used now.
   *
   * @param topics - in use, at least one unless the broker {@link isKnown}: the question for versions names them. null where
   *   none is in use: only the versions are asked for, and a broker that does not answer that is asked about no topic.
   * @returns at once while the connection is open, so that nobody waits for nothing.
   * @throws {ConnectionError | RequestTimeoutError | DecodeError | UnsupportedVersionError} as a rejection; nothing of
   * the caller was written. After {@link close} with its reason.
   */
  ready(topics: readonly string[] | null): Ready | Promise<Ready> {
    return this.#ready ?? this.#whenConnected(topics)
  }

  /**
   * Asks for these topics, at least one (none would mean all). Brokers that auto-create topics create them now.
   *
   * Written in this turn while the connection is open: nothing that is sent later gets in front of it.
   */
  fetchMetadata(topics: readonly string[]): Promise<FetchedMetadata> {
    const ready = this.ready(topics)
    return ready instanceof Promise
      ? ready.then((connected) => this.#fetchMetadata(connected, topics))
      : this.#fetchMetadata(ready, topics)
  }

  async #fetchMetadata(
    { connection, metadata: detected }: Ready,
    topics: readonly string[],
  ): Promise<FetchedMetadata> {
    if (detected) {
      return {
        response: detected,
        lacksTopicIds: connection.knows(metadata, VERSION_WITH_TOPIC_IDS),
        lacksEpochs: connection.knows(metadata, VERSION_WITH_EPOCHS),
      }
    }
    const { requestTimeoutMs: timeoutMs } = this.#options
    const response = await connection.request(metadata, metadataRequest(topics), { timeoutMs })
    return { response, lacksTopicIds: false, lacksEpochs: false }
  }

  /** Where the release was guessed and it is time: asks once more, beside the traffic, on a connection of its own. */
  lookAgain(topics: readonly string[]): void {
    const looks = this.#ready?.connection.secondLooks
    if (looks?.isDue(performance.now())) void this.#lookAgain(topics)
  }

  /** Ends the connection; the next request makes a new one. */
  disconnect(reason: KafkaError): void {
    this.#ready?.connection.close(reason)
  }

  /** One more user, who releases it in the end. Whoever made the session is its first user. */
  hold(): this {
    this.#users++
    return this
  }

  /** To be called once by each user. The last one closes the session, with this reason. */
  release(reason?: KafkaError): void {
    if (--this.#users === 0) this.close(reason)
  }

  /** Ends the connection for good, whoever uses it; what waits fails with `reason`. A second call does nothing. */
  close(reason: KafkaError = closedFromThisSide(this.broker)): void {
    if (this.#state === 'closed') return
    this.#move('closed')
    this.#end.abort(reason)
    this.#options.onClosed?.()
  }

  #move(to: SessionState): void {
    this.#state = legalMove(this.#state, to)
  }

  async #whenConnected(topics: readonly string[] | null): Promise<Ready> {
    this.#end.signal.throwIfAborted()
    const startMs = performance.now()
    /** Whoever has the connection made gets what comes with it. */
    const isFirst = this.#connecting === null
    this.#connecting ??= this.#connect(topics).finally(() => {
      this.#connecting = null
    })
    this.#waiting++
    try {
      const { connection, metadata } = await this.#connecting
      return { connection, metadata: isFirst ? metadata : null, connectMs: performance.now() - startMs }
    } finally {
      this.#waiting--
    }
  }

  async #connect(topics: readonly string[] | null): Promise<Connected> {
    const isNew = !this.isKnown
    this.#move('connecting')
    try {
      const { client, metadata } = await this.#newConnections.make(topics)
      this.#failUnlessOpen(client)
      return { connection: this.#take(client, isNew), metadata }
    } catch (error) {
      if (this.#state !== 'closed') this.#move('idle')
      throw error
    }
  }

  #failUnlessOpen({ isOpen }: BrokerClient): void {
    this.#end.signal.throwIfAborted()
    if (!isOpen) {
      throw new ConnectionError(`${this.broker} closed the connection at once`, { broker: this.broker })
    }
  }

  /** Never rejects. */
  async #lookAgain(topics: readonly string[]): Promise<void> {
    const { signal } = this.#end
    const isOutdated = await this.#newConnections.saysVersions(topics)
    if (!isOutdated || signal.aborted) return
    // Who connects anew must not take the guess for known while this connection is still in use.
    this.#apiVersionsCache.forget(this.broker)
    this.#options.onOutdated?.(this.address)
  }

  /** @param isNew - its versions were asked for. */
  #take(client: BrokerClient, isNew: boolean): ReadyConnection {
    if (this.#state === 'connecting') this.#move('authenticating')
    this.#move('ready')
    const versions = client.versions!
    const connection = new ReadyConnection(client, versions, performance.now())
    this.#ready = { connection, metadata: null, connectMs: 0 }
    this.#options.listener?.onConnect(this.broker)
    if (isNew) this.#apiVersionsCache.learn(this.broker, versions)
    return connection
  }

  #onEnd(client: BrokerClient, reason: KafkaError): void {
    const connection = this.#ready?.connection
    if (!connection?.isOf(client)) return
    this.#ready = null
    const isClosed = this.#state === 'closed'
    if (!isClosed) this.#move('idle')
    this.#apiVersionsCache.forget(this.broker)
    connection.ended(reason)
    this.#options.listener?.onDisconnect(this.broker, isClosed || client.wasIdle ? null : reason)
  }
}
