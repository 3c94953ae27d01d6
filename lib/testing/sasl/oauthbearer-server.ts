/**
 * OAUTHBEARER, as Kafka's OAuthBearerSaslServer takes it: a token that is refused is answered with JSON, and the login ends with
 * the next token of the client, which says nothing. @see RFC 7628
 */
import {
  type Credentials,
  NOTHING,
  RefusedLogin,
  type Reply,
  type ServerExchange,
} from './server-exchange.js'

const SEPARATOR = '\x01'
const INVALID_TOKEN = '{"status":"invalid_token"}'

export class OAuthBearerServer implements ServerExchange {
  readonly #credentials: Credentials
  #isRefused = false

  constructor(credentials: Credentials) {
    this.#credentials = credentials
  }

  async reply(token: Buffer): Promise<Reply> {
    if (this.#isRefused) throw new RefusedLogin(INVALID_TOKEN)
    const [header = '', ...pairs] = token.toString('utf8').split(SEPARATOR)
    const fields = new Map(pairs.filter((pair) => pair !== '').map(pairOf))
    const [, bearer] = /^Bearer +(.+)$/i.exec(fields.get('auth') ?? '') ?? []
    if (!/^n,(a=[^,]*)?,$/.test(header) || bearer === undefined)
      throw new RefusedLogin('Invalid OAUTHBEARER client first message')
    fields.delete('auth')
    try {
      const loggedIn = await this.#credentials.validateToken!(bearer, Object.fromEntries(fields))
      return { token: NOTHING, loggedIn }
    } catch {
      this.#isRefused = true
      return { token: Buffer.from(INVALID_TOKEN) }
    }
  }
}

function pairOf(pair: string): [name: string, value: string] {
  const at = pair.indexOf('=')
  return [pair.slice(0, at), pair.slice(at + 1)]
}
