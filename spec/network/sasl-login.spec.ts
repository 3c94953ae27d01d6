import { expect } from 'chai'
import {
  AuthenticationError,
  ConnectionError,
  type KafkaError,
  ProducerClosedError,
  RequestTimeoutError,
} from '../../lib/errors.js'
import { ApiVersionsCache } from '../../lib/network/api-versions-cache.js'
import { BrokerSession, type Ready } from '../../lib/network/broker-session.js'
import { BrokerVersions } from '../../lib/network/broker-versions.js'
import { SaslLogin } from '../../lib/network/sasl-login.js'
import { metadata, metadataRequest } from '../../lib/protocol/messages/index.js'
import { fakeTimeouts } from './support/clients.js'
import { connectorOf } from './support/connectors.js'
import { rejectionOf, turns, until } from './support/doubles.js'
import { listOf2_8 } from './support/kinds-of-servers.js'
import { FakeMechanism, type FakeMechanismOptions } from './support/mechanisms.js'
import { peers } from './support/peer.js'
import { listOf0_10_2, SaslBroker, type SaslBrokerOptions } from './support/sasl-broker.js'

const TIMEOUT_MS = 1000

describe('SaslLogin', () => {
  const start = peers()
  const sessions: BrokerSession[] = []
  let ends: string[]

  beforeEach(() => {
    ends = []
  })

  afterEach(() => {
    for (const session of sessions.splice(0)) session.close()
  })

  async function reaching(
    brokerOptions: Partial<SaslBrokerOptions> = {},
    mechanismOptions: FakeMechanismOptions = {},
    apiVersionsCache = new ApiVersionsCache(null),
  ) {
    const broker = new SaslBroker({ lists: listOf2_8, ...brokerOptions })
    const peer = await start(broker.serve)
    const mechanism = new FakeMechanism(mechanismOptions)
    const login = new SaslLogin({ mechanism, timeoutMs: TIMEOUT_MS, random: () => 0 })
    const session = new BrokerSession(peer.address, {
      connector: connectorOf({ login }),
      requestTimeoutMs: TIMEOUT_MS,
      apiVersionsCache,
      listener: { onConnect() {}, onDisconnect: (_, reason) => void ends.push(reason?.message ?? 'by us') },
    })
    sessions.push(session)
    return { broker, peer, mechanism, session }
  }

  const ready = (session: BrokerSession): Promise<Ready> => Promise.resolve(session.ready(['t']))
  const ask = ({ connection }: Ready) =>
    connection.request(metadata, metadataRequest(['u']), { timeoutMs: TIMEOUT_MS, version: 0 })

  async function refusal(...given: Parameters<typeof reaching>): Promise<[KafkaError, string[][]]> {
    const { broker, peer, session } = await reaching(...given)
    const error = await rejectionOf(ready(session))
    expect(error).to.include({ broker: peer.broker, persistence: 'not-persisted' })
    expect(session.state).to.equal('idle')
    await until(() => peer.sockets.every(({ closed }) => closed))
    return [error, broker.story]
  }

  describe('with a broker from 1.0 on', () => {
    it('asks for versions, names the mechanism, sends each token in a request, and then asks for metadata', async () => {
      const challenges: string[] = []
      const { broker, peer, mechanism, session } = await reaching(
        { onToken: (_, nth) => ({ token: nth === 1 ? 'challenge' : 'proof' }) },
        { tokens: ['first', 'second'], onChallenge: (challenge) => void challenges.push(challenge) },
      )
      await ready(session)
      expect(broker.story).to.deep.equal([
        ['18', 'SaslHandshake v1 PLAIN', 'token first', 'token second', '3'],
      ])
      expect(challenges).to.deep.equal(['challenge', 'proof'])
      expect(mechanism.begun).to.deep.equal([peer.broker])
    })

    it('logs in on each connection, also where the versions are known', async () => {
      const known = new ApiVersionsCache(BrokerVersions.pinned('2.8'))
      const { broker, session } = await reaching({}, {}, known)
      const first = await ready(session)
      first.connection.close(new ConnectionError('lost'))
      await ready(session)
      expect(broker.story).to.deep.equal([
        ['SaslHandshake v1 PLAIN', 'token me'],
        ['SaslHandshake v1 PLAIN', 'token me'],
      ])
    })

    it('fails with what the broker said where it refuses a token', async () => {
      const [error, story] = await refusal({
        onToken: () => ({ errorCode: 58, message: 'Authentication failed: Invalid username or password' }),
      })
      expect(error)
        .to.be.instanceOf(AuthenticationError)
        .and.include({ mechanism: 'PLAIN', retriable: false })
      expect(error.message).to.match(
        /^the SASL PLAIN login at \S+ failed: SaslAuthenticate was answered SASL_AUTHENTICATION_FAILED \(58\): Authentication failed: Invalid username or password$/,
      )
      expect(story, 'it is tried once').to.deep.equal([['18', 'SaslHandshake v1 PLAIN', 'token me']])
    })

    it('says in which step a broker closed the connection', async () => {
      const [error] = await refusal({ onToken: () => 'close' })
      expect(error).to.be.instanceOf(ConnectionError).and.include({ retriable: true })
      expect(error.message).to.match(
        /closed the connection.* during the SASL PLAIN login \(SaslAuthenticate\)$/,
      )
    })

    it('says in which step a broker did not answer', async () => {
      const clock = fakeTimeouts()
      const { broker, session } = await reaching({ onToken: () => 'silence' })
      const failed = rejectionOf(ready(session))
      await until(() => broker.story[0]?.length === 3)
      clock.tick(TIMEOUT_MS)
      const error = await failed
      expect(error).to.be.instanceOf(RequestTimeoutError)
      expect(error.message).to.include('SaslAuthenticate')
    })
  })

  describe('with a broker before 1.0', () => {
    it('sends bare tokens after the handshake, until the empty one of the broker', async () => {
      const { broker, session } = await reaching(
        { lists: listOf0_10_2, onToken: (_, nth) => (nth === 1 ? { token: 'challenge' } : {}) },
        { tokens: ['first', 'second'] },
      )
      await ask(await ready(session))
      expect(broker.story).to.deep.equal([
        ['18', 'SaslHandshake v0 PLAIN', 'token first', 'token second', '3', '3'],
      ])
    })

    it('takes a closed connection for a refusal', async () => {
      const [error] = await refusal({ lists: listOf0_10_2, onToken: () => 'close' })
      expect(error).to.be.instanceOf(AuthenticationError)
      expect(error.message).to.include('are user and password right?')
    })

    it('ends where no token comes in time', async () => {
      const clock = fakeTimeouts()
      const { broker, session } = await reaching({ lists: listOf0_10_2, onToken: () => 'silence' })
      const failed = rejectionOf(ready(session))
      await until(() => broker.story[0]?.length === 3)
      clock.tick(TIMEOUT_MS)
      expect(await failed).to.be.instanceOf(RequestTimeoutError)
    })

    it('fails where the broker is pinned to 0.9, which has no handshake', async () => {
      const known = new ApiVersionsCache(BrokerVersions.pinned('0.9.0'))
      const [error] = await refusal({}, {}, known)
      expect(error).to.be.instanceOf(AuthenticationError)
      expect(error.message).to.include('no other mechanism than GSSAPI')
    })
  })

  it('names the mechanisms that a broker has where it lacks the one that is set', async () => {
    const [error, story] = await refusal(
      { mechanisms: ['PLAIN', 'SCRAM-SHA-512'] },
      { name: 'SCRAM-SHA-256' },
    )
    expect(error).to.be.instanceOf(AuthenticationError).and.include({ mechanism: 'SCRAM-SHA-256' })
    expect(error.message).to.include('UNSUPPORTED_SASL_MECHANISM (33)').and.include('PLAIN, SCRAM-SHA-512')
    expect(story).to.deep.equal([['18', 'SaslHandshake v1 SCRAM-SHA-256']])
  })

  it('says so where a listener expects no login', async () => {
    const [error] = await refusal({ handshakeCode: 34 })
    expect(error).to.be.instanceOf(AuthenticationError)
    expect(error.message).to.include('set security.protocol to PLAINTEXT or SSL')
  })

  it('fails with the broker where the mechanism does not believe it', async () => {
    const [error] = await refusal(
      {},
      {
        onChallenge: () => {
          throw new AuthenticationError('the signature of the broker is wrong', { mechanism: 'PLAIN' })
        },
      },
    )
    expect(error).to.be.instanceOf(AuthenticationError)
    expect(error.message).to.match(
      /^the SASL PLAIN login at \S+ failed: the signature of the broker is wrong$/,
    )
  })

  it('does not accept a broker that ends the login before the mechanism is satisfied', async () => {
    const [error] = await refusal({}, { isSatisfied: false })
    expect(error).to.be.instanceOf(AuthenticationError)
    expect(error.message).to.include('ended the login before')
  })

  it('fails where the credentials do not come in time', async () => {
    const clock = fakeTimeouts()
    const { broker, session } = await reaching({}, { first: () => new Promise(() => {}) })
    const failed = rejectionOf(ready(session))
    await until(() => broker.story[0]?.length === 2)
    await turns()
    clock.tick(TIMEOUT_MS)
    const error = await failed
    expect(error).to.be.instanceOf(AuthenticationError)
    expect(error.message).to.include(`no credentials within ${TIMEOUT_MS} ms`)
  })

  it('ends when the session is closed while the credentials are waited for', async () => {
    const { broker, session } = await reaching({}, { first: () => new Promise(() => {}) })
    const failed = rejectionOf(ready(session))
    await until(() => broker.story[0]?.length === 2)
    await turns()
    session.close(new ProducerClosedError())
    expect((await failed).message).to.equal(new ProducerClosedError().message)
  })

  describe('after a refusal', () => {
    it('fails at once with the same error, without a connection, until the pause is over', async () => {
      const clock = fakeTimeouts()
      let isRight = false
      const { peer, session } = await reaching({
        onToken: () => (isRight ? {} : { errorCode: 58, message: 'no' }),
      })
      const first = await rejectionOf(ready(session))
      expect(await rejectionOf(ready(session))).to.equal(first)
      expect(peer.sockets).to.have.length(1)
      clock.restore()
      const at = performance.now()
      const now = performance.now.bind(performance)
      performance.now = () => now() + 1001
      try {
        isRight = true
        expect(performance.now()).to.be.above(at + 1000)
        await ask(await ready(session))
      } finally {
        performance.now = now
      }
      expect(peer.sockets).to.have.length(2)
    })
  })

  describe('before the session ends', () => {
    const LIFETIME_MS = 10_000
    const EARLIEST_MS = 8500

    const story = ({ story: [first] }: SaslBroker): string[] => first!

    it('logs in again over the same connection, again and again', async () => {
      const clock = fakeTimeouts()
      const { broker, peer, session } = await reaching({
        onToken: () => ({ sessionLifetimeMs: LIFETIME_MS }),
      })
      await ready(session)
      clock.tick(EARLIEST_MS - 1)
      await turns()
      expect(story(broker)).to.deep.equal(['18', 'SaslHandshake v1 PLAIN', 'token me', '3'])
      // A tick that goes on beyond the timer would end the wait for the credentials as well.
      for (const [logins, afterMs] of [
        [2, 1],
        [3, EARLIEST_MS],
      ] as const) {
        clock.tick(afterMs)
        await until(() => story(broker).filter((step) => step === 'token me').length === logins)
        await turns()
      }
      expect(peer.sockets).to.have.length(1)
      expect(ends).to.deep.equal([])
    })

    it('logs in again before the credentials end, where that is earlier', async () => {
      const clock = fakeTimeouts()
      const { broker, session } = await reaching(
        { onToken: () => ({ sessionLifetimeMs: 1_000_000 }) },
        { expiresAt: () => Date.now() + LIFETIME_MS },
      )
      await ready(session)
      clock.tick(EARLIEST_MS)
      await until(() => story(broker).filter((step) => step === 'token me').length === 2)
    })

    it('never does where the broker sets no limit', async () => {
      const clock = fakeTimeouts()
      const { session } = await reaching({}, { expiresAt: () => Date.now() + LIFETIME_MS })
      await ready(session)
      expect(clock.countTimers()).to.equal(0)
    })

    it('holds requests back meanwhile, and sends them in their order after it', async () => {
      const clock = fakeTimeouts()
      const { broker, session } = await reaching(
        { onToken: (_, nth) => ({ token: nth % 2 ? 'challenge' : '', sessionLifetimeMs: LIFETIME_MS }) },
        { tokens: ['first', 'second'] },
      )
      const connected = await ready(session)
      const answers: number[] = []
      const send = (n: number): Promise<unknown> => ask(connected).then(() => answers.push(n))
      clock.tick(EARLIEST_MS - 1)
      const before = send(1)
      clock.tick(1)
      await until(() => story(broker).length >= 7)
      const during = [send(2), send(3)]
      await Promise.all([before, ...during])
      expect(story(broker).slice(5)).to.deep.equal([
        '3',
        'SaslHandshake v1 PLAIN',
        'token first',
        'token second',
        '3',
        '3',
      ])
      expect(answers).to.deep.equal([1, 2, 3])
    })

    it('goes on sending while the new credentials are waited for', async () => {
      const clock = fakeTimeouts()
      let give: ((token: Buffer) => void) | undefined
      let exchanges = 0
      const { broker, session } = await reaching(
        { onToken: () => ({ sessionLifetimeMs: LIFETIME_MS }) },
        {
          tokens: [],
          first: () =>
            ++exchanges === 1
              ? Promise.resolve(Buffer.from('old'))
              : new Promise((resolve) => {
                  give = resolve
                }),
        },
      )
      const connected = await ready(session)
      clock.tick(EARLIEST_MS)
      await until(() => give !== undefined)
      await ask(connected)
      give!(Buffer.from('new'))
      await until(() => story(broker).includes('token new'))
      expect(story(broker).slice(3)).to.deep.equal(['3', '3', 'SaslHandshake v1 PLAIN', 'token new'])
    })

    it('closes the connection where it is refused, and what waits was not sent', async () => {
      const clock = fakeTimeouts()
      const { broker, session } = await reaching({
        onToken: (_, nth) =>
          nth === 1 ? { sessionLifetimeMs: LIFETIME_MS } : { errorCode: 58, message: 'revoked' },
      })
      const connected = await ready(session)
      clock.tick(EARLIEST_MS)
      const waiting = (async () => {
        await until(() => story(broker).length === 5)
        return rejectionOf(ask(connected))
      })()
      await until(() => ends.length === 1)
      expect(ends[0]).to.include('revoked')
      expect(await waiting).to.include({ persistence: 'not-persisted' })
      expect(story(broker).filter((step) => step === '3')).to.have.length(1)
    })

    it('tries again where the credentials are not there, as long as the session lasts', async () => {
      const clock = fakeTimeouts()
      let exchanges = 0
      const { broker, session } = await reaching(
        { onToken: () => ({ sessionLifetimeMs: 100_000 }) },
        {
          tokens: [],
          first: async () => {
            if (++exchanges === 2) throw new AuthenticationError('the token server is down')
            return Buffer.from(`token ${exchanges}`)
          },
        },
      )
      await ready(session)
      clock.tick(85_000)
      await until(() => exchanges === 2)
      await turns()
      // Half of what is left.
      clock.tick(50_000)
      await until(() => story(broker).includes('token token 3'))
      expect(ends).to.deep.equal([])
    })

    it('leaves no timer behind when the connection ends', async () => {
      const clock = fakeTimeouts()
      const { session } = await reaching({ onToken: () => ({ sessionLifetimeMs: LIFETIME_MS }) })
      await ready(session)
      expect(clock.countTimers()).to.equal(1)
      session.close()
      expect(clock.countTimers()).to.equal(0)
    })
  })
})
