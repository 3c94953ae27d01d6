/**
 * Logins that end every 5 s under traffic (KIP-368), as specs: the producers log in again over the same connections, and nothing
 * is lost, stored twice or overtaken. Nothing is tried again either where that can be switched off, so a connection that the
 * broker closed would be seen.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { SecuredCluster } from '../support/secured-cluster.js'
import { type Carrier, carrier, expectKept, expectOnce, Traffic } from '../support/traffic.js'
import { login, PASSWORD, SecuredClients, USER } from './secured-clients.js'

const SESSION_MS = 5000
const CONNECT_MS = 2500
const EVERY_MS = 10
const KEYS = 10
const START_LIMIT_MS = 600_000
/** Every message of the sync producer is a batch to read. */
const READ_LIMIT_MS = 300_000

interface Sender {
  readonly name: string
  readonly topic: string
  readonly traffic: Traffic
  /** Logins so far, of all connections. */
  readonly logins: () => number
}

export function describeNewLogins(version: string, seconds: number): void {
  describe(`Logins that end every 5 s for ${seconds} s, with Kafka ${version}`, () => {
    let secured: SecuredCluster
    let clients: SecuredClients
    const senders = new Map<string, Sender>()

    before(async function () {
      this.timeout(START_LIMIT_MS)
      const config = { 'connections.max.reauth.ms': SESSION_MS }
      secured = await SecuredCluster.start(version, { users: { [USER]: PASSWORD }, config })
      clients = new SecuredClients(secured)
      const all = await Promise.all([
        senderOf('Producer, sync', { 'message.send.max.retries': '0' }),
        senderOf('Producer, async', { 'message.send.max.retries': '0', 'producer.type': 'async' }),
        senderOf('KafkaProducer, idempotent', {}),
      ])
      for (const sender of all) senders.set(sender.name, sender)
      await Promise.all(all.map(({ name, traffic }) => sending(name, traffic)))
      await clients.end()
    })

    after(() => secured?.stop())

    it('close no connection, of which the log would warn', () => {
      expect(clients.log.at('warn')).to.deep.equal([])
      expect(clients.log.at('error')).to.deep.equal([])
    })

    for (const name of ['Producer, sync', 'Producer, async', 'KafkaProducer, idempotent']) {
      it(`lose, repeat and overtake nothing of ${name}`, async function () {
        this.timeout(READ_LIMIT_MS)
        const { topic, traffic } = senders.get(name)!
        expect(traffic.count('acknowledged')).to.equal(traffic.sent.length)
        const stored = await secured.cluster.readTopic(topic)
        expect(stored).to.have.lengthOf(traffic.sent.length)
        expectKept(traffic.sent, stored)
        expectOnce(stored)
      })

      it(`are followed by new ones of ${name} before they end`, () => {
        const { logins } = senders.get(name)!
        // One connection at least, and again each 4.25 to 4.75 s; the first takes a moment on a busy machine.
        expect(logins()).to.be.at.least(1 + Math.floor((seconds * 1000 - CONNECT_MS) / SESSION_MS))
      })
    }

    async function senderOf(name: string, more: Readonly<Record<string, string>>): Promise<Sender> {
      const topic = await clients.newTopic(3)
      let count = 0
      const credentials = () => {
        count++
        return { username: USER, password: PASSWORD }
      }
      const { 'sasl.mechanism': mechanism } = login('SCRAM-SHA-256')
      const properties = { ...clients.protectionOf('SASL_SSL'), 'sasl.mechanism': mechanism!, ...more }
      const address = secured.addressOf('SASL_SSL')
      const carries: Carrier = name.startsWith('Producer')
        ? clients.classic(address, properties, { credentials })
        : carrier(clients.modern(address, properties, { credentials }))
      return { name, topic, traffic: new Traffic(carries, topic, KEYS), logins: () => count }
    }

    async function sending(name: string, traffic: Traffic): Promise<void> {
      if (name !== 'Producer, sync') {
        await traffic.during(sleep(seconds * 1000), EVERY_MS)
        await traffic.settled()
        return
      }
      // Who wants an order from a sync producer awaits each message.
      const endMs = performance.now() + seconds * 1000
      while (performance.now() < endMs) {
        traffic.round()
        await traffic.settled()
        await sleep(EVERY_MS)
      }
    }
  })
}
