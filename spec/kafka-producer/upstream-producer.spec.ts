/** Scenarios of Kafka's KafkaProducerTest and SenderTest 3.9 that neither recordings nor the other specs have. */
import { expect } from 'chai'
import { BrokerError, ConnectionError, ProducerClosedError } from '../../lib/errors.js'
import { KafkaProducer, type KafkaProducerOptions } from '../../lib/kafka-producer/kafka-producer.js'
import { RecordTooLargeError, TimeoutError } from '../../lib/kafka-producer/record-errors.js'
import { recordingLogger } from '../config/recording-logger.js'
import type { ClusterScript, Rule } from '../support/scripted-kafka/script.js'
import { ScriptedKafka } from '../support/scripted-kafka/scripted-kafka.js'

const STRINGS = 'org.apache.kafka.common.serialization.StringSerializer'
const TRANSACTIONAL = { 'transactional.id': 'x' }
/** Longest wait for what is bound to happen. */
const SOON = (): AbortSignal => AbortSignal.timeout(5000)

type Properties = Readonly<Record<string, unknown>>

async function failureOf(future: PromiseLike<unknown>): Promise<Error & { cause?: unknown; code?: unknown }> {
  return Promise.resolve(future).then(
    () => expect.fail('it succeeded'),
    (error: Error) => error,
  )
}

