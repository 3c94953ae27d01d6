/**
 * How far one connection has come with its login, and which requests it may send by then.
 *
 * @see docs/reference/wire-protocol.md#logging-in; Kafka's SaslServerAuthenticator 4.3
 */
import { apiVersions, saslAuthenticate, saslHandshake } from '../../protocol/messages/index.js'
import type { ReleaseApis } from '../../protocol/releases.js'
import type { Era } from '../eras.js'
import type { ListenerLogin } from './listener-login.js'
import { RefusedLogin, type ServerExchange } from './server-exchange.js'

export const NONE = 0
export const UNSUPPORTED_SASL_MECHANISM = 33
export const ILLEGAL_SASL_STATE = 34
export const SASL_AUTHENTICATION_FAILED = 58

/** A broker takes no two logins within a second. */
const BETWEEN_LOGINS_MS = 1000
const FIRST_VERSION_WITH_LIFETIME = 1

/** `requests`: tokens come in SaslAuthenticate; `tokens`: they come bare. */
type State = 'new' | 'requests' | 'tokens' | 'loggedIn' | 'refused'

/** What is answered to a token. */
export interface TokenAnswer {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly authBytes: Buffer
  /** 0: it does not end. */
  readonly sessionLifetimeMs: bigint
}

export class ConnectionLogin {
  readonly #listener: ListenerLogin | null
  readonly #era: Era
  readonly #taken: ReleaseApis
  #state: State
  #exchange: ServerExchange | null = null
  #user: string | null = null
  #hasAskedForVersions = false
  #lastLoginMs = Number.NEGATIVE_INFINITY
  #endsAtMs = Number.POSITIVE_INFINITY

  /** @param listener - null where nobody has to log in. */
  constructor(listener: ListenerLogin | null, era: Era, taken: ReleaseApis) {
    this.#listener = listener
    this.#era = era
    this.#taken = taken
    this.#state = listener ? 'new' : 'loggedIn'
  }

  /** As in Kafka: `User:alice`, or `User:ANONYMOUS`. */
  get principal(): string {
    return `User:${this.#user ?? 'ANONYMOUS'}`
  }

  /** The next frame is a bare token. */
  get takesToken(): boolean {
    return this.#state === 'tokens'
  }

  get isRefused(): boolean {
    return this.#state === 'refused'
  }

  /** Whether a request may be sent now; else the broker closes the connection. */
  mayPass(apiKey: number): boolean {
    if (!this.#listener) return true
    if (apiKey === saslHandshake.key || apiKey === saslAuthenticate.key) return true
    if (this.#state === 'loggedIn') return Date.now() < this.#endsAtMs
    if (apiKey !== apiVersions.key || this.#state !== 'new' || this.#hasAskedForVersions) return false
    this.#hasAskedForVersions = true
    return true
  }

  handshake(mechanism: string, version: number): { errorCode: number; mechanisms: string[] } {
    const mechanisms: string[] = this.#listener?.mechanismsOf(this.#era) ?? []
    if (!this.#listener || !this.#mayBegin()) return { errorCode: ILLEGAL_SASL_STATE, mechanisms }
    if (!mechanisms.includes(mechanism)) {
      this.#state = 'refused'
      return { errorCode: UNSUPPORTED_SASL_MECHANISM, mechanisms }
    }
    this.#exchange = this.#listener.begin(mechanism)
    this.#state = version === 0 ? 'tokens' : 'requests'
    this.#lastLoginMs = Date.now()
    return { errorCode: NONE, mechanisms }
  }

  async token(token: Buffer, version: number): Promise<TokenAnswer> {
    if (!this.#exchange)
      return failed(ILLEGAL_SASL_STATE, 'SaslAuthenticate request received after successful authentication')
    try {
      const { token: authBytes, loggedIn } = await this.#exchange.reply(token)
      if (!loggedIn) return { errorCode: NONE, errorMessage: null, authBytes, sessionLifetimeMs: 0n }
      if (this.#user !== null && this.#user !== loggedIn.user)
        throw new RefusedLogin(
          `Cannot change principals during re-authentication from User:${this.#user} to User:${loggedIn.user}`,
        )
      this.#user = loggedIn.user
      this.#exchange = null
      this.#state = 'loggedIn'
      const sessionLifetimeMs = this.#begin(loggedIn.expiresAt, version)
      return { errorCode: NONE, errorMessage: null, authBytes, sessionLifetimeMs }
    } catch (error) {
      this.#state = 'refused'
      const text = error instanceof RefusedLogin ? error.message : 'Authentication failed'
      return failed(SASL_AUTHENTICATION_FAILED, text)
    }
  }

  #mayBegin(): boolean {
    if (this.#state === 'new') return true
    const knowsLifetimes = (this.#taken.get(saslAuthenticate.key)?.[1] ?? -1) >= FIRST_VERSION_WITH_LIFETIME
    return this.#state === 'loggedIn' && knowsLifetimes && Date.now() - this.#lastLoginMs >= BETWEEN_LOGINS_MS
  }

  /** @returns how long the session lasts. */
  #begin(expiresAt = Number.POSITIVE_INFINITY, version: number): bigint {
    const { sessionLifetimeMs } = this.#listener!
    if (sessionLifetimeMs === 0 || version < FIRST_VERSION_WITH_LIFETIME) return 0n
    const lifetimeMs = Math.max(1, Math.min(sessionLifetimeMs, expiresAt - Date.now()))
    this.#endsAtMs = Date.now() + lifetimeMs
    return BigInt(Math.floor(lifetimeMs))
  }
}

function failed(errorCode: number, errorMessage: string): TokenAnswer {
  return { errorCode, errorMessage, authBytes: Buffer.alloc(0), sessionLifetimeMs: 0n }
}
