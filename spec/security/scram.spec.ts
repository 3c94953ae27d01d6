import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { expect } from 'chai'
import { AuthenticationError } from '../../lib/errors.js'
import type { Credentials } from '../../lib/security/credentials.js'
import type { SaslExchange } from '../../lib/security/sasl-mechanism.js'
import { saslPrep } from '../../lib/security/sasl-prep.js'
import { type ScramName, type ScramOptions, scramMechanism } from '../../lib/security/scram.js'

const broker = { host: 'broker', port: 9093 }
const alice: Credentials = { username: 'user', password: 'pencil' }

function begin(name: ScramName, options: Partial<ScramOptions> = {}): SaslExchange {
  return scramMechanism(name, { credentials: () => alice, ...options }).begin(broker)
}

async function failureOf(promise: Promise<unknown>): Promise<AuthenticationError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).to.be.instanceOf(AuthenticationError)
  return error as AuthenticationError
}

/** RFC 7677, section 3. */
const rfc7677 = {
  nonce: 'rOprNGfwEbeRWgbNEkqO',
  first: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  final:
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
}

/** A server of its own kind, in a few lines of RFC 5802. */
class ScramServer {
  readonly #hash: string
  readonly #salted: Buffer
  readonly #firstBare: string
  readonly serverFirst: string

