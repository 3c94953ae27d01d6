/**
 * Logs in to brokers by SASL, and again before a session ends (KIP-368): which requests carry the tokens of a mechanism, by the
 * versions of the broker. One for a producer; knows no mechanism from another.
 *
 * The second login goes over the same connection. What was sent before it is answered before it, what is sent meanwhile waits:
 * nothing is lost, sent twice or overtaken.
 *
 * @see docs/reference/wire-protocol.md#logging-in; KIP-43, KIP-152, KIP-368
 */
import type { BrokerAddress } from '../broker-address.js'
import { asKafkaError, ConnectionError, type KafkaError } from '../errors.js'
import { type SaslAuthenticateResponse, saslAuthenticate, saslHandshake } from '../protocol/messages/index.js'
import type { SaslExchange, SaslMechanism } from '../security/sasl-mechanism.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import type { BrokerClient } from './broker-client.js'
import {
  closedOnToken,
  during,
  endedEarly,
  handshakeRefused,
  type LoginContext,
  noCredentials,
  ofMechanism,
  onlyGssapi,
  tokenRefused,
} from './login-errors.js'

export interface SaslLoginOptions {
  readonly mechanism: SaslMechanism
  /** Limit for each answer, and for the credentials, in milliseconds. */
  readonly timeoutMs: number
  /** From 0 to below 1. Default: Math.random. */
  readonly random?: () => number
}

/** Carries one token to the broker; resolves with the broker's, and with how long the session lasts where it says so. */
type SendToken = (token: Buffer) => Promise<Pick<SaslAuthenticateResponse, 'authBytes' | 'sessionLifetimeMs'>>

const FIRST_VERSION_WITH_REQUESTS = 1
/** Logs in again when this part of the session is over, as Java's ExpiringCredentialRefreshingLogin. */
const EARLIEST = 0.85
const LATEST = 0.95
/** A broker refuses two logins within a second. */
const SHORTEST_MS = 1000

export class SaslLogin {
  readonly #options: SaslLoginOptions

  constructor(options: SaslLoginOptions) {
    this.#options = options
  }

  /**
   * Logs in over a fresh connection whose broker's versions are known. The connection logs in again by itself for as long as
   * it is open.
   *
   * @throws {AuthenticationError} where either side refuses.
   * @throws {ConnectionError | RequestTimeoutError | DecodeError}
   */
  async authenticate(client: BrokerClient, address: BrokerAddress): Promise<void> {
    const exchange = this.#options.mechanism.begin(address)
    const send = await this.#handshake(client)
    const token = await this.#first(client, exchange)
    const sessionMs = await this.#exchange(client, exchange, token, send)
    if (sessionMs > 0) new Relogin(this.#options, client, () => this.#again(client, address)).plan(sessionMs)
  }

  /** @returns how long the session lasts from now; 0 where it does not end. */
  async #again(client: BrokerClient, address: BrokerAddress): Promise<number> {
    const exchange = this.#options.mechanism.begin(address)
    // It may have to be fetched: requests do not wait for that.
    const token = await this.#first(client, exchange)
    return client.apart(async () => this.#exchange(client, exchange, token, await this.#handshake(client)))
  }

  /** Names the mechanism. @returns how tokens are carried from then on. */
  async #handshake(client: BrokerClient): Promise<SendToken> {
    const context = this.#contextOf(client)
    const versions = client.versions!
    if (!versions.knows(saslHandshake, 0)) {
      if (context.mechanism !== 'GSSAPI') throw onlyGssapi(context)
      return this.#rawTokens(client)
    }
    const hasRequests =
      versions.knows(saslHandshake, FIRST_VERSION_WITH_REQUESTS) && versions.knows(saslAuthenticate, 0)
    const version = hasRequests ? FIRST_VERSION_WITH_REQUESTS : 0
    const { timeoutMs } = this.#options
    const body = { mechanism: context.mechanism }
    const answer = await client
      .requestAtOnce(saslHandshake, body, { version, timeoutMs })
      .catch((error) => Promise.reject(during(context, 'SaslHandshake', error as KafkaError)))
    if (answer.errorCode !== 0) throw handshakeRefused(context, answer)
    return hasRequests ? this.#requests(client) : this.#rawTokens(client)
  }

