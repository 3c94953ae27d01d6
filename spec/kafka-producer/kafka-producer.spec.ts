/** The class that users have, on the embedded cluster and, for numbers and transactions, on scripted brokers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { expect } from 'chai'
import { ProducerClosedError, UnsupportedVersionError } from '../../lib/errors.js'
import { TransactionAbortedError, UnsupportedForMessageFormatError } from '../../lib/kafka-producer/errors.js'
import { KafkaProducer, type KafkaProducerOptions } from '../../lib/kafka-producer/kafka-producer.js'
import { ProducerRecord } from '../../lib/kafka-producer/producer-record.js'
import {
  BufferExhaustedError,
  IllegalArgumentError,
  RecordFilteredError,
  RecordTooLargeError,
  SerializationError,
  TimeoutError,
} from '../../lib/kafka-producer/record-errors.js'
import type { RecordMetadata } from '../../lib/kafka-producer/record-metadata.js'
import {
  errorCode,
  holdUntil,
  noAnswer,
  TestCluster,
  type TestClusterOptions,
} from '../../lib/testing/index.js'
import { recordingLogger } from '../config/recording-logger.js'
import type { Rule } from '../support/scripted-kafka/script.js'
import { ScriptedKafka } from '../support/scripted-kafka/scripted-kafka.js'

const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'
const NOT_LEADER = 6
const NOT_ENOUGH_REPLICAS = 19
const UNSUPPORTED_FOR_MESSAGE_FORMAT = 43

async function failureOf(future: PromiseLike<unknown>): Promise<Error> {
  return Promise.resolve(future).then(
    () => expect.fail('it succeeded'),
    (error: Error) => error,
  )
}

type Texts = KafkaProducer<string, string>
type Properties = Readonly<Record<string, unknown>>

describe('KafkaProducer', () => {
  const open: { close(options?: { timeoutMs?: number }): Promise<void> }[] = []

  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close({ timeoutMs: 0 })
  })

  function producerFor(bootstrap: string, more: Properties = {}, options: KafkaProducerOptions = {}): Texts {
    const logger = recordingLogger()
    const producer = new KafkaProducer(
      {
        'bootstrap.servers': bootstrap,
        'key.serializer': STRINGS,
        'value.serializer': STRINGS,
        'retry.backoff.ms': 10,
        'retry.backoff.max.ms': 10,
        ...more,
      },
      { logger, ...options },
    ) as Texts
    open.push(producer)
    return producer
  }

  async function embedded(options: TestClusterOptions = {}): Promise<TestCluster> {
    const cluster = await TestCluster.start({ era: '2.8', ...options })
    open.push(cluster)
    return cluster
  }

  async function stage(more: Properties = {}, options: TestClusterOptions = {}) {
    const cluster = await embedded(options)
    cluster.createTopic('t', { partitions: 2 })
    return { cluster, producer: producerFor(cluster.bootstrap, more) }
  }

  async function scripted(rules: readonly Rule[], more: Properties = {}) {
    const kafka = await ScriptedKafka.start({ brokers: 1, topics: { t: { partitions: 1 } } }, rules)
    open.push(kafka)
    const requests = (api: string): number =>
      kafka.seen.filter((one) => 'api' in one && one.api === api).length
    return { kafka, requests, producer: producerFor(kafka.addresses(), more) }
  }

  const valuesIn = (cluster: TestCluster, partition: number): (string | undefined)[] =>
    cluster
      .messages('t')
      .filter((message) => message.partition === partition)
      .map(({ value }) => value?.toString())

  describe('send', () => {
    it('stores records and plain objects with key, headers and timestamp, and says where', async () => {
      const { cluster, producer } = await stage()
      const first = await producer.send(new ProducerRecord('t', 1, 1_700_000_000_000, 'k', 'v', { a: '1' }))
      const second = await producer.send({ topic: 't', partition: 1, value: null })
      expect(first).to.deep.include({ topic: 't', partition: 1, offset: 0n, timestamp: 1_700_000_000_000 })
      expect([first.serializedKeySize, first.serializedValueSize]).to.deep.equal([1, 1])
      expect([second.offset, second.serializedValueSize]).to.deep.equal([1n, -1])
      const [stored] = cluster.messages('t')
      expect([stored!.key?.toString(), stored!.value?.toString(), stored!.timestampMs]).to.deep.equal([
        'k',
        'v',
        1_700_000_000_000,
      ])
    })

    it('puts the records of one turn into one request for each broker', async () => {
      const { cluster, producer } = await stage({ 'linger.ms': 0 })
      await producer.send({ topic: 't', value: 'first' })
      const before = cluster.requests.filter(({ api }) => api === 'Produce').length
      await Promise.all(
        Array.from({ length: 100 }, (_, i) => producer.send({ topic: 't', key: `k${i}`, value: 'v' })),
      )
      expect(cluster.requests.filter(({ api }) => api === 'Produce').length - before).to.equal(1)
    })

    it('calls callbacks in the order of sending, before any future of the batch, whatever one of them throws', async () => {
      const { producer } = await stage()
      const calls: string[] = []
      const futures = [0, 1, 2].map((i) =>
        producer.send({ topic: 't', partition: 0, value: 'v' }, ({ offset }) => {
          calls.push(`callback ${offset}`)
          if (i === 0) throw new RangeError('mine')
        }),
      )
      await Promise.all(futures.map((future) => future.then(({ offset }) => calls.push(`future ${offset}`))))
      expect(calls).to.deep.equal([
        'callback 0',
        'callback 1',
        'callback 2',
        'future 0',
        'future 1',
        'future 2',
      ])
    })

    it('keeps the order of records that wait for memory and of those that come later', async () => {
      const { cluster, producer } = await stage({ 'buffer.memory': 5000, 'batch.size': 500 })
      await producer.partitionsFor('t')
      const value = (i: number) => String(i).padStart(50, '0')
      const futures = Array.from({ length: 30 }, (_, i) =>
        producer.send({ topic: 't', partition: 0, value: value(i) }),
      )
      await Promise.all(futures)
      expect(valuesIn(cluster, 0)).to.deep.equal(Array.from({ length: 30 }, (_, i) => value(i)))
    })

    it('resolves appended when the record is in the buffer, long before it is stored', async () => {
      const { producer } = await stage({ 'linger.ms': 60_000, 'delivery.timeout.ms': 120_000 })
      const future = producer.send({ topic: 't', value: 'v' })
      await future.appended
      expect(future.isDone).to.equal(false)
      await producer.flush()
      expect(future.isDone).to.equal(true)
    })

    it('fails a record that can never be stored through its future and its callback, and goes on', async () => {
      const { producer } = await stage({ 'max.request.size': 200 })
      const seen: unknown[] = []
      const tooLarge = producer.send({ topic: 't', value: 'x'.repeat(300) }, (metadata, error) =>
        seen.push(metadata.offset, error?.constructor),
      )
      expect(await tooLarge.catch((error) => error)).to.be.instanceOf(RecordTooLargeError)
      expect(seen).to.deep.equal([-1n, RecordTooLargeError])
      const wrong = producer.send({ topic: 't', value: 7 as never })
      expect(await wrong.catch((error) => error)).to.be.instanceOf(SerializationError)
      expect((await producer.send({ topic: 't', value: 'ok' })).offset).to.equal(0n)
    })

    it('throws at once for what is no record, and after close()', async () => {
      const { producer } = await stage()
      expect(() => producer.send({ topic: '', value: 'v' })).to.throw(IllegalArgumentError)
      expect(() => producer.send({ topic: 't', message: 'v' } as never)).to.throw(
        IllegalArgumentError,
        'value',
      )
      expect(() => producer.send({ topic: 't', value: 'v' }, 'callback' as never)).to.throw(
        IllegalArgumentError,
      )
      await producer.close()
      expect(() => producer.send({ topic: 't', value: 'v' })).to.throw(ProducerClosedError)
    })

    it('logs failures that nobody looks at once and with counts, and none that somebody awaits', async () => {
      const cluster = await embedded()
      cluster.createTopic('t')
      const logger = recordingLogger()
      const producer = producerFor(cluster.bootstrap, { 'max.request.size': 200 }, { logger })
      for (let i = 0; i < 3; i++) producer.send({ topic: 't', value: 'x'.repeat(300) })
      await producer.send({ topic: 't', value: 'x'.repeat(300) }).catch(() => {})
      await producer.close()
      expect(logger.warnings.filter((line) => line.includes('nobody awaits'))).to.have.length(1)
      expect(logger.warnings.join()).to.include('3 records failed')
    })

    it('does not send what an interceptor filters out, and tells all interceptors', async () => {
      const cluster = await embedded()
      cluster.createTopic('t')
      const acknowledged: (string | null)[] = []
      class Odd {
        onSend(record: ProducerRecord<string, string>) {
          return record.value === 'odd' ? null : record
        }
        onAcknowledgement(_: RecordMetadata, error: Error | null) {
          acknowledged.push(error?.constructor.name ?? null)
        }
      }
      const more = { 'interceptor.classes': 'Odd', 'enable.idempotence': false }
      const producer = producerFor(cluster.bootstrap, more, { classes: { Odd } })
      const filtered = producer.send({ topic: 't', value: 'odd' })
      expect(await filtered.catch((error) => error)).to.be.instanceOf(RecordFilteredError)
      await producer.send({ topic: 't', value: 'even' })
      expect(acknowledged).to.deep.equal(['RecordFilteredError', null])
      expect(cluster.messages('t').length).to.equal(1)
    })
  })

  describe('metadata', () => {
    it('is waited for by the records of its topic in their order', async () => {
      const { cluster, producer } = await stage()
      const futures = ['a', 'b', 'c'].map((value) => producer.send({ topic: 't', partition: 0, value }))
      await Promise.all(futures)
      expect(valuesIn(cluster, 0)).to.deep.equal(['a', 'b', 'c'])
    })

    it('that does not come fails the record after max.block.ms, and says why', async () => {
      const cluster = await embedded({ autoCreateTopics: false })
      const producer = producerFor(cluster.bootstrap, { 'max.block.ms': 50 })
      const error = await failureOf(producer.send({ topic: 'nowhere', value: 'v' }))
      expect(error).to.be.instanceOf(TimeoutError)
      expect(error.cause).to.include({ errorName: 'UNKNOWN_TOPIC_OR_PARTITION' })
      expect(await producer.partitionsFor('nowhere').catch((failure) => failure)).to.be.instanceOf(
        TimeoutError,
      )
    })

    it('is asked for until a partition exists that a record names', async () => {
      const { cluster, producer } = await stage()
      const future = producer.send({ topic: 't', partition: 2, value: 'v' })
      await producer.partitionsFor('t')
      cluster.addPartitions('t', 3)
      expect((await future).partition).to.equal(2)
    })

    it('limits what waits for it to buffer.memory', async () => {
      const cluster = await embedded({ autoCreateTopics: false })
      const producer = producerFor(cluster.bootstrap, { 'buffer.memory': 1000, 'batch.size': 100 })
      const futures = Array.from({ length: 3 }, () =>
        producer.send({ topic: 'nowhere', value: 'x'.repeat(400) }),
      )
      expect(await futures[2]!.catch((error) => error)).to.be.instanceOf(BufferExhaustedError)
      const closed = producer.close({ timeoutMs: 0 })
      const rest = await Promise.all(futures.slice(0, 2).map((future) => future.catch((error) => error)))
      expect(rest.every((error) => error instanceof ProducerClosedError)).to.equal(true)
      await closed
    })

    it('moves records to the new leader', async () => {
      const { cluster, producer } = await stage({}, { brokers: 2 })
      await producer.send({ topic: 't', partition: 0, value: 'a' })
      cluster.moveLeader('t', 0, 1 - cluster.leaderOf('t', 0)!)
      await producer.send({ topic: 't', partition: 0, value: 'b' })
      expect(valuesIn(cluster, 0)).to.deep.equal(['a', 'b'])
    })
  })

  describe('retries', () => {
    it('keep the order of a partition without idempotence', async () => {
      const { cluster, producer } = await stage({ 'linger.ms': 0, 'enable.idempotence': false, acks: 1 })
      await producer.send({ topic: 't', partition: 0, value: 'first' })
      cluster.faults.on('Produce', { times: 2 } as never, errorCode(NOT_LEADER))
      const futures: PromiseLike<unknown>[] = []
      for (const value of ['a', 'b', 'c']) {
        futures.push(producer.send({ topic: 't', partition: 0, value }))
        await new Promise((resolve) => setImmediate(resolve))
      }
      await Promise.all(futures)
      expect(valuesIn(cluster, 0)).to.deep.equal(['first', 'a', 'b', 'c'])
    })

    it('end with the error of the broker when there are no more of them', async () => {
      const { requests, producer } = await scripted([{ on: 'Produce', error: 'NOT_ENOUGH_REPLICAS' }], {
        retries: 2,
        acks: 1,
      })
      const error = await failureOf(producer.send({ topic: 't', value: 'v' }))
      expect(error).to.include({ errorCode: NOT_ENOUGH_REPLICAS, persistence: 'not-persisted' })
      expect(requests('Produce')).to.equal(3)
    })

    it('end when delivery.timeout.ms has passed', async () => {
      const { producer } = await scripted([{ on: 'Produce', error: 'NOT_ENOUGH_REPLICAS' }], {
        'delivery.timeout.ms': 150,
        'request.timeout.ms': 100,
        'linger.ms': 0,
      })
      const error = await failureOf(producer.send({ topic: 't', value: 'v' }))
      expect(error).to.be.instanceOf(TimeoutError)
    })
  })

  describe('idempotence', () => {
    it('asks for a producer id before there is anything to send', async () => {
      const { kafka, requests } = await scripted([])
      await kafka.until(() => requests('InitProducerId') === 1, AbortSignal.timeout(5000))
    })

    it('is switched off with one warning where brokers are too old and it was not asked for', async () => {
      const cluster = await embedded({ era: '0.10' })
      cluster.createTopic('t')
      const logger = recordingLogger()
      const producer = producerFor(cluster.bootstrap, {}, { logger })
      for (let i = 0; i < 3; i++) await producer.send({ topic: 't', value: `v${i}` })
      expect(logger.warnings.filter((line) => line.startsWith('enable.idempotence is off'))).to.have.length(1)
      expect(cluster.messages('t').map(({ magic }) => magic)).to.deep.equal([1, 1, 1])
    })

    it('is switched off with one warning for a topic that keeps an older format, and what was in flight is sent again in order', async () => {
      const cluster = await embedded({ era: '2.8' })
      cluster.createTopic('t')
      cluster.faults.on('Produce', { times: 4 }, errorCode(UNSUPPORTED_FOR_MESSAGE_FORMAT))
      const logger = recordingLogger()
      const producer = producerFor(cluster.bootstrap, { 'batch.size': 100, 'linger.ms': 0 }, { logger })
      // Each in a batch of its own, and all in flight together.
      const values = ['0', '1', '2', '3'].map((digit) => digit.repeat(100))
      await Promise.all(values.map((value) => producer.send({ topic: 't', value })))
      expect(logger.warnings.filter((line) => line.startsWith('enable.idempotence is off'))).to.have.length(1)
      const stored = cluster.messages('t').map(({ value, producer: writer }) => [String(value), writer])
      expect(stored).to.deep.equal(values.map((value) => [value, undefined]))
    })

    it('is switched off, for what was in flight as well, when a broker comes back with an older release', async () => {
      const cluster = await embedded({ era: '2.8' })
      cluster.createTopic('t')
      const producer = producerFor(cluster.bootstrap)
      await producer.send({ topic: 't', value: 'numbered' })
      cluster.faults.on('Produce', {}, noAnswer())
      const arrived = new Promise((resolve) => cluster.once('request', resolve))
      const interrupted = producer.send({ topic: 't', value: 'in flight' })
      await arrived
      await cluster.broker(0).stop()
      await cluster.broker(0).start({ era: '0.10' })
      await interrupted
      await producer.send({ topic: 't', value: 'later' })
      const stored = cluster.messages('t').map(({ value, magic }) => `${value} ${magic}`)
      expect(stored.filter((text) => text !== 'in flight 2')).to.deep.equal([
        'numbered 2',
        'in flight 1',
        'later 1',
      ])
    })

    it('is not switched off for a topic that keeps an older format where it was asked for, or where there are transactions', async () => {
      const cluster = await embedded({ era: '2.8' })
      cluster.createTopic('t')
      cluster.faults.on('Produce', { times: 2 }, errorCode(UNSUPPORTED_FOR_MESSAGE_FORMAT))
      const explicit = producerFor(cluster.bootstrap, { 'enable.idempotence': true })
      expect(await failureOf(explicit.send({ topic: 't', value: 'v' }))).to.be.instanceOf(
        UnsupportedForMessageFormatError,
      )
      const transactional = producerFor(cluster.bootstrap, { 'transactional.id': 'tx' })
      await transactional.initTransactions()
      transactional.beginTransaction()
      expect(await failureOf(transactional.send({ topic: 't', value: 'v' }))).to.be.instanceOf(
        UnsupportedForMessageFormatError,
      )
    })

    it('is an error where brokers are too old and it was asked for', async () => {
      const cluster = await embedded({ era: '0.8' })
      cluster.createTopic('t')
      const producer = producerFor(cluster.bootstrap, { 'enable.idempotence': true })
      const failure = await producer.send({ topic: 't', value: 'v' }).catch((error) => error)
      expect(failure).to.be.instanceOf(UnsupportedVersionError)
    })
  })

  it('initTransactions() of a KafkaProducer says at once that Kafka 0.8 has no transactions, with no topic in use', async () => {
    const cluster = await embedded({ era: '0.8' })
    const producer = producerFor(cluster.bootstrap, { 'transactional.id': 'early' })
    expect(await failureOf(producer.initTransactions())).to.be.instanceOf(UnsupportedVersionError)
  })

  for (const [codec, isGuessed] of [
    ['lz4', true],
    ['gzip', false],
  ] as const) {
    it(`KafkaProducer ${isGuessed ? 'guesses' : 'does not guess'} that a broker may not know ${codec} where it fails on it without saying why`, async () => {
      const cluster = await embedded({ era: '0.8' })
      cluster.createTopic('t')
      cluster.faults.on('Produce', {}, errorCode(-1))
      const producer = producerFor(cluster.bootstrap, { 'compression.type': codec, retries: 1 })
      const { message } = await failureOf(producer.send({ topic: 't', value: 'v' }))
      expect(message.includes('Kafka before 0.8.2 does not support lz4')).to.equal(isGuessed)
    })
  }

  it('fails only the records with headers where brokers have no place for them, and gives their memory back', async () => {
    const cluster = await embedded({ era: '0.10' })
    cluster.createTopic('t')
    const producer = producerFor(cluster.bootstrap)
    const headers = { a: '1' }
    const alone = await failureOf(producer.send({ topic: 't', value: 'bad', headers }))
    const [bad, good] = [
      producer.send({ topic: 't', value: 'bad', headers }),
      producer.send({ topic: 't', value: 'good' }),
    ]
    expect([alone, await failureOf(bad)].every((error) => error instanceof UnsupportedVersionError)).to.equal(
      true,
    )
    expect((await good).offset).to.equal(0n)
    await producer.flush()
    const memory = (name: string) => producer.metrics().find((metric) => metric.name === name)!.value
    expect(memory('buffer-available-bytes')).to.equal(memory('buffer-total-bytes'))
  })

  describe('transactions', () => {
    it('of withTransaction are committed', async () => {
      const { kafka, requests, producer } = await scripted([], { 'transactional.id': 'x' })
      await producer.initTransactions()
      expect(await producer.withTransaction((tx) => tx.send({ topic: 't', value: 'v' }))).to.include({
        topic: 't',
      })
      expect(requests('EndTxn')).to.equal(1)
      expect(kafka.seen.length).to.be.above(0)
    })

    it('of withTransaction are aborted when the work throws, which is thrown on', async () => {
      const { requests, producer } = await scripted([], { 'transactional.id': 'x', 'linger.ms': 1000 })
      await producer.initTransactions()
      const mine = new RangeError('mine')
      let unsent: unknown
      const failure = await producer
        .withTransaction(async (tx) => {
          unsent = tx.send({ topic: 't', value: 'v' }).catch((error) => error)
          throw mine
        })
        .catch((error) => error)
      expect(failure).to.equal(mine)
      expect(await unsent).to.be.instanceOf(TransactionAbortedError)
      expect(requests('Produce')).to.equal(0)
    })

    it('are aborted only after requests on their way have ended, though the time of their records is over', async () => {
      const more = {
        'transactional.id': 'x',
        'linger.ms': 0,
        'request.timeout.ms': 1000,
        'delivery.timeout.ms': 1000,
        'retry.backoff.ms': 700,
        'retry.backoff.max.ms': 700,
      }
      const { cluster, producer } = await stage(more, { brokers: 2 })
      for (const topic of ['a', 'b', 'c']) cluster.createTopic(topic, { partitions: 1 })
      const ended: string[] = []
      cluster.on('transaction', () => ended.push('transaction'))
      cluster.on('stored', () => ended.push('records'))
      await producer.initTransactions()
      // Requests over one connection are answered in their order anyway.
      cluster.moveLeader('t', 0, 1 - cluster.coordinatorOf('transaction', 'x')!)
      producer.beginTransaction()
      let release = () => {}
      cluster.faults.on('Produce', {}, errorCode(NOT_ENOUGH_REPLICAS))
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      cluster.once('refused', () => cluster.faults.on('Produce', {}, holdUntil(released)))
      await failureOf(producer.send({ topic: 't', partition: 0, value: 'late' }))
      const aborted = producer.abortTransaction()
      // By the time that these are answered, whatever the abort sends has arrived.
      for (const topic of ['a', 'b', 'c']) await producer.partitionsFor(topic)
      release()
      await aborted
      expect(ended).to.deep.equal(['records', 'transaction'])
      await producer.withTransaction((tx) => tx.send({ topic: 't', partition: 0, value: 'next' }))
      expect(cluster.committed('t').map(({ value }) => String(value))).to.deep.equal(['next'])
    })

    it('that are not begun leave no record behind', async () => {
      const { requests, producer } = await scripted([], { 'transactional.id': 'x' })
      await producer.initTransactions()
      expect(() => producer.send({ topic: 't', value: 'outside' })).to.throw('beginTransaction')
      await producer.withTransaction((tx) => tx.send({ topic: 't', value: 'inside' }))
      expect(requests('Produce')).to.equal(1)
    })
  })

  describe('flush and close', () => {
    it('flush waits for records that wait for metadata, and not for later ones', async () => {
      const { producer } = await stage({ 'linger.ms': 60_000, 'delivery.timeout.ms': 120_000 })
      const first = producer.send({ topic: 't', value: 'a' })
      const flushed = producer.flush()
      await flushed
      expect(first.isDone).to.equal(true)
      const later = producer.send({ topic: 't', value: 'b' })
      await later.appended
      expect(later.isDone).to.equal(false)
    })

    it('close sends what lingers', async () => {
      const { cluster, producer } = await stage({ 'linger.ms': 60_000, 'delivery.timeout.ms': 120_000 })
      producer.send({ topic: 't', value: 'a' })
      await producer.close()
      expect(cluster.messages('t').length).to.equal(1)
    })

    it('close with a time limit fails what is not stored by then, and may be called again', async () => {
      const { producer } = await scripted([{ on: 'Produce', drop: true }])
      const future = producer.send({ topic: 't', value: 'a' })
      const closing = producer.close()
      await producer.close({ timeoutMs: 0 })
      await closing
      expect(await future.catch((error) => error)).to.be.instanceOf(ProducerClosedError)
    })

    it('close refuses a time that is none', async () => {
      const { producer } = await stage()
      for (const timeoutMs of [-1, Number.NaN, 'soon']) {
        const failure = await producer.close({ timeoutMs: timeoutMs as number }).catch((error) => error)
        expect(failure).to.be.instanceOf(IllegalArgumentError)
      }
    })

    it('close in a callback of a close without time is the same close', async () => {
      let closed = 0
      const keySerializer = { serialize: () => null, close: () => closed++ }
      const kafka = await ScriptedKafka.start({ brokers: 1, topics: { t: { partitions: 1 } } }, [
        { on: 'Produce', drop: true },
      ])
      open.push(kafka)
      const producer = producerFor(kafka.addresses(), {}, { keySerializer })
      const again: Promise<void>[] = []
      const future = producer.send({ topic: 't', value: 'v' }, () => {
        again.push(producer.close())
        expect(() => producer.send({ topic: 't', value: 'w' })).to.throw(ProducerClosedError)
      })
      await future.appended
      await producer.close({ timeoutMs: 0 })
      await Promise.all(again)
      expect([again.length, closed]).to.deep.equal([1, 1])
    })

    it('close calls the close() of all plug-ins, once', async () => {
      let closed = 0
      const keySerializer = { serialize: () => null, close: () => closed++ }
      const cluster = await embedded()
      const producer = producerFor(cluster.bootstrap, {}, { keySerializer })
      await Promise.all([producer.close(), producer.close()])
      expect(closed).to.equal(1)
    })
  })

  describe('writable', () => {
    it('stores what is piped into it, in its order, before the pipeline ends', async () => {
      const { cluster, producer } = await stage({ 'buffer.memory': 3000, 'batch.size': 500 })
      const values = Array.from({ length: 200 }, (_, i) => `v${i}`)
      await pipeline(
        values.map((value) => ({ topic: 't', partition: 1, value })),
        producer.writable(),
      )
      expect(valuesIn(cluster, 1)).to.deep.equal(values)
    })

    it('takes values for a topic, and fails with the first record that does', async () => {
      const { cluster, producer } = await stage({ 'max.request.size': 200 })
      await pipeline(['a', 'b'], producer.writable({ topic: 't' }))
      expect(cluster.messages('t').length).to.equal(2)
      const failure = await failureOf(pipeline(['x'.repeat(300), 'c'], producer.writable({ topic: 't' })))
      expect(failure).to.be.instanceOf(RecordTooLargeError)
    })
  })

  it('nothing wakes it while it is idle', async () => {
    const { producer } = await stage()
    await producer.send({ topic: 't', value: 'v' })
    await producer.flush()
    await new Promise((resolve) => setImmediate(resolve))
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Immediate')).to.deep.equal([])
  })

  it('counts under the names of the Java client', async () => {
    const { producer } = await stage({ 'client.id': 'mine' })
    await Promise.all([1, 2, 3].map((i) => producer.send({ topic: 't', partition: 0, value: `v${i}` })))
    const metric = (name: string, topic?: string) =>
      producer.metrics().find((one) => one.name === name && one.tags.topic === topic)
    expect(metric('record-send-total')).to.deep.include({
      name: 'record-send-total',
      group: 'producer-metrics',
      tags: { 'client-id': 'mine' },
      value: 3,
    })
    expect(metric('record-send-total', 't')!.group).to.equal('producer-topic-metrics')
    expect(metric('buffer-available-bytes')!.value).to.equal(metric('buffer-total-bytes')!.value)
    expect(metric('requests-in-flight')!.value).to.equal(0)
    expect(metric('metadata-age')!.value).to.be.within(0, 60)
    expect(metric('batch-size-max')!.value).to.be.above(61)
  })

  it('fromFile reads the file of a Java client', async () => {
    const cluster = await embedded()
    const folder = mkdtempSync(path.join(tmpdir(), 'kafka-producer-'))
    const file = path.join(folder, 'producer.properties')
    writeFileSync(
      file,
      `bootstrap.servers=${cluster.bootstrap}\nkey.serializer=${STRINGS}\nvalue.serializer=${STRINGS}\n`,
    )
    const producer = KafkaProducer.fromFile<string, string>(file, { logger: recordingLogger() })
    open.push(producer)
    rmSync(folder, { recursive: true })
    expect((await producer.send({ topic: 'created', value: 'v' })).topic).to.equal('created')
  })
})
