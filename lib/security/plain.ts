/**
 * SASL/PLAIN: the user name and the password in one message, as they are. Only TLS keeps them from whoever listens.
 *
 * @see RFC 4616; org.apache.kafka.common.security.plain.internals.PlainSaslClient, Kafka 4.3
 */
import { AuthenticationError } from '../errors.js'
import { type CredentialsProvider, currentCredentials } from './credentials.js'
import type { SaslExchange, SaslMechanism } from './sasl-mechanism.js'

const NAME = 'PLAIN'

export function plainMechanism(credentials: CredentialsProvider): SaslMechanism {
  return { name: NAME, begin: () => new PlainExchange(credentials) }
}

class PlainExchange implements SaslExchange {
  readonly #credentials: CredentialsProvider
  #isSent = false

  constructor(credentials: CredentialsProvider) {
    this.#credentials = credentials
  }

  /** The broker proves nothing, so nothing is left to wait for. */
  get done(): boolean {
    return this.#isSent
  }

  async first(): Promise<Buffer> {
    const { username, password } = await currentCredentials(this.#credentials, NAME)
    if (`${username}${password}`.includes('\0')) {
      throw new AuthenticationError('PLAIN: user name and password must not hold the character NUL', {
        mechanism: NAME,
      })
    }
    this.#isSent = true
    return Buffer.from(`\0${username}\0${password}`, 'utf8')
  }

  async next(_challenge: Buffer): Promise<undefined> {
    return undefined
  }
}
