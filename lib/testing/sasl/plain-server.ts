/** PLAIN, as Kafka's PlainSaslServer takes it. @see RFC 4616 */
import {
  type Credentials,
  NOTHING,
  RefusedLogin,
  type Reply,
  type ServerExchange,
} from './server-exchange.js'

export class PlainServer implements ServerExchange {
  readonly #credentials: Credentials

  constructor(credentials: Credentials) {
    this.#credentials = credentials
  }

  async reply(token: Buffer): Promise<Reply> {
    const parts = token.toString('utf8').split('\0')
    const [authorizationId, user = '', password = ''] = parts
    if (parts.length !== 3) throw new RefusedLogin('Invalid SASL/PLAIN response')
    if (this.#credentials.users.passwordOf(user) !== password)
      throw new RefusedLogin('Authentication failed: Invalid username or password')
    if (authorizationId !== '' && authorizationId !== user)
      throw new RefusedLogin(
        'Authentication failed: Client requested an authorization id that is different from username',
      )
    return { token: NOTHING, loggedIn: { user } }
  }
}
