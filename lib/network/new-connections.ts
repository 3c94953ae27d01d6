/**
 * Makes the connections of one broker session: opens them, finds out what the broker speaks where that is not known, logs
 * in. What comes out can be used at once.
 *
 * A broker that refused the login is left alone for a while: until then each attempt fails at once, with the same error.
 *
 * @see docs/decisions/0005-versions-are-detected.md
 */
import { addressText, type BrokerAddress } from '../broker-address.js'
import { AuthenticationError, EncodeError, type KafkaError } from '../errors.js'
import type { ApiVersionsCache } from './api-versions-cache.js'
import type { BrokerClient } from './broker-client.js'
import type { BrokerVersions } from './broker-versions.js'
import type { Connector } from './connector.js'
import {
  type Authenticate,
  type Detected,
  type Detection,
  detectVersions,
  detectVersionsAlone,
  saysVersions,
} from './detect-versions.js'

export interface NewConnectionsOptions {
  readonly connector: Connector
  readonly requestTimeoutMs: number
  readonly apiVersionsCache: ApiVersionsCache
  /** Default: the login of the connector, if it has one. */
  readonly authenticate?: Authenticate | undefined
  /** Ends with the session; what is being made fails with the reason, and what is open is closed. */
  readonly signal: AbortSignal
  /** A connection that is to be used is being logged in. */
  onAuthenticating(): void
  /** A connection that was to be used, or is, has ended. */
  onEnd(client: BrokerClient, reason: KafkaError): void
}

export class NewConnections {
  readonly #address: BrokerAddress
  readonly #broker: string
  readonly #options: NewConnectionsOptions
  readonly #authenticate: Authenticate | null

  constructor(address: BrokerAddress, options: NewConnectionsOptions) {
    this.#address = address
    this.#broker = addressText(address)
    this.#options = options
    this.#authenticate = options.authenticate ?? options.connector.loginTo(address)
  }

  /**
   * @param topics - in use; null where none is. See {@link detectVersions}.
   * @throws {AuthenticationError | ConnectionError | RequestTimeoutError | DecodeError | UnsupportedVersionError}
   */
  async make(topics: readonly string[] | null): Promise<Detected> {
    const { connector, apiVersionsCache } = this.#options
    const refusal = connector.refusals.of(this.#broker, performance.now())
    if (refusal) throw refusal
    const known = apiVersionsCache.of(this.#broker)
    try {
      const made = known ? await this.#openKnown(known) : await this.#detect(topics)
      connector.refusals.accepted(this.#broker)
      return made
    } catch (error) {
      if (error instanceof AuthenticationError)
        connector.refusals.refused(this.#broker, error, performance.now())
      throw error
    }
  }

  /**
   * Asks a broker whose release was guessed once more, over a connection of its own.
   *
   * @returns whether it says now what it speaks. Never rejects.
   */
  saysVersions(topics: readonly string[]): Promise<boolean> {
    const { connector, signal } = this.#options
    const open = (): Promise<BrokerClient> => connector.connect(this.#address, () => {}, signal)
    return saysVersions(this.#detection(open, this.#authenticate, topics))
  }

  async #openKnown(known: BrokerVersions): Promise<Detected> {
    const client = await this.#open()
    client.useVersions(known)
    try {
      await this.#loggingIn()?.(client)
    } catch (error) {
      client.close(error as KafkaError)
      throw error
    }
    return { client, metadata: null }
  }

  #detect(topics: readonly string[] | null): Promise<Detected> {
    const open = (): Promise<BrokerClient> => this.#open()
    if (topics === null) return detectVersionsAlone(this.#detection(open, this.#loggingIn(), []))
    if (topics.length === 0)
      throw new EncodeError('a request to a broker that is not known yet names a topic')
    return detectVersions(this.#detection(open, this.#loggingIn(), topics))
  }

  #loggingIn(): Authenticate | null {
    const authenticate = this.#authenticate
    if (!authenticate) return null
    return async (client) => {
      this.#options.signal.throwIfAborted()
      this.#options.onAuthenticating()
      await authenticate(client)
    }
  }

  #detection(
    open: () => Promise<BrokerClient>,
    authenticate: Authenticate | null,
    topics: readonly string[],
  ): Detection {
    const { requestTimeoutMs: timeoutMs, signal } = this.#options
    return { open, authenticate, topics, timeoutMs, signal }
  }

  /** A connection that ends with the session, whatever state that is in. */
  async #open(): Promise<BrokerClient> {
    const { connector, signal, onEnd } = this.#options
    let client: BrokerClient | null = null
    const closeToo = (): void => client?.close(signal.reason as KafkaError)
    const onClose = (reason: KafkaError): void => {
      signal.removeEventListener('abort', closeToo)
      if (client) onEnd(client, reason)
    }
    client = await connector.connect(this.#address, onClose, signal)
    // Between the socket's connect and this line other code may have run.
    if (signal.aborted) closeToo()
    signal.throwIfAborted()
    if (client.isOpen) signal.addEventListener('abort', closeToo)
    return client
  }
}
