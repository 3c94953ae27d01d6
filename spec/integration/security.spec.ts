/** Both producers against the embedded broker with TLS and SASL: each set-up, and each way in which it goes wrong. */
import { expect } from 'chai'
import sinon from 'sinon'
import {
  AuthenticationError,
  type FailedToSendMessageError,
  KafkaError,
  KafkaProducer,
  Producer,
  SslAuthenticationError,
} from '../../lib/index.js'
import {
  close,
  errorCode,
  falseSignature,
  hold,
  noAnswer,
  TestCluster,
  type TestClusterOptions,
} from '../../lib/testing/index.js'
import { LogKeeper } from '../handler/support/log-keeper.js'
import { turns, until } from '../network/support/doubles.js'
import { certificates } from '../support/certificates.js'

type Properties = Readonly<Record<string, string>>

const all = certificates()
const PASSWORD = 'alice-secret'
const { chain: cert, key } = all.broker

const trust: Properties = {
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.certificates': all.ca.cert,
}
const jaas = (password: string, user = 'alice', module = 'plain.PlainLoginModule'): string =>
  `org.apache.kafka.common.security.${module} required username="${user}" password="${password}";`
const plain = (password = PASSWORD, user?: string): Properties => ({
  'security.protocol': 'SASL_PLAINTEXT',
  'sasl.mechanism': 'PLAIN',
  'sasl.jaas.config': jaas(password, user),
})
const scram = (hash: 256 | 512, password = PASSWORD, user?: string): Properties => ({
  'security.protocol': 'SASL_PLAINTEXT',
  'sasl.mechanism': `SCRAM-SHA-${hash}`,
  'sasl.jaas.config': jaas(password, user, 'scram.ScramLoginModule'),
})
const oauth: Properties = { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'OAUTHBEARER' }
const overTls = (properties: Properties): Properties => ({
  ...properties,
  ...trust,
  'security.protocol': properties['security.protocol']!.replace('PLAINTEXT', 'SSL'),
})
const mutual: Properties = {
  ...trust,
  'security.protocol': 'SSL',
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.certificate.chain': all.client.cert,
  'ssl.keystore.key': all.client.key,
}

type Options = ConstructorParameters<typeof Producer>[1] & ConstructorParameters<typeof KafkaProducer>[1]

