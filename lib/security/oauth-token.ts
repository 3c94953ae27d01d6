/**
 * A token of OAUTHBEARER: what an application's callback gives, what is read from it, and one without a signature.
 *
 * @see RFC 7628; RFC 6750, section 2.1 (characters of a token); RFC 7519 (JWT)
 */
import { AuthenticationError } from '../errors.js'

export interface OAuthToken {
  /** The token itself, mostly a JWT. */
  readonly value: string
  /** When it ends, in milliseconds since 1970. Not needed for a JWT, which says it itself. */
  readonly expiresAt?: number
  /** SASL extensions (KIP-342), e.g. `{ logicalCluster: 'lkc-1' }`. */
  readonly extensions?: Readonly<Record<string, string>>
}

/**
 * Gives a token; called again before it ends. A text alone is a token without extensions.
 *
 * @param request.signal - aborts when the producer is closed.
 */
export type OAuthTokenProvider = (request: {
  readonly signal: AbortSignal
}) => OAuthToken | string | Promise<OAuthToken | string>

/** A token that can be sent. */
export interface CheckedToken {
  readonly value: string
  /** Milliseconds since 1970; null where nobody knows. */
  readonly startsAt: number | null
  readonly expiresAt: number | null
  readonly extensions: ReadonlyMap<string, string>
}

export const OAUTHBEARER = 'OAUTHBEARER'

const LONGEST_TOKEN = 64 * 1024

/** @throws {AuthenticationError} for what cannot be sent, or has ended already. The token is not repeated. */
export function checkedToken(given: OAuthToken | string, nowMs: number): CheckedToken {
  const { value, expiresAt, extensions = {} } = typeof given === 'string' ? { value: given } : (given ?? {})
  if (typeof value !== 'string' || value.length > LONGEST_TOKEN || !/^[\w\-.~+/]+=*$/.test(value)) {
    return refuse('the token is not a text of the characters that RFC 6750 allows')
  }
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) {
    return refuse('expiresAt of the token is not a number of milliseconds since 1970')
  }
  const claims = claimsIn(value)
  const token = {
    value,
    startsAt: inMilliseconds(claims?.iat),
    expiresAt: expiresAt ?? inMilliseconds(claims?.exp),
    extensions: checkedExtensions(extensions),
  }
  if (token.expiresAt !== null && token.expiresAt <= nowMs) refuse('the token has ended already')
  return token
}

function checkedExtensions(extensions: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const checked = new Map(Object.entries(extensions))
  for (const [name, value] of checked) {
    if (!/^[a-zA-Z]+$/.test(name) || name === 'auth')
      refuse('an extension has a name that is not made of letters, or is auth')
    if (typeof value !== 'string' || !/^[\x20-\x7e\t\r\n]+$/.test(value)) {
      refuse('an extension has a value that is not made of printable ASCII characters')
    }
  }
  return checked
}

/** The claims of a JWT; null for a token of another kind. No signature is checked: that is up to the brokers. */
function claimsIn(token: string): Readonly<Record<string, unknown>> | null {
  const parts = token.split('.')
  if (parts.length !== 3) return null
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1]!, 'base64url').toString('utf8'))
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** From seconds since 1970. */
function inMilliseconds(seconds: unknown): number | null {
  return typeof seconds === 'number' && Number.isFinite(seconds) ? Math.round(seconds * 1000) : null
}

function refuse(problem: string): never {
  throw new AuthenticationError(`${OAUTHBEARER}: ${problem}`, { mechanism: OAUTHBEARER })
}
