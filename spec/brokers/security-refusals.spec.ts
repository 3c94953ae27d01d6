/**
 * What a user meets whose settings, or whose brokers' certificates, are wrong: each within one connection, with the step, the
 * mechanism and what the broker said. Every connection goes through a proxy that counts them.
 */
import { expect } from 'chai'
import type { KafkaError, KafkaProducerOptions, ProducerOptions } from '../../lib/index.js'
import { FaultProxy } from '../support/proxy/fault-proxy.js'
import {
  failureOf,
  login,
  PASSWORD,
  type Properties,
  SecuredClients,
  USER,
} from './security/secured-clients.js'
import { eventually } from './support/index.js'
import { type BadListener, type ListenerKind, SecuredCluster } from './support/secured-cluster.js'

const VERSION = '4.3.1'
const DAY_S = 86_400
/** ACLs reach a broker some time after they are changed. */
const LIMIT = { timeoutMs: 20_000, everyMs: 100 }

type Client = 'Producer' | 'KafkaProducer'
const CLIENTS: readonly Client[] = ['Producer', 'KafkaProducer']

interface Refusal {
  readonly what: string
  readonly listener: ListenerKind | BadListener | 'PLAINTEXT'
  readonly properties: (clients: SecuredClients, secured: SecuredCluster) => Properties
  readonly options?: ProducerOptions & KafkaProducerOptions<string, string>
  /** It could pass. Default: no producer connects a second time. */
  readonly isTriedAgain?: boolean
  readonly error: { readonly code: string; readonly mechanism?: string }
  /** In its message, beside the address. */
  readonly says: readonly string[]
}

/** Ended an hour ago, though the callback says that it lasts. */
function endedToken(): { value: string; expiresAt: number } {
  const nowS = Math.floor(Date.now() / 1000)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { sub: USER, iat: nowS - DAY_S, exp: nowS - 3600 }
  return { value: `${part({ alg: 'none' })}.${part(claims)}.`, expiresAt: Date.now() + 1000 * DAY_S }
}

const SASL = { code: 'KAFKA_AUTHENTICATION' } as const
const TLS = { code: 'KAFKA_SSL_AUTHENTICATION' } as const

/** Kafka closes a plaintext connection that begins with TLS, as it closes all when it goes down: not for good, so it is tried again. */
const ONCE = {
  Producer: { 'message.send.max.retries': '0' },
  KafkaProducer: { 'max.block.ms': '2000', 'retry.backoff.ms': '10000', 'retry.backoff.max.ms': '10000' },
} as const

const wrongPassword = (mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512', user: string): Refusal => ({
  what: `${user === USER ? 'a wrong password' : 'an unknown user'} with ${mechanism}`,
  listener: 'SASL_SSL',
  properties: (clients) => ({
    ...clients.protectionOf('SASL_SSL'),
    ...login(mechanism, { user, password: 'wrong' }),
  }),
  error: { ...SASL, mechanism },
  says: [
    mechanism,
    'SaslAuthenticate was answered SASL_AUTHENTICATION_FAILED (58): Authentication failed',
    mechanism === 'PLAIN' ? 'Invalid username or password' : `SASL mechanism ${mechanism}`,
  ],
})

const refusals: readonly Refusal[] = [
  ...(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const).flatMap((mechanism) => [
    wrongPassword(mechanism, USER),
    wrongPassword(mechanism, 'eve'),
  ]),
  {
    what: 'a mechanism that the broker does not have',
    listener: 'SASL_PLAINTEXT',
    properties: (clients) => ({ ...clients.protectionOf('SASL_PLAINTEXT'), ...login('SCRAM-SHA-512') }),
    error: { ...SASL, mechanism: 'SCRAM-SHA-512' },
    says: ['SaslHandshake was answered UNSUPPORTED_SASL_MECHANISM (33)', 'offers PLAIN: set sasl.mechanism'],
  },
  {
    what: 'an expired token',
    listener: 'SASL_SSL',
    properties: (clients) => ({ ...clients.protectionOf('SASL_SSL'), 'sasl.mechanism': 'OAUTHBEARER' }),
    options: { oauthToken: endedToken },
    error: { ...SASL, mechanism: 'OAUTHBEARER' },
    says: ['OAUTHBEARER', 'invalid_token'],
  },
  {
    what: 'an authority that it does not trust',
    listener: 'SASL_SSL',
    properties: (clients, { certificates: { otherCa } }) => ({
      ...clients.protectionOf('SASL_SSL'),
      ...login('PLAIN'),
      'ssl.truststore.certificates': otherCa.cert,
    }),
    error: TLS,
    says: ['subject CN=broker', 'issuer CN=spec intermediate CA', 'ssl.truststore.location'],
  },
  {
    what: "an expired certificate of the broker's",
    listener: 'EXPIRED',
    properties: (clients) => ({ ...clients.protectionOf('SASL_SSL'), 'security.protocol': 'SSL' }),
    error: TLS,
    says: ['it has expired', 'subject CN=expired broker', 'issuer CN=spec CA', 'Jan  1 00:00:00 2021 GMT'],
  },
  {
    what: 'a certificate of another host',
    listener: 'OTHERHOST',
    properties: (clients) => ({ ...clients.protectionOf('SASL_SSL'), 'security.protocol': 'SSL' }),
    error: TLS,
    says: ['kafka.example.org', 'not for 127.0.0.1', 'ssl.endpoint.identification.algorithm'],
  },
  {
    what: "no certificate of the client's own where the broker wants one",
    listener: 'SSL',
    properties: (clients) => ({ ...clients.protectionOf('SASL_SSL'), 'security.protocol': 'SSL' }),
    error: TLS,
    says: ['it asks for a certificate of this client', 'ssl.keystore.location'],
  },
  {
    what: 'a TLS port that is asked without TLS',
    listener: 'SSL',
    properties: () => ({ 'security.protocol': 'PLAINTEXT' }),
    error: TLS,
    says: ['answered with TLS, but was asked without', 'security.protocol'],
  },
  {
    what: 'a TLS port that is asked for a login without TLS',
    listener: 'SASL_SSL',
    properties: () => ({ 'security.protocol': 'SASL_PLAINTEXT', ...login('PLAIN') }),
    error: TLS,
    says: ['answered with TLS, but was asked without', 'security.protocol'],
  },
  {
    what: 'a plaintext port that is asked with TLS',
    listener: 'PLAINTEXT',
    properties: (clients) => clients.protectionOf('SSL'),
    error: { code: 'KAFKA_CONNECTION' },
    isTriedAgain: true,
    says: ['during the TLS handshake', 'plaintext port', 'security.protocol'],
  },
]

