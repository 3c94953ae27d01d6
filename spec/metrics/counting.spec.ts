import { expect } from 'chai'
import _ from 'lodash'
import { Producer } from '../../lib/index.js'
import { silentLogger } from '../../lib/logger.js'
import type { MetricName } from '../../lib/metrics/snapshot.js'
import type { ClusterScript, Rule } from '../support/scripted/script.js'
import { ScriptedCluster } from '../support/scripted/scripted-cluster.js'
import { totalsOf } from './support/counted.js'

const ONE_TOPIC: ClusterScript = { brokers: 1, topics: { t: { partitions: [{ id: 0, leader: 0 }] } } }
const MESSAGE_TOO_LARGE = 10
const NOT_LEADER = 6

/** Refuses "bad". */
class Picky {
  toBytes(value: unknown): Buffer {
    if (value === 'bad') throw new Error('bad')
    return Buffer.from(String(value))
  }
}

const SUMS: MetricName[] = ['MessagesAccepted', 'MessagesDelivered', 'MessagesFailed', 'MessagesOpen']

describe('producer.metrics()', () => {
  let cluster: ScriptedCluster
  const producers: Producer<unknown, unknown>[] = []

  afterEach(async () => {
    for (const producer of producers.splice(0)) await producer.close({ timeoutMs: 1000 })
    await cluster?.close()
  })

  async function producerOf(
    properties: Record<string, unknown> = {},
    rules: Rule[] = [],
    script: ClusterScript = ONE_TOPIC,
  ): Promise<Producer<unknown, unknown>> {
    cluster = await ScriptedCluster.start(script, rules)
    return another(properties)
  }

  function another(properties: Record<string, unknown> = {}): Producer<unknown, unknown> {
    const producer = new Producer(
      {
        'metadata.broker.list': cluster.address(0),
        'serializer.class': 'Picky',
        'client.id': 'c1',
        'request.required.acks': 1,
        'retry.backoff.ms': 1,
        'batch.num.messages': 10,
        'queue.buffering.max.ms': 1,
        ...properties,
      },
      { logger: silentLogger, classes: { Picky } },
    )
    producers.push(producer)
    return producer
  }

  const ended = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)

  for (const type of ['sync', 'async']) {
    describe(`in ${type} mode`, () => {
      const mode = { 'producer.type': type }

      it('counts delivered messages before send() or flush() resolves', async () => {
        const producer = await producerOf(mode)
        await producer.send([
          { topic: 't', key: 'key', message: 'hello' },
          { topic: 't', message: null },
        ])
        await producer.flush()
        expect(totalsOf(producer.metrics(), 'MessagesPerSec', 'BytesPerSec', ...SUMS)).to.deep.equal({
          MessagesPerSec: 2,
          BytesPerSec: 9,
          MessagesAccepted: 2,
          MessagesDelivered: 2,
          MessagesFailed: 0,
          MessagesOpen: 0,
        })
      })

      it('counts one resend for every attempt with unsettled messages, and one failed send for the cycle', async () => {
        const producer = await producerOf({ ...mode, 'message.send.max.retries': 3 }, [
          { on: 'produce', error: NOT_LEADER },
        ])
        await ended(producer.deliver({ topic: 't', message: 'x' }))
        expect(
          totalsOf(producer.metrics(), 'ResendsPerSec', 'FailedSendsPerSec', 'ProducerRequestSize', ...SUMS),
        ).to.deep.equal({
          ResendsPerSec: 4,
          FailedSendsPerSec: 1,
          ProducerRequestSize: 4,
          MessagesAccepted: 1,
          MessagesDelivered: 0,
          MessagesFailed: 1,
          MessagesOpen: 0,
        })
      })

      it('counts no failed send where a retry helped', async () => {
        const producer = await producerOf(mode, [{ on: 'produce', nth: 1, error: NOT_LEADER }])
        await producer.deliver({ topic: 't', message: 'x' })
        expect(totalsOf(producer.metrics(), 'ResendsPerSec', 'FailedSendsPerSec', ...SUMS)).to.deep.equal({
          ResendsPerSec: 1,
          FailedSendsPerSec: 0,
          MessagesAccepted: 1,
          MessagesDelivered: 1,
          MessagesFailed: 0,
          MessagesOpen: 0,
        })
      })

      it('counts a failed send and no resend for a non-retriable error', async () => {
        const producer = await producerOf(mode, [{ on: 'produce', error: MESSAGE_TOO_LARGE }])
        await ended(producer.deliver({ topic: 't', message: 'x' }))
        expect(
          totalsOf(producer.metrics(), 'ResendsPerSec', 'FailedSendsPerSec', 'MessagesFailed'),
        ).to.deep.equal({
          ResendsPerSec: 0,
          FailedSendsPerSec: 1,
          MessagesFailed: 1,
        })
      })

      it('counts a failed send where no attempt was allowed, as the original', async () => {
        const producer = await producerOf({ ...mode, 'message.send.max.retries': -1 })
        await ended(producer.deliver({ topic: 't', message: 'x' }))
        expect(totalsOf(producer.metrics(), 'ResendsPerSec', 'FailedSendsPerSec')).to.deep.equal({
          ResendsPerSec: 0,
          FailedSendsPerSec: 1,
        })
      })

      it('counts messages that an encoder refused, and not as failed sends', async () => {
        const producer = await producerOf(mode)
        await ended(producer.deliver({ topic: 't', message: 'bad' }))
        await producer.deliver({ topic: 't', message: 'good' })
        const wasAccepted = type === 'async' ? 1 : 0
        expect(
          totalsOf(
            producer.metrics(),
            'MessagesPerSec',
            'SerializationErrorsPerSec',
            'FailedSendsPerSec',
            'BytesPerSec',
            ...SUMS,
          ),
        ).to.deep.equal({
          MessagesPerSec: 2,
          SerializationErrorsPerSec: 1,
          FailedSendsPerSec: 0,
          BytesPerSec: 4,
          MessagesAccepted: 1 + wasAccepted,
          MessagesDelivered: 1,
          MessagesFailed: wasAccepted,
          MessagesOpen: 0,
        })
      })

      it('measures requests that reach no connection by their time, not by their size', async () => {
        const nowhere: ClusterScript = { ...ONE_TOPIC, brokers: 2, down: [1] }
        nowhere.topics = { t: { partitions: [{ id: 0, leader: 1 }] } }
        const producer = await producerOf({ ...mode, 'message.send.max.retries': 0 }, [], nowhere)
        await ended(producer.deliver({ topic: 't', message: 'x' }))
        const { ProducerRequestRateAndTimeMs: times, ProducerRequestSize: sizes } = producer.metrics()
        expect(times.map(({ tags, count }) => [tags.brokerPort, count])).to.deep.equal([
          [undefined, 1],
          [String(cluster.port(1)), 1],
        ])
        expect(sizes.map(({ count }) => count)).to.deep.equal([0, 0])
      })

      it('measures requests without an answer', async () => {
        const producer = await producerOf({ ...mode, 'request.required.acks': 0 })
        await producer.deliver({ topic: 't', message: 'x' })
        expect(
          totalsOf(
            producer.metrics(),
            'ProducerRequestRateAndTimeMs',
            'ProducerRequestSize',
            'MessagesDelivered',
          ),
        ).to.deep.equal({ ProducerRequestRateAndTimeMs: 1, ProducerRequestSize: 1, MessagesDelivered: 1 })
      })

      it('times requests from the call to the answer, the connect included', async () => {
        const producer = await producerOf(mode, [{ on: 'produce', delayMs: 40 }])
        await producer.deliver({ topic: 't', message: 'x' })
        expect(producer.metrics().ProducerRequestRateAndTimeMs[0]?.min).to.be.within(39, 5000)
      })

      it('counts messages that fail in close() with a time limit as failed', async () => {
        const producer = await producerOf({ ...mode, 'request.timeout.ms': 60_000 }, [
          { on: 'produce', action: 'silent' },
        ])
        const outcome = ended(producer.deliver({ topic: 't', message: 'x' }))
        await producer.close({ timeoutMs: 30 })
        await outcome
        expect(totalsOf(producer.metrics(), 'ResendsPerSec', 'FailedSendsPerSec', ...SUMS)).to.deep.equal({
          ResendsPerSec: 0,
          FailedSendsPerSec: 1,
          MessagesAccepted: 1,
          MessagesDelivered: 0,
          MessagesFailed: 1,
          MessagesOpen: 0,
        })
      })
    })
  }

  it('counts serialization errors per message and failed sends per cycle, for a cycle that has both', async () => {
    const producer = await producerOf({ 'producer.type': 'async', 'queue.buffering.max.ms': 60_000 }, [
      { on: 'produce', error: MESSAGE_TOO_LARGE },
    ])
    await producer.send(['bad', 'x', 'bad', 'y'].map((text) => ({ topic: 't', message: text })))
    await producer.flush()
    const counted = totalsOf(
      producer.metrics(),
      'SerializationErrorsPerSec',
      'FailedSendsPerSec',
      'MessagesFailed',
    )
    expect(counted).to.deep.equal({ SerializationErrorsPerSec: 2, FailedSendsPerSec: 1, MessagesFailed: 4 })
  })

  describe('of a queue', () => {
    const slow = { 'producer.type': 'async', 'batch.num.messages': 1, 'queue.buffering.max.messages': 2 }

    it('reports queued, in-flight and dropped messages exactly', async () => {
      const producer = await producerOf({ ...slow, 'queue.enqueue.timeout.ms': 0 }, [
        { on: 'produce', nth: 1, delayMs: 50 },
      ])
      const outcomes: unknown[] = []
      for (let i = 0; i < 6; i++) outcomes.push(await ended(producer.send({ topic: 't', message: `${i}` })))
      const dropped = outcomes.filter((outcome) => outcome instanceof Error).length
      expect(dropped).to.equal(3)
      expect(
        totalsOf(
          producer.metrics(),
          'MessagesPerSec',
          'DroppedMessagesPerSec',
          'ProducerQueueSize',
          'MessagesInFlight',
          'MessagesAccepted',
        ),
      ).to.deep.equal({
        MessagesPerSec: 6,
        DroppedMessagesPerSec: 3,
        ProducerQueueSize: 2,
        MessagesInFlight: 1,
        MessagesAccepted: 3,
      })
      expect(producer.metrics().DroppedMessagesPerSec[1]).to.deep.include({
        tags: { clientId: 'c1', topic: 't' },
        count: 3,
      })
      await producer.flush()
      expect(totalsOf(producer.metrics(), 'ProducerQueueSize', ...SUMS)).to.deep.equal({
        ProducerQueueSize: 0,
        MessagesAccepted: 3,
        MessagesDelivered: 3,
        MessagesFailed: 0,
        MessagesOpen: 0,
      })
    })

    it('never shows more outcomes than accepted messages while callers wait for room', async () => {
      const producer = await producerOf({ ...slow, 'queue.enqueue.timeout.ms': -1 })
      const found: Record<string, number | string>[] = []
      producer.on('delivered', () => found.push(totalsOf(producer.metrics(), ...SUMS)))
      await producer.send(Array.from({ length: 30 }, (_, i) => ({ topic: 't', message: `${i}` })))
      await producer.flush()
      expect(found.map(({ MessagesDelivered }) => MessagesDelivered)).to.deep.equal(_.range(1, 31))
      expect(found.filter(({ MessagesOpen }) => Number(MessagesOpen) < 0)).to.deep.equal([])
      expect(found.at(-1)).to.include({ MessagesAccepted: 30, MessagesOpen: 0 })
    })
  })

  it('counts producers separately, even with one client id', async () => {
    const producer = await producerOf()
    const namesake = another()
    await producer.send({ topic: 't', message: 'x' })
    await producer.close()
    await namesake.send([
      { topic: 't', message: 'y' },
      { topic: 't', message: 'z' },
    ])
    expect(totalsOf(producer.metrics(), 'MessagesPerSec')).to.deep.equal({ MessagesPerSec: 1 })
    expect(totalsOf(namesake.metrics(), 'MessagesPerSec')).to.deep.equal({ MessagesPerSec: 2 })
  })

  it('contains neither keys nor payloads', async () => {
    const producer = await producerOf()
    await producer.send({ topic: 't', key: 'secret key', partKey: 'secret part', message: 'secret text' })
    expect(JSON.stringify(producer.metrics())).to.not.contain('secret')
  })

  it('emits close once', async () => {
    const producer = await producerOf()
    let closes = 0
    producer.on('close', () => closes++)
    const closing = producer.close()
    expect(closes).to.equal(0)
    await closing
    await producer.close()
    expect(closes).to.equal(1)
  })
})
