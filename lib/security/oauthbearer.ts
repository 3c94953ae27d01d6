/**
 * SASL/OAUTHBEARER: a bearer token in one message. A broker that refuses it says why in a JSON text, and the login ends.
 *
 * @see RFC 7628; KIP-255, KIP-342 (extensions)
 */
import { AuthenticationError, printable } from '../errors.js'
import { OAUTHBEARER } from './oauth-token.js'
import type { SaslExchange, SaslMechanism } from './sasl-mechanism.js'
import type { TokenSource } from './token-source.js'

/** @param extensions - of `sasl.jaas.config`; those of a token come on top. */
export function oauthBearerMechanism(
  tokens: TokenSource,
  extensions: ReadonlyMap<string, string> = new Map(),
): SaslMechanism {
  return {
    name: OAUTHBEARER,
    begin: () => new OAuthBearerExchange(tokens, extensions),
    close: () => tokens.close(),
  }
}

class OAuthBearerExchange implements SaslExchange {
  readonly #tokens: TokenSource
  readonly #extensions: ReadonlyMap<string, string>
  #isSent = false
  expiresAt?: number

  constructor(tokens: TokenSource, extensions: ReadonlyMap<string, string>) {
    this.#tokens = tokens
    this.#extensions = extensions
  }

  get done(): boolean {
    return this.#isSent
  }

  async first(): Promise<Buffer> {
    const { value, expiresAt, extensions } = await this.#tokens.current()
    if (expiresAt !== null) this.expiresAt = expiresAt
    const pairs = [...new Map([...this.#extensions, ...extensions])].map(
      ([name, text]) => `${name}=${text}\x01`,
    )
    this.#isSent = true
    return Buffer.from(`n,,\x01auth=Bearer ${value}\x01${pairs.join('')}\x01`, 'utf8')
  }

  async next(challenge: Buffer): Promise<undefined> {
    if (challenge.length === 0) return undefined
    this.#isSent = false
    const text = `${OAUTHBEARER}: the broker refused the token: ${statusIn(challenge)}`
    throw new AuthenticationError(text, { mechanism: OAUTHBEARER })
  }
}

const MOST_CHARACTERS = 4096

/** `{"status":"invalid_token","scope":"…"}` as words. */
function statusIn(challenge: Buffer): string {
  try {
    const { status, scope } = JSON.parse(challenge.subarray(0, MOST_CHARACTERS).toString('utf8'))
    if (typeof status !== 'string') return 'it does not say why'
    return (
      printable(status) + (typeof scope === 'string' ? `, it asks for the scope ${printable(scope)}` : '')
    )
  } catch {
    return 'it does not say why'
  }
}
