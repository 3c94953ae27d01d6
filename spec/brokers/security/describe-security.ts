/**
 * Both producers against a real broker with TLS, SASL and ACLs, as specs: each kind of listener with each mechanism that the version
 * knows, and the ways in which that goes wrong on every version. What went wrong on one only stands in `security-refusals.spec.ts`.
 */
import { expect } from 'chai'
import { AuthenticationError, type KafkaError, SslAuthenticationError } from '../../../lib/index.js'
import { isAtLeast } from '../support/kafka-version.js'
import { type ListenerKind, listenersOf, mechanismsOf, SecuredCluster } from '../support/secured-cluster.js'
import { failureOf, login, PASSWORD, type Properties, SecuredClients, USER } from './secured-clients.js'
import type { SecurityRecord } from './security-results.js'

/** Users and ACLs are made by Kafka's tools, one process each. */
const START_LIMIT_MS = 600_000

/** @param report - gets what was found, after the last spec: rows of the table that the version is concerned with. */
export function describeSecurity(version: string, report: (record: SecurityRecord) => void = () => {}): void {
  describe(`Security, with Kafka ${version}`, () => {
    const record: Record<string, 'passed' | 'failed'> = {}
    let secured: SecuredCluster
    let clients: SecuredClients

    before(async function () {
      this.timeout(START_LIMIT_MS)
      secured = await SecuredCluster.start(version, { users: { [USER]: PASSWORD } })
      clients = new SecuredClients(secured)
    })

    afterEach(() => clients?.end())

    after(async () => {
      report(record)
      await secured?.stop()
    })

    /** A spec that is a row of the table. */
    function row(name: string, title: string, body: () => Promise<void>): void {
      record[name] = 'failed'
      it(title, async () => {
        await body()
        record[name] = 'passed'
      })
    }

    async function works(kind: ListenerKind, properties: Properties): Promise<void> {
      const topic = await clients.newTopic()
      const address = secured.addressOf(kind)
      await clients.classic(address, properties).deliver({ topic, message: 'sync' })
      const async = { ...properties, 'producer.type': 'async' }
      await clients.classic(address, async).deliver({ topic, message: 'async' })
      await clients.modern(address, properties).send({ topic, value: 'modern' })
      const stored = await secured.cluster.readTopic(topic)
      expect(stored.map(({ value }) => String(value))).to.deep.equal(['sync', 'async', 'modern'])
    }

    async function failures(
      kind: ListenerKind,
      properties: Properties,
      topic = 'nothing',
    ): Promise<KafkaError[]> {
      const address = secured.addressOf(kind)
      const errors = [
        await failureOf(clients.classic(address, properties).deliver({ topic, message: 'm' })),
        await failureOf(clients.modern(address, properties).send({ topic, value: 'm' })),
      ]
      for (const error of errors) expect(error.persistence).to.equal('not-persisted')
      return errors
    }

    row('SSL, certificates of both sides', 'stores messages of both producers over TLS on both sides', () =>
      works('SSL', clients.protectionOf('SSL')),
    )

    for (const kind of listenersOf(version).filter((one) => one !== 'SSL')) {
      for (const mechanism of mechanismsOf(version)) {
        const title = `stores messages of both producers over ${kind} with ${mechanism}`
        row(`${kind}, ${mechanism}`, title, () =>
          works(kind, { ...clients.protectionOf(kind), ...login(mechanism) }),
        )
      }
    }

    for (const mechanism of mechanismsOf(version).filter((one) => one !== 'OAUTHBEARER')) {
      for (const [what, given] of [
        ['a wrong password', { password: 'wrong' }],
        ['an unknown user', { user: 'eve' }],
      ] as const) {
        const title = `fails with AuthenticationError for ${mechanism} with ${what}`
        row(`${what}, ${mechanism}`, title, async () => {
          const properties = { ...clients.protectionOf('SASL_PLAINTEXT'), ...login(mechanism, given) }
          for (const error of await failures('SASL_PLAINTEXT', properties)) {
            expect(error, error.message).to.be.instanceOf(AuthenticationError).and.include({ mechanism })
            expect(error.message).to.include(secured.addressOf('SASL_PLAINTEXT'))
          }
        })
      }
    }

    if (isAtLeast(version, '0.10.2')) {
      const title = 'fails with the topic and the missing operation where an ACL forbids to write'
      row('an ACL that forbids to write', title, async () => {
        const topic = await clients.newTopic()
        await secured.forbid(`User:${USER}`, topic)
        const properties = { ...clients.protectionOf('SASL_PLAINTEXT'), ...login('SCRAM-SHA-256') }
        for (const error of await failures('SASL_PLAINTEXT', properties, topic)) {
          expect(error.code).to.equal('KAFKA_BROKER_TOPIC_AUTHORIZATION_FAILED')
          expect(error.message).to.include(topic).and.include('the operations Write and Describe')
        }
      })
    }

    row('an authority that is not trusted', 'refuses a broker whose authority is not trusted', async () => {
      const properties = {
        ...clients.protectionOf('SSL'),
        'ssl.truststore.certificates': secured.certificates.otherCa.cert,
      }
      for (const error of await failures('SSL', properties)) {
        expect(error, error.message).to.be.instanceOf(SslAuthenticationError)
        expect(error.message).to.include('subject CN=broker')
      }
    })

    /** A connection that fails is tried again otherwise. */
    const once = { 'message.send.max.retries': '0' }
    const refusalOf = (properties: Properties): Promise<KafkaError> =>
      failureOf(
        clients
          .classic(secured.addressOf('SSL'), { ...properties, ...once })
          .deliver({ topic: 'nothing', message: 'm' }),
      )

    // Between 0.10 and 1.0 listeners cannot differ, and that of SASL_SSL asks for no certificate.
    if (listenersOf(version).length === 1 || isAtLeast(version, '1.1')) {
      const title = 'says which setting is missing where the broker asks for a certificate'
      row("no certificate of the client's own", title, async () => {
        const trust = { ...clients.protectionOf('SASL_SSL'), 'security.protocol': 'SSL' }
        const error = await refusalOf(trust)
        expect(error.message).to.include('ssl.keystore.location')
      })
    }

    const title = 'says that a TLS port was asked without TLS, and a plaintext port with it'
    row('a TLS port without TLS, a plaintext port with it', title, async () => {
      const [plaintext] = secured.cluster.bootstrap
      const asked: Properties[] = [
        { 'security.protocol': 'PLAINTEXT' },
        { ...clients.protectionOf('SSL'), 'metadata.broker.list': plaintext! },
      ]
      for (const properties of asked) {
        const error = await refusalOf(properties)
        expect(error.message).to.include('security.protocol')
      }
    })
  })
}
