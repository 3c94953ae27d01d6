/**
 * Brokers are upgraded under a running KafkaProducer: one on the same data from 0.10.2.2 to 3.9.2, then 4.3.1 on KRaft with
 * storage of its own behind the same address; and three, one after the other, so that releases are mixed on the way.
 *
 * What began before 0.11 goes on without numbers (docs/decisions/0009-kafka-producer.md), what began later with them.
 */
import { expect } from 'chai'
import {
  KafkaProducer,
  type Logger,
  UnsupportedCodecError,
  UnsupportedForMessageFormatError,
  UnsupportedVersionError,
} from '../../lib/index.js'
import { rejectionOf } from './contract/rejection.js'
import { eventually, isAtLeast, ReplaceableCluster, type StoredRecordInFull } from './support/index.js'
import { carrier, expectKept, expectOnce, Traffic } from './support/traffic.js'

const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'
const ON_KRAFT = '4.3.1'
const TOPIC = 'upgraded'
const KEYS = 10
/** Acknowledged records each version must have got before it is replaced. */
const ENOUGH = 500
const EVERY_MS = 20
const LIMIT_MS = 400_000
const SETTLE_LIMIT_MS = 90_000

type Texts = KafkaProducer<string, string>

describe('A KafkaProducer whose brokers are upgraded', () => {
  let cluster: ReplaceableCluster
  let warnings: string[]
  const open: Texts[] = []

  beforeEach(() => {
    warnings = []
  })

  afterEach(async function () {
    await Promise.all(open.splice(0).map((producer) => producer.close({ timeoutMs: 10_000 })))
    await cluster.stop({ keep: this.currentTest?.state === 'failed' })
  })

  /** Rides out the longest restart. */
  function patientProducer(more: Readonly<Record<string, unknown>> = {}): Texts {
    const logger = { debug() {}, info() {}, warn: (text: string) => void warnings.push(text), error() {} }
    const config = {
      'bootstrap.servers': cluster.bootstrap.join(','),
      'key.serializer': STRINGS,
      'value.serializer': STRINGS,
      'delivery.timeout.ms': 300_000,
      'request.timeout.ms': 10_000,
      'max.block.ms': 120_000,
      'metadata.max.age.ms': 1000,
      ...more,
    }
    const producer = new KafkaProducer<string, string>(config, { logger: logger as Logger })
    open.push(producer)
    return producer
  }

  /** Resolves when so much more has been acknowledged. */
  function enough(traffic: Traffic): Promise<true> {
    const wanted = traffic.count('acknowledged') + ENOUGH
    const look = (): true | null => (traffic.count('acknowledged') >= wanted ? true : null)
    const what = () => `${wanted} acknowledged records, of ${traffic.sent.length}`
    return eventually(look, { timeoutMs: SETTLE_LIMIT_MS, what })
  }

  /** Replaces the only broker, and waits until enough traffic has come through to the new one. */
  async function serveWith(version: string, traffic: Traffic): Promise<void> {
    await cluster.become(version, { mode: version === ON_KRAFT ? 'kraft' : 'zookeeper' })
    await enough(traffic)
  }

  /** Replaces them one after the other, under traffic. */
  async function roll(versions: readonly string[], traffic: Traffic): Promise<void> {
    for (const version of versions) {
      for (const id of cluster.brokerIds) {
        await traffic.during(enough(traffic), EVERY_MS)
        await traffic.during(cluster.become(version, { id }), EVERY_MS)
      }
    }
    await traffic.during(enough(traffic), EVERY_MS)
    await traffic.settled()
  }

  const givenUp = (): string[] => warnings.filter((text) => text.startsWith('enable.idempotence is off'))
  const formats = (stored: readonly StoredRecordInFull[]): string[] => [
    ...new Set(stored.map(({ magic, codec }) => `${magic} ${codec}`)),
  ]

  it('goes on from 0.10.2.2 to 2.8.2, 3.9.2 and 4.3.1 without numbers, and writes to each what it can store', async function () {
    this.timeout(LIMIT_MS)
    cluster = await ReplaceableCluster.create({ config: { 'num.partitions': 3 } })
    const producer = patientProducer({ 'compression.type': 'gzip' })
    const zstd = patientProducer({ 'compression.type': 'zstd', 'enable.idempotence': false })
    const traffic = new Traffic(carrier(producer), TOPIC, KEYS)
    const versions = ['0.10.2.2', '2.8.2', '3.9.2', ON_KRAFT]
    for (const version of versions) {
      await traffic.during(serveWith(version, traffic), EVERY_MS)
      const headed = producer.send({ topic: `headers-${version}`, value: 'v', headers: { a: '1' } })
      const compressed = zstd.send({ topic: `zstd-${version}`, value: 'v' })
      if (isAtLeast(version, '0.11')) {
        await Promise.all([headed, compressed])
      } else {
        expect(await rejectionOf(Promise.resolve(headed))).to.be.instanceOf(UnsupportedVersionError)
        expect(await rejectionOf(Promise.resolve(compressed))).to.be.instanceOf(UnsupportedCodecError)
      }
    }
    await traffic.settled()

    expect(traffic.count('acknowledged')).to.equal(traffic.sent.length)
    expect(givenUp(), 'said once').to.have.lengthOf(1)
    const [zookeeper = [], kraft = []] = await cluster.readTopic(TOPIC)
    expectKept(traffic.sent, [...zookeeper, ...kraft])
    expect(formats(zookeeper).sort()).to.deep.equal(['1 gzip', '2 gzip'])
    expect(formats(kraft)).to.deep.equal(['2 gzip'])
    const ids = [...zookeeper, ...kraft].map(({ producerId }) => producerId)
    expect(new Set(ids), 'no numbers').to.deep.equal(new Set([-1n]))
    const [, ofKraft = []] = await cluster.readTopic(`headers-${ON_KRAFT}`)
    expect(ofKraft.map(({ headers }) => headers[0]?.name)).to.deep.equal(['a'])
    expect(formats((await cluster.readTopic(`zstd-${ON_KRAFT}`)).flat())).to.deep.equal(['2 zstd'])
  })

  it('stores nothing twice from 0.11.0.3 to 2.8.2, 3.9.2 and 4.3.1, with numbers on each', async function () {
    this.timeout(LIMIT_MS)
    cluster = await ReplaceableCluster.create({ config: { 'num.partitions': 3 } })
    const traffic = new Traffic(carrier(patientProducer({ 'enable.idempotence': true })), TOPIC, KEYS)
    for (const version of ['0.11.0.3', '2.8.2', '3.9.2', ON_KRAFT])
      await traffic.during(serveWith(version, traffic), EVERY_MS)
    await traffic.settled()

    expect(traffic.count('acknowledged')).to.equal(traffic.sent.length)
    const storages = await cluster.readTopic(TOPIC)
    expect(storages, 'one of ZooKeeper versions, one of KRaft').to.have.lengthOf(2)
    expectKept(traffic.sent, storages.flat())
    for (const stored of storages) {
      expectOnce(stored)
      expect(stored.every(({ producerId }) => producerId >= 0n)).to.equal(true)
    }
  })

  it('loses nothing and keeps the order where 0.10.2.2, 2.8.2 and 3.9.2 are mixed', async function () {
    this.timeout(LIMIT_MS)
    // What the oldest ones understand, until all are new; see Kafka's own notes on upgrading.
    const mixed = { 'inter.broker.protocol.version': '0.10.2', 'log.message.format.version': '0.10.2' }
    const config = { 'num.partitions': 6, 'unclean.leader.election.enable': false, ...mixed }
    cluster = await ReplaceableCluster.create({ brokers: 3, config })
    const traffic = new Traffic(carrier(patientProducer()), TOPIC, KEYS)
    await cluster.become('0.10.2.2')
    await roll(['2.8.2', '3.9.2'], traffic)

    expect(traffic.count('acknowledged')).to.equal(traffic.sent.length)
    expect(givenUp(), 'said once').to.have.lengthOf(1)
    for (const id of cluster.brokerIds) expectKept(traffic.sent, (await cluster.readTopic(TOPIC, id)).flat())
  })

  it('stores nothing twice where 0.11.0.3, 2.8.2 and 3.9.2 are mixed', async function () {
    this.timeout(LIMIT_MS)
    const mixed = { 'inter.broker.protocol.version': '0.11.0', 'log.message.format.version': '0.11.0' }
    const config = { 'num.partitions': 6, 'unclean.leader.election.enable': false, ...mixed }
    cluster = await ReplaceableCluster.create({ brokers: 3, config })
    const traffic = new Traffic(carrier(patientProducer()), TOPIC, KEYS)
    await cluster.become('0.11.0.3')
    await roll(['2.8.2', '3.9.2'], traffic)

    expect(traffic.count('acknowledged')).to.equal(traffic.sent.length)
    expect(givenUp()).to.deep.equal([])
    for (const id of cluster.brokerIds) {
      const stored = (await cluster.readTopic(TOPIC, id)).flat()
      expectKept(traffic.sent, stored)
      expectOnce(stored)
      expect(stored.every(({ producerId }) => producerId >= 0n)).to.equal(true)
    }
  })

  it('begins with 2.8.2 that still keeps the format of 0.10.2: without numbers, unless they were asked for', async function () {
    this.timeout(LIMIT_MS)
    const config = { 'inter.broker.protocol.version': '0.10.2', 'log.message.format.version': '0.10.2' }
    cluster = await ReplaceableCluster.create({ config })
    await cluster.become('2.8.2')
    const explicit = patientProducer({ 'enable.idempotence': true })
    const refused = await rejectionOf(Promise.resolve(explicit.send({ topic: 'refused', value: 'v' })))
    expect(refused).to.be.instanceOf(UnsupportedForMessageFormatError)
    const byDefault = patientProducer()
    for (let i = 0; i < 3; i++) await byDefault.send({ topic: 'old-format', value: `v${i}` })
    expect(givenUp(), 'said once').to.have.lengthOf(1)
    const [stored = []] = await cluster.readTopic('old-format')
    expect(stored.map(({ value, magic }) => `${value} ${magic}`)).to.deep.equal(['v0 1', 'v1 1', 'v2 1'])
  })
})
