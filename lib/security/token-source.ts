/**
 * One token for all connections of a producer: asked for once, kept while it lasts, renewed ahead of its end.
 *
 * A token whose end nobody knows is asked for at each login. A renewal that fails is tried again after 10 seconds, and the token
 * from before stays in use until its end, never longer.
 *
 * @see org.apache.kafka.common.security.oauthbearer.internals.expiring.ExpiringCredentialRefreshingLogin, Kafka 4.3
 */
import { AuthenticationError, asKafkaError } from '../errors.js'
import type { Logger } from '../logger.js'
import { nameOfThrown } from '../name-of-thrown.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import { type CheckedToken, checkedToken, OAUTHBEARER, type OAuthTokenProvider } from './oauth-token.js'

/** `sasl.login.refresh.…`. */
export interface RefreshWindow {
  readonly factor: number
  readonly jitter: number
  readonly minPeriodMs: number
  readonly bufferMs: number
}

const RETRY_MS = 10_000

export interface TokenSourceOptions {
  readonly provider: OAuthTokenProvider
  readonly window: RefreshWindow
  readonly logger: Logger
}

export class TokenSource {
  readonly #options: TokenSourceOptions
  readonly #closing = new AbortController()
  #token: CheckedToken | null = null
  #asking: Promise<CheckedToken> | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(options: TokenSourceOptions) {
    this.#options = options
  }

  /** @throws {AuthenticationError} where there is none. */
  current(): Promise<CheckedToken> {
    const token = this.#token
    if (token !== null && token.expiresAt !== null && token.expiresAt > Date.now())
      return Promise.resolve(token)
    return this.#ask()
  }

  /** Stops renewing. May be called twice. */
  close(): void {
    this.#closing.abort()
    clearTimeout(this.#timer)
    this.#token = null
  }

  /** Callers at the same time share one request. */
  #ask(): Promise<CheckedToken> {
    this.#asking ??= this.#fetch().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  async #fetch(): Promise<CheckedToken> {
    const { signal } = this.#closing
    if (signal.aborted) throw failure('the producer is closed')
    const token = await this.#given(signal)
    if (signal.aborted) throw failure('the producer is closed')
    this.#token = token
    if (token.expiresAt !== null) this.#renewAt(refreshTime(token, Date.now(), this.#options.window))
    return token
  }

  async #given(signal: AbortSignal): Promise<CheckedToken> {
    try {
      return checkedToken(await this.#options.provider({ signal }), Date.now())
    } catch (thrown) {
      const own = asKafkaError(thrown)
      if (own instanceof AuthenticationError) throw own
      // Not as the cause: what a callback throws may hold the token or the secret that it is got with.
      throw failure(`the callback for the token failed with ${nameOfThrown(thrown)}`)
    }
  }

  #renewAt(timeMs: number): void {
    clearTimeout(this.#timer)
    const delayMs = Math.min(LONGEST_TIMER_MS, Math.max(0, timeMs - Date.now()))
    this.#timer = setTimeout(() => void this.#renew(timeMs), delayMs)
    // A process that has nothing else to do need not wait for a token.
    this.#timer.unref()
  }

  async #renew(timeMs: number): Promise<void> {
    // Set for later than a timer can be.
    if (Date.now() < timeMs) return this.#renewAt(timeMs)
    try {
      await this.#ask()
    } catch (error) {
      if (this.#closing.signal.aborted) return
      const why = asKafkaError(error)?.message ?? nameOfThrown(error)
      this.#options.logger.warn(
        `${why}; the token could not be renewed, the next attempt is in ${RETRY_MS / 1000} s`,
      )
      this.#renewAt(Date.now() + RETRY_MS)
    }
  }
}

/**
 * When a token is renewed (policy).
 *
 * @param random - from 0 to 1.
 */
export function refreshTime(
  { startsAt, expiresAt }: Pick<CheckedToken, 'startsAt' | 'expiresAt'>,
  nowMs: number,
  { factor, jitter, minPeriodMs, bufferMs }: RefreshWindow,
  random: number = Math.random(),
): number {
  const endMs = expiresAt ?? nowMs
  const beginMs = Math.min(startsAt ?? nowMs, nowMs)
  const proposed = beginMs + Math.round((endMs - beginMs) * (factor + jitter * random))
  if (nowMs + minPeriodMs + bufferMs > endMs) return Math.max(proposed, nowMs)
  return Math.max(Math.min(proposed, endMs - bufferMs), nowMs + minPeriodMs)
}

function failure(problem: string): AuthenticationError {
  return new AuthenticationError(`${OAUTHBEARER}: ${problem}`, { mechanism: OAUTHBEARER })
}
