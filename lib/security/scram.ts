/**
 * SASL/SCRAM with SHA-256 or SHA-512: neither side shows the password to the other, and both prove that they know it.
 *
 * The server proves it with its signature, which is compared in constant time; a broker without it is not logged in to. No
 * channel binding, as brokers offer none. Without {@link ScramOptions.prepare} names and passwords are taken as they are
 * written, in UTF-8, since Kafka's own tools store them so.
 *
 * @see RFC 5802, RFC 7677; KIP-84, KIP-48 (tokenauth); docs/decisions/0010-security.md#saslprep
 */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { AuthenticationError, printable } from '../errors.js'
import { type Credentials, type CredentialsProvider, currentCredentials } from './credentials.js'
import type { SaslExchange, SaslMechanism } from './sasl-mechanism.js'
import { type ScramAttributes, scramAttributes, scramName } from './scram-messages.js'

export type ScramName = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

export interface ScramOptions {
  readonly credentials: CredentialsProvider
  /** Prepares names and passwords, see {@link saslPrep}. Default: they stay as they are. */
  readonly prepare?: (text: string) => string
  /** For specs: 24 random bytes in base64 otherwise. */
  readonly nonce?: () => string
}

const hashes = {
  'SCRAM-SHA-256': { hash: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { hash: 'sha512', bytes: 64 },
} as const

/** Fewer would let whoever poses as a broker guess the password from the proof; RFC 7677 asks for as many. */
const LEAST_ITERATIONS = 4096
/** More would keep a thread of this process busy for seconds, at the wish of the other side. */
const MOST_ITERATIONS = 1_000_000
/** A message of a broker has a few dozen characters. */
const MOST_CHARACTERS = 4096

const deriveKey = promisify(pbkdf2)

const CHANNEL_BINDING = Buffer.from('n,,').toString('base64')

export function scramMechanism(name: ScramName, options: ScramOptions): SaslMechanism {
  return { name, begin: () => new ScramExchange(name, options) }
}

/** What comes next; a message at any other time is an error. */
type Step = 'first' | 'server-first' | 'server-final' | 'done' | 'failed'

class ScramExchange implements SaslExchange {
  readonly #name: ScramName
  readonly #options: ScramOptions
  readonly #nonce: string
  #step: Step = 'first'
  #clientFirstBare = ''
  #password = ''
  #serverSignature: Buffer = Buffer.alloc(0)

  constructor(name: ScramName, options: ScramOptions) {
    this.#name = name
    this.#options = options
    this.#nonce = options.nonce?.() ?? randomBytes(24).toString('base64')
  }

  get done(): boolean {
    return this.#step === 'done'
  }

  async first(): Promise<Buffer> {
    const credentials = await currentCredentials(this.#options.credentials, this.#name)
    const { username, password } = this.#prepared(credentials)
    this.#password = password
    const extension = credentials.tokenAuth ? ',tokenauth=true' : ''
    this.#clientFirstBare = `n=${scramName(username)},r=${this.#nonce}${extension}`
    this.#step = 'server-first'
    return Buffer.from(`n,,${this.#clientFirstBare}`, 'utf8')
  }

  async next(challenge: Buffer): Promise<Buffer | undefined> {
    const step = this.#step
    this.#step = 'failed'
    if (challenge.length > MOST_CHARACTERS) this.#fail('the broker sent a message that is far too long')
    if (step === 'server-first') return this.#finalMessage(challenge.toString('utf8'))
    if (step === 'server-final') return this.#verify(challenge.toString('utf8'))
    // Some brokers agree with an empty message after all is said.
    if (step === 'done' && challenge.length === 0) this.#step = 'done'
    else this.#fail('the broker sent a message out of turn')
    return undefined
  }

  #prepared({ username, password }: Credentials): { username: string; password: string } {
    const { prepare } = this.#options
    if (prepare === undefined) return { username, password }
    try {
      return { username: prepare(username), password: prepare(password) }
    } catch {
      return this.#fail(
        'the user name or the password has a character that SASLprep (RFC 4013) does not allow',
      )
    }
  }

  async #finalMessage(serverFirst: string): Promise<Buffer> {
    const attributes = this.#attributesOf(serverFirst)
    const { salt, iterations, nonce } = this.#parametersIn(attributes)
    const { hash, bytes } = hashes[this.#name]
    const salted = await deriveKey(this.#password, salt, iterations, bytes, hash)
    this.#password = ''
    const withoutProof = `c=${CHANNEL_BINDING},r=${nonce}`
    const authMessage = `${this.#clientFirstBare},${serverFirst},${withoutProof}`
    const clientKey = hmac(hash, salted, 'Client Key')
    const storedKey = createHash(hash).update(clientKey).digest()
    const signature = hmac(hash, storedKey, authMessage)
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!))
    this.#serverSignature = hmac(hash, hmac(hash, salted, 'Server Key'), authMessage)
    this.#step = 'server-final'
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`, 'utf8')
  }

  #parametersIn(attributes: ScramAttributes): { salt: Buffer; iterations: number; nonce: string } {
    const nonce = attributes.get('r') ?? ''
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce) {
      this.#fail('the broker did not continue the nonce of this client, so its answer is not meant for it')
    }
    const salt = Buffer.from(attributes.get('s') ?? '', 'base64')
    if (salt.length === 0) this.#fail('the broker sent no salt')
    const count = attributes.get('i') ?? ''
    const iterations = /^[1-9]\d{0,9}$/.test(count) ? Number(count) : 0
    if (iterations < LEAST_ITERATIONS || iterations > MOST_ITERATIONS) {
      this.#fail(
        `the broker asks for ${printable(count) || 'no number of'} iterations, accepted are ${LEAST_ITERATIONS} to ${MOST_ITERATIONS}; store the credentials again with another number`,
      )
    }
    return { salt, iterations, nonce }
  }

  #verify(serverFinal: string): undefined {
    const attributes = this.#attributesOf(serverFinal)
    const expected = this.#serverSignature
    const given = Buffer.from(attributes.get('v') ?? '', 'base64')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      this.#fail('the signature of the broker is wrong: it does not know the password, so it is not trusted')
    }
    this.#step = 'done'
    return undefined
  }

  #attributesOf(message: string): ScramAttributes {
    const attributes = scramAttributes(message)
    if (attributes === null) return this.#fail('the broker sent a message that cannot be read')
    const error = attributes.get('e')
    if (error !== undefined) this.#fail(`the broker refused the login: ${printable(error)}`)
    if (attributes.has('m')) this.#fail('the broker asks for an extension that is not known')
    return attributes
  }

  #fail(problem: string): never {
    this.#step = 'failed'
    throw new AuthenticationError(`${this.#name}: ${problem}`, { mechanism: this.#name })
  }
}

function hmac(hash: string, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text, 'utf8').digest()
}
