/** SCRAM, as Kafka's ScramSaslServer takes it, with 4096 iterations. @see RFC 5802 */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { type Credentials, RefusedLogin, type Reply, type ServerExchange } from './server-exchange.js'

const deriveKey = promisify(pbkdf2)
const ITERATIONS = 4096

export class ScramServer implements ServerExchange {
  readonly #credentials: Credentials
  readonly #name: string
  readonly #hash: 'sha256' | 'sha512'
  readonly #salt = randomBytes(16)
  #user = ''
  #clientFirstBare = ''
  #serverFirst = ''

  constructor(name: 'SCRAM-SHA-256' | 'SCRAM-SHA-512', credentials: Credentials) {
    this.#name = name
    this.#hash = name === 'SCRAM-SHA-256' ? 'sha256' : 'sha512'
    this.#credentials = credentials
  }

  reply(token: Buffer): Promise<Reply> {
    const message = token.toString('utf8')
    return this.#serverFirst === '' ? this.#first(message) : this.#final(message)
  }

  async #first(message: string): Promise<Reply> {
    const [, bare, name, nonce] = /^n,(?:a=[^,]*)?,(n=([^,]*),r=([^,]+).*)$/.exec(message) ?? []
    if (bare === undefined) throw this.#invalid()
    this.#user = name!.replaceAll('=2C', ',').replaceAll('=3D', '=')
    if (this.#credentials.users.passwordOf(this.#user) === undefined) throw this.#invalid()
    this.#clientFirstBare = bare
    const serverNonce = randomBytes(18).toString('base64')
    this.#serverFirst = `r=${nonce}${serverNonce},s=${this.#salt.toString('base64')},i=${ITERATIONS}`
    return { token: Buffer.from(this.#serverFirst) }
  }

  async #final(message: string): Promise<Reply> {
    const [, withoutProof, proof] = /^(c=[^,]+,r=[^,]+),p=(.+)$/.exec(message) ?? []
    const password = this.#credentials.users.passwordOf(this.#user)
    if (withoutProof === undefined || password === undefined) throw this.#invalid()
    const bytes = this.#hash === 'sha256' ? 32 : 64
    const salted = await deriveKey(password, this.#salt, ITERATIONS, bytes, this.#hash)
    const clientKey = this.#hmac(salted, 'Client Key')
    const storedKey = createHash(this.#hash).update(clientKey).digest()
    const authMessage = `${this.#clientFirstBare},${this.#serverFirst},${withoutProof}`
    const signature = this.#hmac(storedKey, authMessage)
    const expected = Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!))
    if (!expected.equals(Buffer.from(proof!, 'base64'))) throw this.#invalid()
    const proofOfServer = this.#hmac(this.#hmac(salted, 'Server Key'), authMessage)
    return { token: Buffer.from(`v=${proofOfServer.toString('base64')}`), loggedIn: { user: this.#user } }
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#hash, key).update(text, 'utf8').digest()
  }

  /** Kafka does not say whether it was the name or the password. */
  #invalid(): RefusedLogin {
    return new RefusedLogin(
      `Authentication failed during authentication due to invalid credentials with SASL mechanism ${this.#name}`,
    )
  }
}
