/**
 * Gets tokens from a token endpoint, with the client credentials flow, or from a file.
 *
 * What fails for a while is tried again, for as long as `sasl.login.retry.backoff.max.ms`; what will fail again is not. No redirect
 * is followed, as the secret is not for whoever it leads to. Errors repeat no more of an answer than its OAuth error code.
 *
 * @see RFC 6749, section 4.4; org.apache.kafka.common.security.oauthbearer.internals.secured.HttpAccessTokenRetriever, Kafka 3.9
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { AuthenticationError, printable } from '../errors.js'
import { pause } from '../timers.js'
import { OAUTHBEARER, type OAuthToken, type OAuthTokenProvider } from './oauth-token.js'

export interface TokenEndpoint {
  readonly url: URL
  readonly clientId: string
  readonly clientSecret: string
  readonly scope: string
  /** Whether id and secret are URL-encoded, as RFC 6749 has it and Kafka by default has not. */
  readonly encodesHeader: boolean
  /** Limit of one attempt, in milliseconds. */
  readonly timeoutMs: number
  readonly retryBackoffMs: number
  /** Of all attempts together, pauses included. */
  readonly retryBackoffMaxMs: number
  /** Default: the `fetch` of Node. */
  readonly fetch?: typeof globalThis.fetch
}

/** Statuses that another attempt would get again. */
const FINAL_STATUSES = new Set([
  400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415, 501, 505,
])

const MOST_BYTES = 256 * 1024

export function tokensFromEndpoint(endpoint: TokenEndpoint): OAuthTokenProvider {
  return async ({ signal }) => {
    const endMs = performance.now() + endpoint.retryBackoffMaxMs
    for (let attempt = 1; ; attempt++) {
      const result = await askOnce(endpoint, signal)
      if (!(result instanceof AuthenticationError)) return result
      const leftMs = endMs - performance.now()
      const waitMs = Math.min(endpoint.retryBackoffMs * 2 ** (attempt - 1), leftMs)
      if (!result.retriable || waitMs <= 0 || signal.aborted) throw result
      await pause(waitMs, signal)
    }
  }
}

/** A token in a file, alone; read again at each request. */
export function tokensFromFile(url: URL): OAuthTokenProvider {
  return async () => {
    try {
      return (await readFile(fileURLToPath(url), 'utf8')).trim()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw failure(
        `the file of sasl.oauthbearer.token.endpoint.url cannot be read (${printable(String(code))})`,
        true,
      )
    }
  }
}

async function askOnce(
  endpoint: TokenEndpoint,
  signal: AbortSignal,
): Promise<OAuthToken | AuthenticationError> {
  const { fetch = globalThis.fetch, url } = endpoint
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  if (endpoint.scope !== '') form.set('scope', endpoint.scope)
  const limit = AbortSignal.timeout(endpoint.timeoutMs)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        Authorization: authorization(endpoint),
        Accept: 'application/json',
        'Content-Type': 'application/x-www-form-urlencoded',
      },
      body: form.toString(),
      redirect: 'manual',
      signal: AbortSignal.any([signal, limit]),
    })
    const text = await limited(response)
    return response.status === 200 ? tokenIn(text) : refusal(response.status, text)
  } catch (error) {
    if (limit.aborted)
      return failure(`the token endpoint did not answer within ${endpoint.timeoutMs} ms`, true)
    return failure(`the token endpoint cannot be reached${reasonOf(error)}`, true)
  }
}

function authorization({ clientId, clientSecret, encodesHeader }: TokenEndpoint): string {
  const encode = encodesHeader ? formEncoded : (text: string): string => text
  const both = `${encode(clientId)}:${encode(clientSecret)}`
  return `Basic ${Buffer.from(both, 'utf8').toString('base64')}`
}

/** @see RFC 6749, appendix B */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1)

/** The body, of which no more is read than a token can need. */
async function limited(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length
    if (size > MOST_BYTES) throw new RangeError('the answer is too long')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function tokenIn(text: string): OAuthToken | AuthenticationError {
  const answer = objectIn(text)
  const value = answer?.access_token ?? answer?.id_token
  if (typeof value !== 'string' || value === '')
    return failure('the token endpoint answered without a token', false)
  const lifetime = answer?.expires_in
  // A JWT says it itself, and more exactly.
  const isOpaque = value.split('.').length !== 3
  if (isOpaque && typeof lifetime === 'number') return { value, expiresAt: Date.now() + lifetime * 1000 }
  return { value }
}

function refusal(status: number, text: string): AuthenticationError {
  const error = objectIn(text)?.error
  const code = typeof error === 'string' && /^[a-z_]{1,60}$/.test(error) ? `, ${error}` : ''
  const advice = status === 400 || status === 401 ? '; check client id, client secret and scope' : ''
  return failure(
    `the token endpoint refused the request with status ${status}${code}${advice}`,
    !FINAL_STATUSES.has(status),
  )
}

function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** The code of the system, such as ECONNREFUSED; no texts, which may repeat the address with what is in it. */
function reasonOf(error: unknown): string {
  const cause = (error as Error)?.cause ?? error
  const code = (cause as NodeJS.ErrnoException)?.code
  return typeof code === 'string' ? ` (${printable(code)})` : ''
}

function failure(problem: string, retriable: boolean): AuthenticationError {
  return new AuthenticationError(`${OAUTHBEARER}: ${problem}`, { mechanism: OAUTHBEARER, retriable })
}
