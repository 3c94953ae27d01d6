/**
 * Both producers against real brokers with TLS, SASL and ACLs: each kind of listener with each mechanism that the version knows,
 * and each way in which that goes wrong. `KAFKA_VERSIONS=2.8.2,4.3.1` runs others.
 */
import { expect } from 'chai'
import {
  AuthenticationError,
  type FailedToSendMessageError,
  KafkaError,
  KafkaProducer,
  Producer,
  SslAuthenticationError,
} from '../../lib/index.js'
import { LogKeeper } from '../handler/support/log-keeper.js'
import { isAtLeast } from './support/kafka-version.js'
import {
  type ListenerKind,
  listenersOf,
  mechanismsOf,
  type SaslMechanismName,
  SecuredCluster,
} from './support/secured-cluster.js'

type Properties = Readonly<Record<string, string>>

const versions = process.env.KAFKA_VERSIONS?.split(',') ?? ['4.3.1']
const USER = 'alice'
const PASSWORD = 'alice-secret'
const modules = 'org.apache.kafka.common.security'

function login(mechanism: SaslMechanismName, { user = USER, password = PASSWORD } = {}): Properties {
  const jaas =
    mechanism === 'OAUTHBEARER'
      ? `${modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="${user}";`
      : `${modules}.${mechanism === 'PLAIN' ? 'plain.Plain' : 'scram.Scram'}LoginModule required username="${user}" password="${password}";`
  return { 'sasl.mechanism': mechanism, 'sasl.jaas.config': jaas }
}

