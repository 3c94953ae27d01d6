/** KafkaProducer on real brokers: what it stores is read back by Kafka's own readers. */
import { expect } from 'chai'
import {
  KafkaProducer,
  ProducerFencedError,
  type RecordMetadata,
  UnsupportedVersionError,
} from '../../lib/index.js'
import { KafkaCluster, type StoredRecordInFull } from './support/index.js'

const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** What a release can store. */
const VERSIONS = [
  { version: '0.8.2.2', magic: 0, codecs: ['none', 'gzip', 'snappy', 'lz4'] },
  { version: '0.10.2.2', magic: 1, codecs: ['none', 'gzip', 'snappy', 'lz4'] },
  { version: '0.11.0.3', magic: 2, codecs: ['none', 'gzip', 'snappy', 'lz4'] },
  { version: '2.8.2', magic: 2, codecs: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] },
  { version: '4.3.1', magic: 2, codecs: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] },
] as const

const ONE_REPLICA = {
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 3,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 3,
  'group.initial.rebalance.delay.ms': 0,
} as const

const RECORDS = 500
const text = (value: Buffer | null): string | null => value?.toString() ?? null

for (const { version, magic, codecs } of VERSIONS) {
  describe(`KafkaProducer on a real Kafka ${version}`, () => {
    let cluster: KafkaCluster
    const open: KafkaProducer<string, string>[] = []

    before(async () => {
      cluster = await KafkaCluster.start({ version, config: magic === 2 ? ONE_REPLICA : {} })
    })

    after(() => cluster.stop())

    afterEach(async () => {
      await Promise.all(open.splice(0).map((producer) => producer.close({ timeoutMs: 5000 })))
    })

    function producer(more: Readonly<Record<string, unknown>> = {}): KafkaProducer<string, string> {
      const made = new KafkaProducer<string, string>(
        {
          'bootstrap.servers': cluster.bootstrap.join(','),
          'key.serializer': STRINGS,
          'value.serializer': STRINGS,
          ...more,
        },
        { logger: quiet },
      )
      open.push(made)
      return made
    }

    /** Sends numbered records, all at once. */
    function sendAll(
      to: KafkaProducer<string, string>,
      topic: string,
      prefix = 'v',
    ): Promise<RecordMetadata[]> {
      return Promise.all(
        Array.from({ length: RECORDS }, (_, i) =>
          to.send({ topic, key: `k${i % 10}`, value: `${prefix}${i}`, timestamp: 1_600_000_000_000 + i }),
        ),
      )
    }

    for (const codec of codecs) {
      it(`KafkaProducer stores records with compression.type=${codec} where and when it says, in the format of Kafka ${version}`, async () => {
        const topic = `plain-${codec}`
        await cluster.createTopic(topic, { partitions: 3 })
        const sent = await sendAll(producer({ 'compression.type': codec }), topic)
        const stored = await cluster.readTopic(topic)
        expect(stored.length).to.equal(RECORDS)
        expect([...new Set(stored.map((record) => `${record.magic} ${record.codec}`))]).to.deep.equal([
          `${magic} ${codec}`,
        ])
        for (const [i, { partition, offset }] of sent.entries()) {
          const found = stored.find((record) => record.partition === partition && record.offset === offset)
          expect([text(found!.key), text(found!.value)]).to.deep.equal([`k${i % 10}`, `v${i}`])
          if (magic > 0) expect(found!.timestampMs).to.equal(BigInt(1_600_000_000_000 + i))
        }
        expect(orderedByKey(stored)).to.equal(true)
      })
    }

    it(`KafkaProducer with acks 0 has everything stored when close() resolves, on Kafka ${version}`, async () => {
      const topic = 'unacknowledged'
      await cluster.createTopic(topic, { partitions: 1 })
      const unconfirmed = producer({ acks: '0' })
      const [{ offset }] = (await sendAll(unconfirmed, topic)) as [RecordMetadata]
      expect(offset).to.equal(-1n)
      await unconfirmed.close()
      expect((await cluster.consumeTopic(topic, RECORDS)).length).to.equal(RECORDS)
    })

    if (magic < 2) {
      it(`KafkaProducer fails only the records with headers where Kafka ${version} has no place for them`, async () => {
        const topic = 'with-headers'
        await cluster.createTopic(topic, { partitions: 1 })
        const sender = producer()
        const bad = sender.send({ topic, value: 'bad', headers: { a: '1' } })
        const good = sender.send({ topic, value: 'good' })
        expect(await bad.catch((error) => error)).to.be.instanceOf(UnsupportedVersionError)
        expect((await good).offset).to.equal(0n)
        expect((await cluster.consumeTopic(topic, 1)).map(({ value }) => text(value))).to.deep.equal(['good'])
      })

      it(`KafkaProducer refuses an explicit enable.idempotence, which Kafka ${version} does not know`, async () => {
        await cluster.createTopic('numbered', { partitions: 1 })
        const outcome = producer({ 'enable.idempotence': true }).send({ topic: 'numbered', value: 'v' })
        expect(await outcome.catch((error) => error)).to.be.instanceOf(UnsupportedVersionError)
      })
      return
    }

    it(`KafkaProducer stores headers on Kafka ${version}`, async () => {
      await cluster.createTopic('headers', { partitions: 1 })
      await producer().send({
        topic: 'headers',
        value: 'v',
        headers: [
          ['a', '1'],
          ['a', null],
        ],
      })
      const [{ headers }] = (await cluster.readTopic('headers')) as [StoredRecordInFull]
      expect(headers.map(({ name, value }) => [name, text(value)])).to.deep.equal([
        ['a', '1'],
        ['a', null],
      ])
    })

    it(`KafkaProducer stores each record once and in order though its connections end, on Kafka ${version}`, async () => {
      const topic = 'idempotent'
      await cluster.createTopic(topic, { partitions: 3 })
      const sender = producer({ 'linger.ms': 0 })
      const futures: PromiseLike<RecordMetadata>[] = []
      for (let i = 0; i < 2000; i++) {
        futures.push(sender.send({ topic, key: `k${i % 10}`, value: `v${i}` }))
        if (i % 100 === 0) await sender.send({ topic, key: 'k0', value: `v${i}-awaited` })
        if (i === 500) await cluster.killBroker(1)
        if (i === 501) await cluster.startBroker(1)
      }
      await Promise.all(futures)
      const values = (await cluster.readTopic(topic)).map(({ value }) => text(value)!)
      expect(values.length).to.equal(2020)
      expect(new Set(values).size).to.equal(2020)
      expect(orderedByKey(await cluster.readTopic(topic))).to.equal(true)
    })

    it(`KafkaProducer commits transactions that read_committed consumers of Kafka ${version} see, and aborts others`, async () => {
      const topic = 'transactional'
      await cluster.createTopic(topic, { partitions: 3 })
      const sender = producer({ 'transactional.id': 'tx' })
      await sender.initTransactions()
      sender.beginTransaction()
      await sendAll(sender, topic, 'aborted')
      await sender.abortTransaction()
      await sender.withTransaction(async (tx) => {
        await sendAll(tx, topic, 'committed')
        await tx.sendOffsetsToTransaction([{ topic, partition: 0, offset: 1n }], 'a-group')
      })
      sender.beginTransaction()
      void sender.send({ topic, value: 'open' })
      await sender.flush()
      const seen = await cluster.consumeTopic(topic, RECORDS, { isCommittedOnly: true })
      expect(
        seen.map(({ value }) => text(value)!.replace(/\d+/, '')).every((name) => name === 'committed'),
      ).to.equal(true)
      expect(new Set(seen.map(({ value }) => text(value))).size).to.equal(RECORDS)
      await sender.commitTransaction()
      expect((await cluster.consumeTopic(topic, RECORDS + 1, { isCommittedOnly: true })).length).to.equal(
        RECORDS + 1,
      )
    })

    it(`KafkaProducer is fenced by a newer one with its transactional.id on Kafka ${version}`, async () => {
      const topic = 'fenced'
      await cluster.createTopic(topic, { partitions: 1 })
      const [older, newer] = [
        producer({ 'transactional.id': 'same' }),
        producer({ 'transactional.id': 'same' }),
      ]
      await older.initTransactions()
      older.beginTransaction()
      await older.send({ topic, value: 'of the older' })
      await newer.initTransactions()
      const failure = await older.commitTransaction().catch((error) => error)
      expect(failure).to.be.instanceOf(ProducerFencedError)
      await newer.withTransaction((tx) => tx.send({ topic, value: 'of the newer' }))
      const seen = await cluster.consumeTopic(topic, 1, { isCommittedOnly: true })
      expect(seen.map(({ value }) => text(value))).to.deep.equal(['of the newer'])
    })
  })
}

/** Whether the numbers in the values of each key ascend. */
function orderedByKey(records: readonly StoredRecordInFull[]): boolean {
  const last = new Map<string, number>()
  for (const { key, value } of records) {
    const number = Number(/\d+/.exec(text(value) ?? '')?.[0])
    const name = text(key) ?? ''
    if (number < (last.get(name) ?? -1)) return false
    last.set(name, number)
  }
  return true
}