  constructor(hash: string, bytes: number, password: string, clientFirst: Buffer) {
    this.#hash = hash
    this.#salted = pbkdf2Sync(password, 'salt', 4096, bytes, hash)
    this.#firstBare = clientFirst.toString().slice('n,,'.length)
    const nonce = /r=([^,]*)/.exec(this.#firstBare)![1]
    this.serverFirst = `r=${nonce}server,s=${Buffer.from('salt').toString('base64')},i=4096`
  }

  /** The signature, or null where the proof is wrong. */
  answer(final: Buffer): string | null {
    const [withoutProof, proof] = final.toString().split(',p=') as [string, string]
    const message = `${this.#firstBare},${this.serverFirst},${withoutProof}`
    const mac = (key: Buffer, text: string) => createHmac(this.#hash, key).update(text).digest()
    const storedKey = createHash(this.#hash).update(mac(this.#salted, 'Client Key')).digest()
    const signature = mac(storedKey, message)
    const clientKey = Buffer.from(proof, 'base64').map((byte, at) => byte ^ signature[at]!)
    if (!createHash(this.#hash).update(clientKey).digest().equals(storedKey)) return null
    return `v=${mac(mac(this.#salted, 'Server Key'), message).toString('base64')}`
  }
}

describe('scramMechanism', () => {
  it('SCRAM-SHA-256 sends the messages of the example in RFC 7677 and is done after the signature', async () => {
    const exchange = begin('SCRAM-SHA-256', { nonce: () => rfc7677.nonce })
    expect((await exchange.first()).toString()).to.equal(rfc7677.first)
    expect((await exchange.next(Buffer.from(rfc7677.serverFirst)))?.toString()).to.equal(rfc7677.final)
    expect(exchange.done).to.equal(false)
    expect(await exchange.next(Buffer.from(rfc7677.serverFinal))).to.equal(undefined)
    expect(exchange.done).to.equal(true)
  })

  for (const [name, hash, bytes] of [
    ['SCRAM-SHA-256', 'sha256', 32],
    ['SCRAM-SHA-512', 'sha512', 64],
  ] as const) {
    it(`a server of ${name} accepts the proof, and its signature is accepted`, async () => {
      const exchange = begin(name)
      const server = new ScramServer(hash, bytes, 'pencil', await exchange.first())
      const final = (await exchange.next(Buffer.from(server.serverFirst)))!
      await exchange.next(Buffer.from(server.answer(final)!))
      expect(exchange.done).to.equal(true)
    })

    it(`a server of ${name} refuses the proof of another password`, async () => {
      const exchange = begin(name)
      const server = new ScramServer(hash, bytes, 'another', await exchange.first())
      expect(server.answer((await exchange.next(Buffer.from(server.serverFirst)))!)).to.equal(null)
    })
  }

  it('a password that SASLprep would change stays as it is written, as in the Java client', async () => {
    const written = 'pa\u0308ss'
    const exchange = begin('SCRAM-SHA-512', { credentials: () => ({ username: 'u', password: written }) })
    const server = new ScramServer('sha512', 64, written, await exchange.first())
    expect(server.answer((await exchange.next(Buffer.from(server.serverFirst)))!)).to.match(/^v=/)
  })

  it('a password is prepared with SASLprep where that is asked for', async () => {
    const credentials = () => ({ username: 'I\u00adX', password: 'pa\u0308ss' })
    const exchange = begin('SCRAM-SHA-512', { credentials, prepare: saslPrep })
    const first = await exchange.first()
    expect(first.toString()).to.match(/^n,,n=IX,/)
    const server = new ScramServer('sha512', 64, 'p\u00e4ss', first)
    expect(server.answer((await exchange.next(Buffer.from(server.serverFirst)))!)).to.match(/^v=/)
  })

  it('commas and equals signs of a user name are escaped, and a delegation token is marked', async () => {
    const credentials = () => ({ username: 'a,b=c', password: 'x', tokenAuth: true })
    const first = await begin('SCRAM-SHA-256', { credentials, nonce: () => 'abc' }).first()
    expect(first.toString()).to.equal('n,,n=a=2Cb=3Dc,r=abc,tokenauth=true')
  })

  it('each exchange of SCRAM has a nonce of its own', async () => {
    const texts = await Promise.all([begin('SCRAM-SHA-256').first(), begin('SCRAM-SHA-256').first()])
    expect(texts[0]!.equals(texts[1]!)).to.equal(false)
  })

  const badFirsts: [what: string, message: string, says: RegExp][] = [
    ['a nonce that does not begin with that of the client', 'r=other,s=c2FsdA==,i=4096', /nonce/],
    ['a nonce without a part of the broker', 'r=abc,s=c2FsdA==,i=4096', /nonce/],
    ['4095 iterations', 'r=abcd,s=c2FsdA==,i=4095', /4095 iterations, accepted are 4096 to 1000000/],
    ['1000001 iterations', 'r=abcd,s=c2FsdA==,i=1000001', /1000001 iterations/],
    ['a number of iterations that is none', 'r=abcd,s=c2FsdA==,i=0x2000', /iterations/],
    ['no salt', 'r=abcd,s=,i=4096', /salt/],
    ['an error', 'e=unknown-user', /refused the login: unknown-user/],
    ['an extension that must be understood', 'm=x,r=abcd,s=c2FsdA==,i=4096', /extension/],
    ['what is no message of SCRAM', '\u0000\u0001', /cannot be read/],
    ['a message of 5000 characters', `r=abcd${'d'.repeat(5000)},s=c2FsdA==,i=4096`, /too long/],
  ]
  for (const [what, message, says] of badFirsts) {
    it(`SCRAM ends with an AuthenticationError when the broker begins with ${what}`, async () => {
      const exchange = begin('SCRAM-SHA-256', { nonce: () => 'abc' })
      await exchange.first()
      const error = await failureOf(exchange.next(Buffer.from(message)))
      expect(error.message)
        .to.match(says)
        .and.match(/^SCRAM-SHA-256: /)
      expect(error.mechanism).to.equal('SCRAM-SHA-256')
      await failureOf(exchange.next(Buffer.from('r=abcd,s=c2FsdA==,i=4096')))
    })
  }

  for (const wrong of [
    'v=AAAA',
    `v=${Buffer.alloc(32).toString('base64')}`,
    'v=',
    'x=1',
    'e=invalid-proof',
  ]) {
    it(`a broker whose last message of SCRAM is ${wrong} is not logged in to`, async () => {
      const exchange = begin('SCRAM-SHA-256', { nonce: () => rfc7677.nonce })
      await exchange.first()
      await exchange.next(Buffer.from(rfc7677.serverFirst))
      await failureOf(exchange.next(Buffer.from(wrong)))
      expect(exchange.done).to.equal(false)
    })
  }

  it('a broker cannot skip its proof with the signature alone', async () => {
    const exchange = begin('SCRAM-SHA-256')
    await exchange.first()
    await failureOf(exchange.next(Buffer.from(rfc7677.serverFinal)))
    expect(exchange.done).to.equal(false)
  })

  it('what options.credentials throws is named by its class alone', async () => {
    const credentials = () => {
      throw new TypeError('canary')
    }
    const error = await failureOf(begin('SCRAM-SHA-256', { credentials }).first())
    expect(error.message).to.include('TypeError').and.not.include('canary')
    expect(error.cause).to.equal(undefined)
  })
})
