import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import {
  DefaultPartitioner,
  FailedToSendMessageError,
  type Logger,
  Producer,
  ProducerConfig,
} from '../../lib/index.js'
import { KafkaCluster, type StoredRecord } from './support/index.js'
import { expectKept, Traffic } from './support/traffic.js'

const VERSION = '0.8.2.2'
const partitionOf = (key: string, partitions: number): number =>
  new DefaultPartitioner({ partitionerCompatibility: '0.8.2' }).partition(key, partitions)

/** What an application of 2014 would have on disk. */
function oldConfig(cluster: KafkaCluster, more: Record<string, string | number> = {}): ProducerConfig {
  const properties = {
    'metadata.broker.list': cluster.bootstrap.join(','),
    'serializer.class': 'kafka.serializer.StringEncoder',
    'request.required.acks': 1,
    ...more,
  }
  const text = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`)
  return ProducerConfig.fromText(text.join(''), { logger: quiet })
}

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

function texts(records: readonly StoredRecord[]): string[] {
  return records.map(({ partition, key, value }) => `${partition} ${key}=${value}`)
}

for (const brokers of [1, 3]) {
  describe(`The producer against a real Kafka ${VERSION} with ${brokers} broker(s)`, () => {
    let cluster: KafkaCluster

    before(async () => {
      cluster = await KafkaCluster.start({
        version: VERSION,
        brokers,
        config: { 'message.max.bytes': 100_000, 'default.replication.factor': brokers },
      })
    })

    after(() => cluster.stop())

    async function withProducer(
      more: Record<string, string | number>,
      work: (producer: Producer<string, string>) => Promise<void>,
    ): Promise<void> {
      const producer = new Producer<string, string>(oldConfig(cluster, more), { logger: quiet })
      try {
        await work(producer)
      } finally {
        await producer.close({ timeoutMs: 20_000 })
      }
    }

    for (const type of ['sync', 'async']) {
      for (const acks of [0, 1, -1]) {
        it(`stores ${type} messages with acks ${acks} on the partitions of their keys, in order`, async () => {
          const topic = `${type}-acks-${acks < 0 ? 'all' : acks}`
          await cluster.createTopic(topic, { partitions: 5, replicationFactor: brokers })
          const messages = Array.from({ length: 200 }, (_, i) => ({
            key: `k${i % 40}`,
            message: `value ${i}`,
          }))
          const settings = {
            'producer.type': type,
            'request.required.acks': acks,
            'queue.buffering.max.ms': 50,
            'batch.num.messages': 30,
          }
          await withProducer(settings, async (producer) => {
            for (const message of messages) await producer.send({ topic, ...message })
          })

          const dumped = await cluster.dumpTopic(topic)

          const expected = messages
            .map(({ key, message }) => ({ partition: partitionOf(key, 5), text: `${key}=${message}` }))
            .sort((a, b) => a.partition - b.partition)
            .map(({ partition, text }) => `${partition} ${text}`)
          expect(texts(dumped)).to.deep.equal(expected)
        })
      }

      it(`creates a topic with the first ${type} message to it`, async () => {
        const topic = `auto-created-${type}`
        await withProducer({ 'producer.type': type, 'queue.buffering.max.ms': 50 }, async (producer) => {
          const delivery = await producer.deliver({ topic, key: 'k', message: 'first' })
          expect(delivery).to.include({ topic, partition: 0, offset: 0n })
        })
        expect(texts(await cluster.dumpTopic(topic))).to.deep.equal(['0 k=first'])
      })

      it(`loses nothing when close follows ${type} sends with acks 0`, async () => {
        const topic = `closed-at-once-${type}`
        await cluster.createTopic(topic, { partitions: 2, replicationFactor: brokers })
        const settings = {
          'producer.type': type,
          'request.required.acks': 0,
          'queue.buffering.max.ms': 10_000,
        }
        await withProducer(settings, async (producer) => {
          for (let i = 0; i < 3000; i++) void producer.send({ topic, key: `k${i}`, message: `${i}` })
        })
        expect(await cluster.dumpTopic(topic)).to.have.lengthOf(3000)
      })
    }

    it('stores null and empty values and keys as they are', async () => {
      const topic = 'nothing'
      await cluster.createTopic(topic, { replicationFactor: brokers })
      await withProducer({}, (producer) =>
        producer.send([
          { topic, key: 'k', message: null },
          { topic, key: '', message: '' },
          { topic, message: 'no key' },
        ]),
      )
      const stored = await cluster.readTopic(topic)
      expect(stored.map(({ key, value }) => [key && String(key), value && String(value)])).to.deep.equal([
        ['k', null],
        ['', ''],
        [null, 'no key'],
      ])
    })

    it('stores binary keys and values byte for byte', async () => {
      const topic = 'binary'
      await cluster.createTopic(topic, { replicationFactor: brokers })
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
      const config = oldConfig(cluster, {
        'serializer.class': 'kafka.serializer.DefaultEncoder',
        'partitioner.class': 'kafka.producer.ByteArrayPartitioner',
      })
      const producer = new Producer<Buffer, Buffer>(config, { logger: quiet })
      await producer.send({ topic, key: bytes.subarray(128), message: bytes })
      await producer.close()

      const [record] = await cluster.readTopic(topic)
      expect(record?.value?.equals(bytes)).to.equal(true)
      expect(record?.key?.equals(bytes.subarray(128))).to.equal(true)
    })

    for (const codec of ['gzip', 'snappy', 'lz4']) {
      it(`stores ${codec} sets that the broker reads message by message`, async () => {
        const topic = `packed-${codec}`
        await cluster.createTopic(topic, { partitions: 2, replicationFactor: brokers })
        const messages = Array.from({ length: 500 }, (_, i) => ({
          topic,
          key: `k${i}`,
          message: `value ${i}`,
        }))
        await withProducer({ 'compression.codec': codec, 'compressed.topics': topic }, async (producer) => {
          await producer.send(messages)
          const { offset } = await producer.deliver({ topic, key: 'k0', message: 'last' })
          expect(offset > 0n).to.equal(true)
        })
        const stored = await cluster.readTopic(topic)
        expect(new Set(stored.map((record) => record.codec))).to.deep.equal(new Set([codec]))
        expect(stored.map(({ key, value }) => `${key}=${value}`).sort()).to.deep.equal(
          [...messages.map(({ key, message }) => `${key}=${message}`), 'k0=last'].sort(),
        )
        expect(texts(await cluster.dumpTopic(topic))).to.deep.equal(texts(stored))
      })
    }

    for (const codec of ['none', 'gzip']) {
      it(`stores the good messages around one that is too large, with codec ${codec}`, async () => {
        const topic = `too-large-${codec}`
        await cluster.createTopic(topic, { replicationFactor: brokers })
        const giant = incompressible(200_000)
        const messages = Array.from({ length: 20 }, (_, i) => ({
          topic,
          key: `k${i}`,
          message: i === 7 ? giant : `value ${i}`,
        }))
        await withProducer({ 'compression.codec': codec }, async (producer) => {
          const error = await producer.send(messages).then(
            () => null,
            (reason: unknown) => reason,
          )
          expect(error).to.be.instanceOf(FailedToSendMessageError)
          const { failures } = error as FailedToSendMessageError
          expect(failures.map(({ message }) => message.key)).to.deep.equal(['k7'])
          expect(failures[0]).to.include({ topic, persistence: 'not-persisted' })
          expect(failures[0]?.cause.code).to.equal('KAFKA_BROKER_MESSAGE_TOO_LARGE')
        })
        const stored = await cluster.readTopic(topic)
        expect(stored.map(({ value }) => String(value))).to.deep.equal(
          messages.filter((_, i) => i !== 7).map(({ message }) => message),
        )
      })
    }
  })
}

/** Text that gzip cannot make small. */
function incompressible(characters: number): string {
  return randomBytes(characters).toString('base64').slice(0, characters)
}

describe(`The producer against three real Kafka ${VERSION} brokers that fail`, () => {
  const settings = {
    'request.required.acks': -1,
    'message.send.max.retries': 100,
    'retry.backoff.ms': 100,
    'request.timeout.ms': 3000,
    'producer.type': 'async',
    'queue.buffering.max.ms': 20,
  }
  let cluster: KafkaCluster
  let producer: Producer<string, string>

  beforeEach(async () => {
    cluster = await KafkaCluster.start({ version: VERSION, brokers: 3 })
    producer = new Producer(oldConfig(cluster, settings), { logger: quiet })
  })

  afterEach(async () => {
    await producer.close({ timeoutMs: 10_000 })
    await cluster.stop()
  })

  it('delivers every message in order when a leader is killed during traffic and comes back', async () => {
    await cluster.createTopic('kept', { partitions: 6, replicationFactor: 3 })
    const traffic = new Traffic(producer, 'kept', 24)
    const leader = await cluster.leaderOf('kept', 0)

    traffic.round()
    await traffic.settled()
    await traffic.during(killAndRestart(leader), 25)
    await traffic.during(cluster.waitForLeaders('kept'), 25)
    traffic.round()
    await traffic.settled()

    expect(traffic.count('acknowledged')).to.equal(traffic.sent.length)
    expect(traffic.sent.length, 'traffic while the leader was gone').to.be.greaterThan(1000)
    expectKept(traffic.sent, await cluster.dumpTopic('kept'))
  })

  it('delivers every accepted message in order when all brokers go down and come back', async () => {
    await cluster.createTopic('back', { partitions: 3, replicationFactor: 3 })
    const traffic = new Traffic(producer, 'back', 10)

    traffic.round()
    await traffic.settled()
    await traffic.during(allDownAndBack('back'), 50)
    traffic.round()
    await traffic.settled()

    expect(traffic.count('acknowledged')).to.equal(traffic.sent.length)
    expectKept(traffic.sent, await cluster.dumpTopic('back'))
  })

  async function killAndRestart(id: number): Promise<void> {
    await cluster.killBroker(id)
    await cluster.waitForLeaders('kept')
    await cluster.startBroker(id)
  }

  async function allDownAndBack(topic: string): Promise<void> {
    await Promise.all(cluster.brokerIds.map((id) => cluster.killBroker(id)))
    for (const id of cluster.brokerIds) await cluster.startBroker(id)
    await cluster.waitForLeaders(topic)
  }
})