describe(`A refusal of a real Kafka ${VERSION}`, () => {
  let secured: SecuredCluster
  let clients: SecuredClients
  let proxy: FaultProxy

  before(async function () {
    this.timeout(600_000)
    secured = await SecuredCluster.start(VERSION, {
      users: { [USER]: PASSWORD },
      config: { 'listener.name.sasl_plaintext.sasl.enabled.mechanisms': 'PLAIN' },
      hasBadListeners: true,
    })
    clients = new SecuredClients(secured)
  })

  after(() => secured?.stop())

  afterEach(async () => {
    await clients?.end()
    await proxy?.close()
  })

  async function refused(client: Client, refusal: Refusal): Promise<KafkaError> {
    const { listener, options } = refusal
    const address = listener === 'PLAINTEXT' ? secured.cluster.bootstrap[0]! : secured.addressOf(listener)
    proxy = await FaultProxy.listen({ targetPort: Number(address.split(':')[1]) })
    const properties = {
      ...refusal.properties(clients, secured),
      ...(refusal.isTriedAgain && ONCE[client]),
    }
    const given = `127.0.0.1:${proxy.port}`
    if (client === 'Producer')
      return failureOf(
        clients.classic(given, properties, options).deliver({ topic: 'nothing', message: 'm' }),
      )
    return failureOf(clients.modern(given, properties, options).send({ topic: 'nothing', value: 'm' }))
  }

  for (const refusal of refusals) {
    for (const client of CLIENTS) {
      it(`names its reason to ${client} for ${refusal.what}, at the first connection`, async () => {
        const error = await refused(client, refusal)
        expect(error, error.message).to.include(refusal.error)
        expect(error.persistence).to.equal('not-persisted')
        for (const text of [`127.0.0.1:${proxy.port}`, ...refusal.says])
          expect(error.message).to.include(text)
        expect(proxy.accepted, 'connections').to.equal(1)
      })
    }
  }

  for (const client of CLIENTS) {
    it(`comes to ${client} when its right to write is taken away under way, and ends when it is given back`, async () => {
      const topic = await clients.newTopic()
      const send = senderOf(client, topic)
      const stored: string[] = []
      let sent = 0
      /** Sends one more; null where it was stored. */
      const attempt = async (): Promise<KafkaError | null> => {
        const value = `m${sent++}`
        try {
          await send(value)
          stored.push(value)
          return null
        } catch (error) {
          return error as KafkaError
        }
      }
      expect(await attempt()).to.equal(null)
      await secured.forbid(`User:${USER}`, topic)
      const refused = await eventually(attempt, { ...LIMIT, what: () => 'the refusal' })
      const error = await failureOf(Promise.reject(refused))
      expect(error.code).to.equal('KAFKA_BROKER_TOPIC_AUTHORIZATION_FAILED')
      expect(error.persistence).to.equal('not-persisted')
      expect(error.message).to.include(topic).and.include('the operations Write and Describe')
      await secured.permit(`User:${USER}`, topic)
      const again = async (): Promise<true | null> => ((await attempt()) === null ? true : null)
      await eventually(again, { ...LIMIT, what: () => 'a message that is stored again' })
      const found = await secured.cluster.readTopic(topic)
      expect(found.map(({ value }) => String(value))).to.deep.equal(stored)
    })
  }

  function senderOf(client: Client, topic: string): (value: string) => PromiseLike<unknown> {
    const properties = { ...clients.protectionOf('SASL_SSL'), ...login('SCRAM-SHA-512') }
    const address = secured.addressOf('SASL_SSL')
    if (client === 'Producer') {
      const producer = clients.classic(address, properties)
      return (message) => producer.deliver({ topic, message })
    }
    const producer = clients.modern(address, properties)
    return (value) => producer.send({ topic, value })
  }
})