describe('KafkaProducer, as Kafka tests it', () => {
  const open: { close(options?: { timeoutMs?: number }): Promise<void> }[] = []

  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close({ timeoutMs: 0 })
  })

  async function stage(
    rules: readonly Rule[] = [],
    more: Properties = {},
    { cluster = {}, options = {} }: { cluster?: Partial<ClusterScript>; options?: KafkaProducerOptions } = {},
  ) {
    const script = { brokers: 1, topics: { t: { partitions: 1 } }, ...cluster }
    const kafka = await ScriptedKafka.start(script, rules)
    open.push(kafka)
    const producer = new KafkaProducer<string, string>(
      {
        'bootstrap.servers': kafka.addresses(),
        'key.serializer': STRINGS,
        'value.serializer': STRINGS,
        'retry.backoff.ms': 1,
        'retry.backoff.max.ms': 1,
        'linger.ms': 0,
        ...more,
      },
      { logger: recordingLogger(), ...options },
    )
    open.push(producer)
    const requests = (api: string): number =>
      kafka.seen.filter((one) => 'api' in one && one.api === api).length
    const until = (api: string, count: number) => kafka.until(() => requests(api) >= count, SOON())
    return { kafka, producer, requests, until }
  }

  describe('retries', () => {
    it('a record whose connection is lost once with retries=1 is stored, and fails with that loss the second time', async () => {
      const rules: Rule[] = [1, 3, 4].map((nth) => ({ on: 'Produce', nth, close: 'before' as const }))
      const more = { 'enable.idempotence': false, retries: 1, 'reconnect.backoff.ms': 1 }
      const { producer, requests } = await stage(rules, more)
      expect((await producer.send({ topic: 't', value: 'a' })).offset).to.equal(0n)
      expect(await failureOf(producer.send({ topic: 't', value: 'b' }))).to.be.instanceOf(ConnectionError)
      expect(requests('Produce')).to.equal(4)
      expect((await producer.send({ topic: 't', value: 'c' })).offset).to.equal(1n)
    })

    it('a topic that must not be written to fails the record at once, without idempotence too', async () => {
      const rules: Rule[] = [{ on: 'Produce', error: 'TOPIC_AUTHORIZATION_FAILED' }]
      const { producer, requests } = await stage(rules, { 'enable.idempotence': false })
      const failure = await failureOf(producer.send({ topic: 't', value: 'a' }))
      expect(failure).to.be.instanceOf(BrokerError)
      expect(failure.message).to.include('TOPIC_AUTHORIZATION_FAILED')
      expect(requests('Produce')).to.equal(1)
    })

    it('a later record waits for the answer to an earlier one with one request in flight, though the leader moves', async () => {
      const { kafka, producer, requests, until } = await stage(
        [{ on: 'Produce', nth: 1, hold: 'first' }],
        {
          'enable.idempotence': false,
          'max.in.flight.requests.per.connection': 1,
          'metadata.max.age.ms': 20,
        },
        { cluster: { brokers: 2 } },
      )
      const first = producer.send({ topic: 't', value: 'a' })
      await until('Produce', 1)
      await kafka.command({ do: { leader: { 't/0': 1 } } })
      const before = requests('Metadata')
      const second = producer.send({ topic: 't', value: 'b' })
      await until('Metadata', before + 3)
      expect(requests('Produce')).to.equal(1)
      kafka.release('first')
      await first
      await second
      expect(requests('Produce')).to.equal(2)
    })
  })

  describe('delivery.timeout.ms', () => {
    const limits = { 'delivery.timeout.ms': 80, 'request.timeout.ms': 80, retries: 5 }

    it('lets callbacks of expired records send again', async () => {
      const { producer } = await stage([{ on: 'Produce', drop: true }], limits)
      let calls = 0
      const again: Promise<Error>[] = []
      const first = Array.from({ length: 10 }, (_, i) =>
        producer.send({ topic: 't', value: `v${i}` }, () => {
          calls++
          again.push(failureOf(producer.send({ topic: 't', value: `again ${i}` })))
        }),
      )
      const failures = await Promise.all(first.map(failureOf))
      expect(failures.every((error) => error instanceof TimeoutError)).to.equal(true)
      expect([calls, again.length]).to.deep.equal([10, 10])
      expect((await Promise.all(again)).every((error) => error instanceof TimeoutError)).to.equal(true)
    })

    it('fails the records of all partitions that nobody answers for', async () => {
      const cluster = { topics: { t: { partitions: 2 } } }
      const { producer } = await stage([{ on: 'Produce', drop: true }], limits, { cluster })
      const sent = [0, 1].map((partition) => producer.send({ topic: 't', partition, value: 'v' }))
      const failures = await Promise.all(sent.map(failureOf))
      expect(failures.every((error) => error instanceof TimeoutError)).to.equal(true)
    })
  })

  describe('metadata', () => {
    it('is asked for until the topic is there, and not again for later records', async () => {
      const { producer, requests } = await stage(
        [],
        {},
        {
          cluster: { topics: {}, autoCreate: { new: { after: 4, partitions: 1 } } },
        },
      )
      await producer.send({ topic: 'new', value: 'a' })
      const asked = requests('Metadata')
      expect(asked).to.be.at.least(5)
      await producer.send({ topic: 'new', value: 'b' })
      expect(await producer.partitionsFor('new')).to.have.length(1)
      expect(requests('Metadata')).to.equal(asked)
    })

    it('that has not the topic in time fails partitionsFor with a time-out caused by the answer', async () => {
      const { producer } = await stage([], { 'max.block.ms': 60 })
      const failure = await failureOf(producer.partitionsFor('missing'))
      expect(failure).to.be.instanceOf(TimeoutError)
      expect(String((failure.cause as Error | undefined)?.message ?? failure.message)).to.include(
        'UNKNOWN_TOPIC',
      )
    })

    it('that has not the partition in time fails the record with a time-out', async () => {
      const { producer } = await stage([], { 'max.block.ms': 60 })
      const failure = await failureOf(producer.send({ topic: 't', partition: 2, value: 'v' }))
      expect(failure).to.be.instanceOf(TimeoutError)
    })

    it('that a record waits for ends with close, and its callback is called once', async () => {
      const { producer, until } = await stage([{ on: 'Metadata', from: 2, drop: true }], {})
      const errors: unknown[] = []
      await until('InitProducerId', 1)
      const waiting = failureOf(
        producer.send({ topic: 'other', value: 'v' }, (_, error) => void errors.push(error)),
      )
      await producer.close({ timeoutMs: 0 })
      expect(await waiting).to.be.instanceOf(ProducerClosedError)
      expect(errors).to.have.length(1)
    })

    it('is asked for by topic: neither partitionsFor nor send take none', async () => {
      const { producer } = await stage()
      for (const topic of [null, undefined]) {
        const named = topic as unknown as string
        expect(() => producer.send({ topic: named, value: 'v' })).to.throw('topic')
        expect((await failureOf((async () => producer.partitionsFor(named))())).message).to.include('topic')
      }
    })
  })

  it('flush completes 50 records that are in flight or linger', async () => {
    const { producer } = await stage([], {
      'linger.ms': 60_000,
      'delivery.timeout.ms': 120_000,
      'batch.size': 300,
    })
    const futures = Array.from({ length: 50 }, (_, i) => producer.send({ topic: 't', value: `value${i}` }))
    expect(futures.some(({ isDone }) => isDone)).to.equal(false)
    await producer.flush()
    expect(futures.every(({ isDone }) => isDone)).to.equal(true)
    expect((await futures[49]!).offset).to.equal(49n)
  })

  it('interceptors get a record that is too large once before and once after, with its topic and the error', async () => {
    const calls: unknown[] = []
    class Watching {
      onSend<R>(record: R): R {
        calls.push('onSend')
        return record
      }
      onAcknowledgement(metadata: { topic: string }, error: Error | null): void {
        calls.push([metadata.topic, error?.constructor])
      }
      close(): void {}
      configure(): void {}
    }
    const { producer } = await stage(
      [],
      { 'max.request.size': 1, 'interceptor.classes': 'Watching' },
      { options: { classes: { Watching } } },
    )
    await failureOf(producer.send({ topic: 't', value: 'v' }))
    expect(calls).to.deep.equal(['onSend', ['t', RecordTooLargeError]])
  })

  it('plug-ins see the client id that was made up for the producer', async () => {
    const ids: unknown[] = []
    const configure = (config: { get(key: string): unknown; clientId?: string }): void =>
      void ids.push(config.clientId)
    class Key {
      configure = configure
      serialize(): null {
        return null
      }
    }
    class Chosen {
      configure = configure
      partition(): number {
        return 0
      }
      close(): void {}
    }
    class Watching {
      configure = configure
      onSend<R>(record: R): R {
        return record
      }
    }
    await stage(
      [],
      {
        'key.serializer': 'Key',
        'value.serializer': 'Key',
        'partitioner.class': 'Chosen',
        'interceptor.classes': 'Watching',
      },
      { options: { classes: { Key, Chosen, Watching } as never } },
    )
    expect(ids).to.have.length(4)
    expect(new Set(ids).size).to.equal(1)
    expect(String(ids[0])).to.match(/^producer-\d+$/)
  })

  describe('transactions', () => {
    const dropped: [title: string, on: Rule['on']][] = [
      ['the search for the coordinator', 'FindCoordinator'],
      ['the producer id', 'InitProducerId'],
    ]
    for (const [title, on] of dropped) {
      it(`close with a time limit ends an initTransactions() that waits for ${title}`, async () => {
        const { producer, until } = await stage([{ on, drop: true }], TRANSACTIONAL)
        const init = failureOf(producer.initTransactions())
        await until(on, 1)
        await producer.close({ timeoutMs: 10 })
        expect(await init).to.be.instanceOf(ProducerClosedError)
      })
    }

    it('close with a time limit ends offsets that wait for AddOffsetsToTxn', async () => {
      const { producer, until } = await stage([{ on: 'AddOffsetsToTxn', drop: true }], TRANSACTIONAL)
      await producer.initTransactions()
      producer.beginTransaction()
      const offsets = [{ topic: 't', partition: 0, offset: 1n }]
      const sent = failureOf(producer.sendOffsetsToTransaction(offsets, 'group'))
      await until('AddOffsetsToTxn', 1)
      await producer.close({ timeoutMs: 10 })
      expect(await sent).to.be.instanceOf(ProducerClosedError)
    })

    it('an initTransactions() that took too long is repeated, takes the late answer, and nothing else is allowed meanwhile', async () => {
      const { kafka, producer, requests } = await stage([{ on: 'InitProducerId', nth: 1, hold: 'late' }], {
        ...TRANSACTIONAL,
        'max.block.ms': 50,
      })
      expect(await failureOf(producer.initTransactions())).to.be.instanceOf(TimeoutError)
      expect(() => producer.beginTransaction()).to.throw('initTransactions')
      expect((await failureOf((async () => producer.commitTransaction())())).message).to.include(
        'initTransactions',
      )
      kafka.release('late')
      await producer.initTransactions()
      producer.beginTransaction()
      expect(requests('InitProducerId')).to.equal(1)
    })

    const doomed: [
      title: string,
      record: { topic: string; partition?: number; value: string },
      name: string,
    ][] = [
      ['is too large', { topic: 't', value: 'x'.repeat(2000) }, 'RecordTooLargeError'],
      ['has a topic that is not there', { topic: 'missing', value: 'v' }, 'TimeoutError'],
      ['has a partition that is not there', { topic: 't', partition: 9, value: 'v' }, 'TimeoutError'],
    ]
    for (const [title, record, name] of doomed) {
      it(`a commit fails after a record that ${title}, and the transaction can be aborted`, async () => {
        const { producer, requests } = await stage([], {
          ...TRANSACTIONAL,
          'max.block.ms': 300,
          'max.request.size': 1000,
        })
        await producer.initTransactions()
        producer.beginTransaction()
        expect((await failureOf(producer.send(record))).constructor.name).to.equal(name)
        await failureOf(producer.commitTransaction())
        await producer.abortTransaction()
        producer.beginTransaction()
        await producer.send({ topic: 't', value: 'good' })
        await producer.commitTransaction()
        expect(requests('EndTxn')).to.equal(1)
      })
    }

    it('no call works after close', async () => {
      const { producer } = await stage([], TRANSACTIONAL)
      await producer.initTransactions()
      await producer.close()
      for (const call of [
        'initTransactions',
        'beginTransaction',
        'commitTransaction',
        'abortTransaction',
      ] as const) {
        await failureOf((async () => producer[call]())())
      }
    })

    it('an abort fails a record that was not sent, and sends nothing', async () => {
      const { producer, requests } = await stage([], {
        ...TRANSACTIONAL,
        'linger.ms': 60_000,
        'delivery.timeout.ms': 120_000,
      })
      await producer.initTransactions()
      producer.beginTransaction()
      const unsent = failureOf(producer.send({ topic: 't', value: 'v' }))
      await producer.abortTransaction()
      expect((await unsent).constructor.name).to.equal('TransactionAbortedError')
      expect(requests('Produce')).to.equal(0)
    })
  })

  it('a refused message format fails the batch alone, and the producer goes on', async () => {
    const rules: Rule[] = [{ on: 'Produce', nth: 1, error: 'UNSUPPORTED_FOR_MESSAGE_FORMAT' }]
    const { producer } = await stage(rules, { 'enable.idempotence': true })
    await failureOf(producer.send({ topic: 't', value: 'a' }))
    expect((await producer.send({ topic: 't', value: 'b' })).offset).to.equal(0n)
  })
})