describe('Security', () => {
  let cluster: TestCluster | null = null
  let log: LogKeeper
  const ends: (() => Promise<void>)[] = []

  beforeEach(() => {
    log = new LogKeeper()
  })

  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
    await cluster?.close()
    cluster = null
  })

  async function start(options: TestClusterOptions): Promise<TestCluster> {
    cluster = await TestCluster.start({ era: '4.3', ...options })
    return cluster
  }

  function classic(properties: Properties, options: Options = {}): Producer<string, string> {
    const producer = new Producer<string, string>(
      {
        'metadata.broker.list': cluster!.bootstrap,
        'serializer.class': 'kafka.serializer.StringEncoder',
        'request.required.acks': 1,
        'request.timeout.ms': 5000,
        'retry.backoff.ms': 1,
        'queue.buffering.max.ms': 5,
        ...properties,
      },
      { logger: log, ...options },
    )
    ends.push(() => producer.close({ timeoutMs: 0 }))
    return producer
  }

  function modern(properties: Properties, options: Options = {}): KafkaProducer<string, string> {
    const serializer = 'org.apache.kafka.common.serialization.StringSerializer'
    const producer = new KafkaProducer<string, string>(
      {
        'bootstrap.servers': cluster!.bootstrap,
        'key.serializer': serializer,
        'value.serializer': serializer,
        ...properties,
      },
      { logger: log, ...options },
    )
    ends.push(() => producer.close({ timeoutMs: 0 }))
    return producer
  }

  /** Sends one message with each producer, and in async mode; all are stored, as this principal. */
  async function works(principal: string, properties: Properties, options: Options = {}): Promise<void> {
    await classic(properties, options).deliver({ topic: 't', message: 'sync' })
    await classic({ ...properties, 'producer.type': 'async' }, options).deliver({
      topic: 't',
      message: 'async',
    })
    await modern(properties, options).send({ topic: 't', value: 'modern' })
    expect(cluster!.messages('t').map(({ value }) => String(value))).to.deep.equal([
      'sync',
      'async',
      'modern',
    ])
    const produced = cluster!.requests.filter(({ api }) => api === 'Produce')
    expect(new Set(produced.map((request) => request.principal))).to.deep.equal(new Set([principal]))
  }

  const failureOf = (sending: PromiseLike<unknown>): Promise<KafkaError> =>
    Promise.resolve(sending).then(
      () => expect.fail('it was delivered'),
      (error: KafkaError) => error,
    )

  /** What each producer's message fails with, after one connection; nothing of it is stored. */
  async function failures(properties: Properties, options: Options = {}): Promise<KafkaError[]> {
    const connections: number[] = []
    cluster!.on('connection', ({ connection }) => void connections.push(connection))
    const ofClassic = await failureOf(classic(properties, options).deliver({ topic: 't', message: 'm' }))
    expect(connections, 'connections of Producer').to.have.length(1)
    const ofModern = await failureOf(modern(properties, options).send({ topic: 't', value: 'm' }))
    expect(connections, 'connections of both').to.have.length(2)
    expect(cluster!.topics.flatMap((topic) => cluster!.messages(topic))).to.deep.equal([])
    const errors = [ofClassic, ofModern].map((error) => rootOf(error))
    for (const error of errors) expect(error, error.message).to.include({ persistence: 'not-persisted' })
    return errors
  }

  /** A failure of a message names the error behind it. */
  function rootOf(error: KafkaError): KafkaError {
    const { cause } = error as FailedToSendMessageError
    return error instanceof AuthenticationError || !(cause instanceof KafkaError) ? error : rootOf(cause)
  }

  describe('works', () => {
    it('with TLS', async () => {
      await start({ tls: { cert, key } })
      await works('User:ANONYMOUS', { 'security.protocol': 'SSL', ...trust })
    })

    it('with TLS on both sides', async () => {
      await start({ tls: { cert, key, ca: all.ca.cert, requestCert: true, rejectUnauthorized: true } })
      await works('User:ANONYMOUS', mutual)
    })

    it('with the tls option in place of stores', async () => {
      await start({ tls: { cert, key } })
      await works('User:ANONYMOUS', { 'security.protocol': 'SSL' }, { tls: { ca: all.ca.cert } })
    })

    const logins: [title: string, properties: Properties][] = [
      ['PLAIN', plain()],
      ['SCRAM-SHA-256', scram(256)],
      ['SCRAM-SHA-512', scram(512)],
    ]
    for (const [title, properties] of logins) {
      for (const [over, isTls] of [
        ['', false],
        [' over TLS', true],
      ] as const) {
        it(`with ${title}${over}`, async () => {
          await start({ users: { alice: PASSWORD }, ...(isTls && { tls: { cert, key } }) })
          await works('User:alice', isTls ? overTls(properties) : properties)
        })
      }

      it(`with ${title} and the tokens of brokers before 1.0`, async () => {
        await start({ era: '0.11', users: { alice: PASSWORD } })
        await works('User:alice', properties)
      })
    }

    it('with OAUTHBEARER and a token of a function', async () => {
      await start({ validateToken: (token) => ({ user: token === 'good' ? 'bob' : 'nobody' }) })
      const oauthToken = async () => ({ value: 'good', expiresAt: Date.now() + 3_600_000 })
      await works('User:bob', oauth, { oauthToken } as unknown as Options)
    })

    it('with a password that changes while the producer runs', async () => {
      const { faults } = await start({ users: { alice: PASSWORD } })
      let password = PASSWORD
      const credentials = () => ({ username: 'alice', password })
      const producer = classic({ 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'PLAIN' }, {
        credentials,
      } as unknown as Options)
      await producer.deliver({ topic: 't', message: 'first' })
      password = 'another'
      cluster!.setPassword('alice', password)
      faults.on('Produce', {}, close('beforeStoring'))
      await producer.deliver({ topic: 't', message: 'second' })
      expect(cluster!.messages('t').map(({ value }) => String(value))).to.deep.equal(['first', 'second'])
    })
  })

  describe('fails within one connection, with AuthenticationError,', () => {
    const refused: [title: string, properties: Properties, mechanism: string, says: RegExp][] = [
      ['PLAIN and a wrong password', plain('wrong'), 'PLAIN', /Invalid username or password/],
      ['PLAIN and an unknown user', plain(PASSWORD, 'eve'), 'PLAIN', /Invalid username or password/],
      ['SCRAM and a wrong password', scram(512, 'wrong'), 'SCRAM-SHA-512', /invalid credentials/],
      ['SCRAM and an unknown user', scram(256, PASSWORD, 'eve'), 'SCRAM-SHA-256', /invalid credentials/],
    ]
    for (const [title, properties, mechanism, says] of refused) {
      it(`with ${title}`, async () => {
        await start({ users: { alice: PASSWORD } })
        for (const error of await failures(properties)) {
          expect(error).to.be.instanceOf(AuthenticationError).and.include({ mechanism })
          expect(error.message).to.match(says).and.include('SaslAuthenticate').and.include(mechanism)
          expect(error.message).to.include(cluster!.bootstrap)
        }
      })
    }

    it('with PLAIN, a wrong password and a broker before 1.0, which closes', async () => {
      await start({ era: '0.10', users: { alice: PASSWORD } })
      for (const error of await failures(plain('wrong'))) {
        expect(error).to.be.instanceOf(AuthenticationError)
        expect(error.message).to.include('are user and password right?')
      }
    })

    it('with a mechanism that the broker does not have, naming those it has', async () => {
      await start({ users: { alice: PASSWORD }, mechanisms: ['SCRAM-SHA-512'] })
      for (const error of await failures(plain())) {
        expect(error).to.be.instanceOf(AuthenticationError)
        expect(error.message).to.include('SaslHandshake').and.include('offers SCRAM-SHA-512')
      }
    })

    it('with a token that has expired', async () => {
      const validateToken = () => {
        throw new Error('expired')
      }
      await start({ validateToken })
      const oauthToken = async () => ({ value: 'old', expiresAt: Date.now() + 3_600_000 })
      for (const error of await failures(oauth, { oauthToken } as unknown as Options)) {
        expect(error).to.be.instanceOf(AuthenticationError).and.include({ mechanism: 'OAUTHBEARER' })
        expect(error.message).to.include('invalid_token')
      }
    })

    it('with a broker whose SCRAM signature is false', async () => {
      const { faults } = await start({ users: { alice: PASSWORD } })
      for (const after of [1, 3]) faults.on('SaslAuthenticate', { after }, falseSignature())
      for (const error of await failures(scram(256))) {
        expect(error).to.be.instanceOf(AuthenticationError)
        expect(error.message).to.include('signature')
      }
    })

    const { chain: intermediate } = all.broker
    const untrusted: [title: string, tls: TestClusterOptions['tls'], properties: Properties, says: RegExp][] =
      [
        [
          'an authority that is not trusted',
          { cert: intermediate, key },
          { 'ssl.truststore.certificates': all.otherCa.cert },
          /ssl\.truststore\.location/,
        ],
        ['an expired certificate', { cert: all.expired.cert, key: all.expired.key }, {}, /it has expired/],
        [
          'the certificate of another host',
          { cert: all.wrongHost.cert, key: all.wrongHost.key },
          {},
          /ssl\.endpoint\.identification\.algorithm/,
        ],
      ]
    for (const [title, tls, properties, says] of untrusted) {
      it(`with ${title}`, async () => {
        await start({ tls: tls! })
        const errors = await failures({ 'security.protocol': 'SSL', ...trust, ...properties })
        for (const error of errors) {
          expect(error).to.be.instanceOf(SslAuthenticationError)
          expect(error.message).to.match(says).and.include('subject CN=')
        }
      })
    }

    it('without the certificate that the broker asks for', async () => {
      await start({ tls: { cert, key, ca: all.ca.cert, requestCert: true, rejectUnauthorized: true } })
      for (const error of await failures({ 'security.protocol': 'SSL', ...trust })) {
        expect(error).to.be.instanceOf(SslAuthenticationError)
        expect(error.message).to.include('ssl.keystore.location')
      }
    })
  })

  it('tells a producer with SASL that the listener wants none', async () => {
    await start({})
    for (const error of await failures(plain())) {
      expect(error).to.be.instanceOf(AuthenticationError)
      expect(error.message).to.include('set security.protocol to PLAINTEXT or SSL')
    }
  })

  it('tells a producer without SASL that the listener asks for it', async () => {
    await start({ users: { alice: PASSWORD } })
    const error = await failureOf(
      classic({ 'message.send.max.retries': '0' }).deliver({ topic: 't', message: 'm' }),
    )
    expect(error.message).to.include('SASL')
  })

  it('tells a producer with TLS that a port is a plaintext port', async () => {
    await start({ users: { alice: PASSWORD } })
    const error = await failureOf(
      classic({ ...overTls(plain()), 'message.send.max.retries': '0' }).deliver({ topic: 't', message: 'm' }),
    )
    expect(error.message).to.include('security.protocol').and.include('plaintext port')
  })

  it('tells a producer without TLS that a port is a TLS port', async () => {
    await start({ tls: { cert, key } })
    const error = await failureOf(
      classic({ 'message.send.max.retries': '0' }).deliver({ topic: 't', message: 'm' }),
    )
    expect(error.message).to.include('security.protocol')
  })

  describe('goes on', () => {
    it('after a broker that closes in the middle of the TLS handshake', async () => {
      const { faults } = await start({ tls: { cert, key } })
      faults.on('TlsHandshake', {}, close())
      await classic({ 'security.protocol': 'SSL', ...trust }).deliver({ topic: 't', message: 'm' })
      expect(log.lines.map(({ text }) => text).join('\n')).to.include(
        'closed the connection during the TLS handshake',
      )
    })

    it('after a broker that closes in the middle of the login', async () => {
      const { faults } = await start({ users: { alice: PASSWORD } })
      faults.on('SaslAuthenticate', {}, close())
      await classic(scram(256)).deliver({ topic: 't', message: 'm' })
      expect(log.lines.map(({ text }) => text).join('\n')).to.include(
        'during the SASL SCRAM-SHA-256 login (SaslAuthenticate)',
      )
    })

    it('after a broker that does not answer a token', async () => {
      const { faults } = await start({ users: { alice: PASSWORD } })
      faults.on('SaslAuthenticate', {}, noAnswer())
      const producer = classic({ ...plain(), 'request.timeout.ms': '100' })
      await producer.deliver({ topic: 't', message: 'm' })
      expect(log.lines.map(({ text }) => text).join('\n')).to.include(
        'did not answer SaslAuthenticate within',
      )
    })

    for (const [title, make] of [
      ['Producer', (properties: Properties) => classic(properties)],
      ['KafkaProducer', (properties: Properties) => modern(properties)],
    ] as const) {
      it(`when the login of a ${title} was refused and its password is right later`, async () => {
        await start({ users: { alice: 'not yet' } })
        const producer = make(plain())
        const send = (): PromiseLike<unknown> =>
          producer instanceof Producer
            ? producer.deliver({ topic: 't', message: 'm' })
            : producer.send({ topic: 't', value: 'm' })
        expect(rootOf(await failureOf(send()))).to.be.instanceOf(AuthenticationError)
        const before = cluster!.broker(0)
        const asked = cluster!.requests.length
        expect(rootOf(await failureOf(send()))).to.be.instanceOf(AuthenticationError)
        expect(cluster!.requests.length, 'nothing is asked before the pause is over').to.equal(asked)
        cluster!.setPassword('alice', PASSWORD)
        const now = performance.now.bind(performance)
        performance.now = () => now() + 1001
        try {
          await send()
        } finally {
          performance.now = now
        }
        expect(before.isUp).to.equal(true)
        expect(cluster!.messages('t')).to.have.length(1)
      })
    }
  })

  describe('when a session ends', () => {
    const LIFETIME_MS = 10_000

    for (const [title, make] of [
      ['Producer', (properties: Properties) => classic(properties)],
      ['KafkaProducer', (properties: Properties) => modern({ ...properties, 'linger.ms': '0' })],
    ] as const) {
      it(`a ${title} has logged in again before, with requests in flight and in order`, async () => {
        const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
        const { faults } = await start({ users: { alice: PASSWORD }, sessionLifetimeMs: LIFETIME_MS })
        // A topic that is just being created would be asked for again after a pause.
        cluster!.createTopic('t')
        const connections: number[] = []
        cluster!.on('connection', ({ connection }) => void connections.push(connection))
        const producer = make({ ...scram(256), 'request.timeout.ms': '60000' })
        const send = (text: string): PromiseLike<unknown> =>
          producer instanceof Producer
            ? producer.deliver({ topic: 't', message: text })
            : producer.send({ topic: 't', value: text })
        const asked = (name: string): number => cluster!.requests.filter(({ api }) => api === name).length
        await send('0')
        const before = connections.length
        for (const round of [1, 2]) {
          const held = hold()
          faults.on('Produce', {}, held)
          const produced = asked('Produce')
          const inFlight = send(`${round} in flight`)
          await until(() => asked('Produce') === produced + 1)
          clock.tick(0.95 * LIFETIME_MS)
          await turns()
          const waiting = [send(`${round} waits`), send(`${round} waits as well`)]
          await turns()
          held.release()
          await Promise.all([inFlight, ...waiting])
          await until(() => asked('SaslHandshake') >= before + round)
        }
        expect(cluster!.messages('t').map(({ value }) => String(value))).to.deep.equal([
          '0',
          ...[1, 2].flatMap((round) => [`${round} in flight`, `${round} waits`, `${round} waits as well`]),
        ])
        expect(connections).to.have.length(before)
      })
    }
  })

  it('tells a topic that may not be written to from a refused login', async () => {
    const { faults } = await start({ users: { alice: PASSWORD } })
    faults.on('Produce', {}, errorCode('TOPIC_AUTHORIZATION_FAILED'))
    const error = await failureOf(classic(plain()).deliver({ topic: 't', message: 'm' }))
    expect(rootOf(error).code).to.equal('KAFKA_BROKER_TOPIC_AUTHORIZATION_FAILED')
  })
})