  /** The first token, unless its connection ends or it is too late. */
  #first(client: BrokerClient, exchange: SaslExchange): Promise<Buffer> {
    const context = this.#contextOf(client)
    const { timeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        off()
      }
      const fail = (error: KafkaError): void => {
        end()
        reject(error)
      }
      const timer = setTimeout(() => fail(noCredentials(context, timeoutMs)), timeoutMs)
      const off = client.onEnd(fail)
      const first = async (): Promise<Buffer> => exchange.first()
      first().then(
        (token) => {
          end()
          resolve(token)
        },
        (error: unknown) => fail(ofMechanism(context, asKafkaError(error) ?? unexpected(error))),
      )
    })
  }

  async #exchange(
    client: BrokerClient,
    exchange: SaslExchange,
    first: Buffer,
    send: SendToken,
  ): Promise<number> {
    const context = this.#contextOf(client)
    let token: Buffer | undefined = first
    let sessionMs = 0
    while (token !== undefined) {
      const { authBytes, sessionLifetimeMs } = await send(token)
      sessionMs = Number(sessionLifetimeMs)
      token = await this.#next(context, exchange, authBytes)
    }
    if (!exchange.done) throw endedEarly(context)
    if (sessionMs <= 0) return 0
    return Math.min(sessionMs, (exchange.expiresAt ?? Number.POSITIVE_INFINITY) - Date.now())
  }

  async #next(context: LoginContext, exchange: SaslExchange, challenge: Buffer): Promise<Buffer | undefined> {
    try {
      return await exchange.next(challenge)
    } catch (error) {
      throw ofMechanism(context, asKafkaError(error) ?? unexpected(error))
    }
  }

  /** From 1.0 on. */
  #requests(client: BrokerClient): SendToken {
    const context = this.#contextOf(client)
    const { timeoutMs } = this.#options
    const version = client.versions!.versionOf(saslAuthenticate, client.broker)
    return async (authBytes) => {
      const answer = await client
        .requestAtOnce(saslAuthenticate, { authBytes }, { version, timeoutMs })
        .catch((error) => Promise.reject(during(context, 'SaslAuthenticate', error as KafkaError)))
      if (answer.errorCode !== 0) throw tokenRefused(context, answer)
      return answer
    }
  }

  /** Before 1.0. */
  #rawTokens(client: BrokerClient): SendToken {
    const context = this.#contextOf(client)
    return async (token) => {
      try {
        const authBytes = await client.exchangeToken(token, this.#options.timeoutMs)
        return { authBytes, sessionLifetimeMs: 0n }
      } catch (error) {
        if (error instanceof ConnectionError) throw closedOnToken(context, error)
        throw during(context, 'token', error as KafkaError)
      }
    }
  }

  #contextOf({ broker }: BrokerClient): LoginContext {
    return { broker, mechanism: this.#options.mechanism.name }
  }
}

/** The next logins of one connection, one after the other, until it ends. */
class Relogin {
  readonly #options: SaslLoginOptions
  readonly #client: BrokerClient
  readonly #logIn: () => Promise<number>
  #timer: NodeJS.Timeout | undefined
  #endsAtMs = 0

  constructor(options: SaslLoginOptions, client: BrokerClient, logIn: () => Promise<number>) {
    this.#options = options
    this.#client = client
    this.#logIn = logIn
    client.onEnd(() => clearTimeout(this.#timer))
  }

  /** @param sessionMs - how long the session lasts from now. */
  plan(sessionMs: number): void {
    const { random = Math.random } = this.#options
    this.#endsAtMs = performance.now() + sessionMs
    this.#after(sessionMs * (EARLIEST + (LATEST - EARLIEST) * random()))
  }

  #after(ms: number): void {
    if (!this.#client.isOpen) return
    const afterMs = Math.min(LONGEST_TIMER_MS, Math.max(SHORTEST_MS, ms))
    this.#timer = setTimeout(() => void this.#run(), afterMs)
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    try {
      const sessionMs = await this.#logIn()
      if (sessionMs > 0) this.plan(sessionMs)
    } catch (error) {
      const leftMs = this.#endsAtMs - performance.now()
      // Credentials that were not there may come; a connection that a refusal was answered on is closed by now.
      if (leftMs > 2 * SHORTEST_MS) this.#after(leftMs / 2)
      else this.#client.close(error as KafkaError)
    }
  }
}

function unexpected(cause: unknown): ConnectionError {
  return new ConnectionError('the credentials could not be read', { cause })
}
