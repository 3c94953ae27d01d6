/**
 * The classic producer with `enable.idempotence` on three real brokers, each behind a proxy that loses answers of what is stored;
 * and without it, so that the same run is known to show what is stored twice.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { Producer } from '../../lib/index.js'
import { FaultProxy } from '../support/proxy/fault-proxy.js'
import { freePorts } from './support/free-port.js'
import { KafkaCluster } from './support/index.js'
import { expectKept, type Sent, Traffic } from './support/traffic.js'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const BROKERS = 3
const KEYS = 6
/** How often the answers of a while are lost. */
const LOSSES = 6

/** One topic each, and all of them at the same time. */
const ways = ['sync', 'async'].flatMap((type) =>
  [1, 5].map((maxInFlight) => ({
    name: `${type} with ${maxInFlight} in flight`,
    topic: `${type}-${maxInFlight}`,
    settings: {
      'producer.type': type,
      'max.in.flight.requests.per.connection': maxInFlight,
      'compression.codec': maxInFlight === 1 ? 'none' : 'gzip',
      'enable.idempotence': true,
    },
  })),
)
const without = { topic: 'without', settings: { 'producer.type': 'async' } }

for (const version of ['0.11.0.3', '2.8.2', '4.3.1'])
  describe(`A classic producer on three real Kafka ${version} brokers, whose answers get lost and one of which is killed,`, () => {
    let cluster: KafkaCluster
    let proxies: FaultProxy[]
    const sentByTopic = new Map<string, readonly Sent[]>()

    before(async function () {
      this.timeout(240_000)
      const ports = await freePorts(BROKERS)
      proxies = await Promise.all(ports.map((targetPort) => FaultProxy.listen({ targetPort })))
      cluster = await KafkaCluster.start({
        version,
        brokers: BROKERS,
        // Brokers speak to each other without the proxies.
        configOf: ({ id, port }) => {
          const inside = `PLAINTEXT://127.0.0.1:${port}`
          return {
            listeners: `${inside},OUTSIDE://127.0.0.1:${ports[id - 1]}`,
            'advertised.listeners': `${inside},OUTSIDE://127.0.0.1:${proxies[id - 1]!.port}`,
            'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT',
          }
        },
      })
      await sendAll()
    })

    after(async () => {
      await cluster.stop()
      await Promise.all(proxies.map((proxy) => proxy.close()))
    })

    /** Traffic of all producers over everything that goes wrong, until every message has its outcome. */
    async function sendAll(): Promise<void> {
      const wholes = await Promise.all(
        [...ways, without].map(async ({ topic, settings }) => {
          await cluster.createTopic(topic, { partitions: 3, replicationFactor: 3 })
          const producer = producerWith(settings)
          return { topic, producer, traffic: new Traffic(producer, topic, KEYS) }
        }),
      )
      const round = (): void => {
        for (const { traffic } of wholes) traffic.round()
      }
      round()
      await Promise.all(wholes.map(({ traffic }) => traffic.settled()))
      const timer = setInterval(round, 20)
      try {
        await goWrong()
      } finally {
        clearInterval(timer)
      }
      await Promise.all(wholes.map(({ traffic }) => traffic.settled()))
      await Promise.all(wholes.map(({ producer }) => producer.close()))
      for (const { topic, traffic } of wholes) sentByTopic.set(topic, traffic.sent)
    }

    function producerWith(settings: Readonly<Record<string, unknown>>): Producer<string, string> {
      return new Producer<string, string>(
        {
          'metadata.broker.list': proxies.map(({ port }) => `127.0.0.1:${port}`).join(','),
          'serializer.class': 'kafka.serializer.StringEncoder',
          'request.required.acks': -1,
          'request.timeout.ms': 3000,
          'message.send.max.retries': 100,
          'retry.backoff.ms': 50,
          'queue.buffering.max.ms': 5,
          ...settings,
        },
        { logger: quiet },
      )
    }

    async function goWrong(): Promise<void> {
      for (let i = 0; i < LOSSES; i++) await loseAnswers()
      const id = await cluster.leaderOf(without.topic, 0)
      await cluster.killBroker(id)
      await cluster.waitForLeaders(without.topic)
      await loseAnswers()
      await cluster.startBroker(id)
      await cluster.waitForLeaders(without.topic)
      await loseAnswers()
    }

    /** What is written for a while is stored, and the connections end without an answer. */
    async function loseAnswers(): Promise<void> {
      for (const proxy of proxies) proxy.faults = { toClient: { isBlackHole: true } }
      await pause(100)
      for (const proxy of proxies) proxy.endAll('reset')
      for (const proxy of proxies) proxy.faults = {}
      await pause(200)
    }

    /** All messages of a topic, as Kafka's own consumer reads them. */
    async function consumed(topic: string): Promise<string[]> {
      const count = (await cluster.readTopic(topic)).length
      return (await cluster.consumeTopic(topic, count)).map(({ value }) => String(value))
    }

    for (const { name, topic } of ways)
      it(`stores each message once and in order with enable.idempotence on Kafka ${version} (${name})`, async () => {
        const sent = sentByTopic.get(topic)!
        expect(sent.filter(({ outcome }) => outcome !== 'acknowledged')).to.deep.equal([])
        const values = await consumed(topic)
        expect(new Set(values).size, 'different messages stored').to.equal(sent.length)
        expect(values.length, 'messages stored').to.equal(sent.length)
        for (let key = 0; key < KEYS; key++) {
          const ofKey = values.filter((value) => value.startsWith(`key-${key}:`))
          expect(ofKey, `order of key ${key}`).to.deep.equal([...ofKey].sort())
        }
        expectKept(sent, await cluster.readTopic(topic))
      })

    it(`stores messages twice without enable.idempotence on Kafka ${version}`, async () => {
      const sent = sentByTopic.get(without.topic)!
      const values = await consumed(without.topic)
      expect(new Set(values).size).to.equal(sent.length)
      expect(values.length).to.be.greaterThan(sent.length)
    })
  })