for (const version of versions) {
  describe(`Security, with Kafka ${version}`, () => {
    let secured: SecuredCluster
    let topics = 0
    const ends: (() => Promise<void>)[] = []
    let log: LogKeeper

    before(async function () {
      // Users and ACLs are made by Kafka's tools, one process each.
      this.timeout(600_000)
      secured = await SecuredCluster.start(version, { users: { [USER]: PASSWORD } })
    })

    after(() => secured?.stop())

    beforeEach(() => {
      log = new LogKeeper()
    })

    afterEach(async () => {
      for (const end of ends.splice(0)) await end()
    })

    /** What a listener needs, but for the login. */
    function protectionOf(kind: ListenerKind): Properties {
      const { ca, client } = secured.certificates
      const trust = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': ca.cert }
      const own = {
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.certificate.chain': client.cert,
        'ssl.keystore.key': client.key,
      }
      return {
        'security.protocol': kind,
        ...(kind !== 'SASL_PLAINTEXT' && trust),
        ...(kind === 'SSL' && own),
      }
    }

    function classic(kind: ListenerKind, properties: Properties): Producer<string, string> {
      const producer = new Producer<string, string>(
        {
          'metadata.broker.list': secured.addressOf(kind),
          'serializer.class': 'kafka.serializer.StringEncoder',
          'request.required.acks': -1,
          'request.timeout.ms': 10_000,
          'queue.buffering.max.ms': 5,
          ...properties,
        },
        { logger: log },
      )
      ends.push(() => producer.close({ timeoutMs: 0 }))
      return producer
    }

    function modern(kind: ListenerKind, properties: Properties): KafkaProducer<string, string> {
      const serializer = 'org.apache.kafka.common.serialization.StringSerializer'
      const producer = new KafkaProducer<string, string>(
        {
          'bootstrap.servers': secured.addressOf(kind),
          'key.serializer': serializer,
          'value.serializer': serializer,
          ...(isAtLeast(version, '0.11') ? {} : { 'enable.idempotence': 'false' }),
          ...properties,
        },
        { logger: log },
      )
      ends.push(() => producer.close({ timeoutMs: 0 }))
      return producer
    }

    async function newTopic(): Promise<string> {
      const topic = `t${++topics}`
      await secured.cluster.createTopic(topic)
      return topic
    }

    async function works(kind: ListenerKind, properties: Properties): Promise<void> {
      const topic = await newTopic()
      await classic(kind, properties).deliver({ topic, message: 'sync' })
      await classic(kind, { ...properties, 'producer.type': 'async' }).deliver({ topic, message: 'async' })
      await modern(kind, properties).send({ topic, value: 'modern' })
      const stored = await secured.cluster.readTopic(topic)
      expect(stored.map(({ value }) => String(value))).to.deep.equal(['sync', 'async', 'modern'])
    }

    function rootOf(error: KafkaError): KafkaError {
      const { cause } = error as FailedToSendMessageError
      return error instanceof AuthenticationError || !(cause instanceof KafkaError) ? error : rootOf(cause)
    }

    async function failures(kind: ListenerKind, properties: Properties): Promise<KafkaError[]> {
      const errors: KafkaError[] = []
      for (const sending of [
        classic(kind, properties).deliver({ topic: 'nothing', message: 'm' }),
        modern(kind, properties).send({ topic: 'nothing', value: 'm' }),
      ]) {
        const error = await Promise.resolve(sending).then(
          () => expect.fail('it was delivered'),
          (failure: KafkaError) => rootOf(failure),
        )
        expect(error.persistence).to.equal('not-persisted')
        errors.push(error)
      }
      return errors
    }

    it('stores messages of both producers over TLS on both sides', async () => {
      await works('SSL', protectionOf('SSL'))
    })

    for (const kind of listenersOf(version).filter((one) => one !== 'SSL')) {
      for (const mechanism of mechanismsOf(version)) {
        it(`stores messages of both producers over ${kind} with ${mechanism}`, async () => {
          await works(kind, { ...protectionOf(kind), ...login(mechanism) })
        })
      }
    }

    for (const mechanism of mechanismsOf(version).filter((one) => one !== 'OAUTHBEARER')) {
      for (const [what, given] of [
        ['a wrong password', { password: 'wrong' }],
        ['an unknown user', { user: 'eve' }],
      ] as const) {
        it(`fails with AuthenticationError for ${mechanism} with ${what}`, async () => {
          const properties = { ...protectionOf('SASL_PLAINTEXT'), ...login(mechanism, given) }
          for (const error of await failures('SASL_PLAINTEXT', properties)) {
            expect(error, error.message).to.be.instanceOf(AuthenticationError).and.include({ mechanism })
            expect(error.message).to.include(secured.addressOf('SASL_PLAINTEXT'))
          }
        })
      }
    }

    if (isAtLeast(version, '0.10.2')) {
      it('fails with the topic and the missing operation where an ACL forbids to write', async () => {
        const topic = await newTopic()
        await secured.forbid(`User:${USER}`, topic)
        const properties = { ...protectionOf('SASL_PLAINTEXT'), ...login('SCRAM-SHA-256') }
        for (const sending of [
          classic('SASL_PLAINTEXT', properties).deliver({ topic, message: 'm' }),
          modern('SASL_PLAINTEXT', properties).send({ topic, value: 'm' }),
        ]) {
          const error = await Promise.resolve(sending).then(
            () => expect.fail('it was delivered'),
            (failure: KafkaError) => rootOf(failure),
          )
          expect(error.code).to.equal('KAFKA_BROKER_TOPIC_AUTHORIZATION_FAILED')
          expect(error.message).to.include(topic).and.include('the operations Write and Describe')
        }
      })
    }

    it('refuses a broker whose authority is not trusted', async () => {
      const properties = {
        ...protectionOf('SSL'),
        'ssl.truststore.certificates': secured.certificates.otherCa.cert,
      }
      for (const error of await failures('SSL', properties)) {
        expect(error, error.message).to.be.instanceOf(SslAuthenticationError)
        expect(error.message).to.include('subject CN=broker')
      }
    })

    // Between 0.10 and 1.0 listeners cannot differ, and that of SASL_SSL asks for no certificate.
    if (listenersOf(version).length === 1 || isAtLeast(version, '1.1')) {
      it('says which setting is missing where the broker asks for a certificate', async () => {
        const { certificates } = secured
        const properties = {
          'security.protocol': 'SSL',
          'ssl.truststore.type': 'PEM',
          'ssl.truststore.certificates': certificates.ca.cert,
          'message.send.max.retries': '0',
        }
        const error = await classic('SSL', properties)
          .deliver({ topic: 'nothing', message: 'm' })
          .then(
            () => expect.fail('it was delivered'),
            (failure: KafkaError) => rootOf(failure),
          )
        expect(error.message, error.message).to.include('ssl.keystore.location')
      })
    }

    it('says that a TLS port was asked without TLS, and a plaintext port with it', async () => {
      const [plaintext] = secured.cluster.bootstrap
      const properties = { ...protectionOf('SSL'), 'message.send.max.retries': '0' }
      const asked: [kind: ListenerKind, properties: Properties][] = [
        ['SSL', { 'security.protocol': 'PLAINTEXT', 'message.send.max.retries': '0' }],
        ['SSL', { ...properties, 'metadata.broker.list': plaintext! }],
      ]
      for (const [kind, given] of asked) {
        const error = await classic(kind, given)
          .deliver({ topic: 'nothing', message: 'm' })
          .then(
            () => expect.fail('it was delivered'),
            (failure: KafkaError) => rootOf(failure),
          )
        expect(error.message).to.include('security.protocol')
      }
    })
  })
}
