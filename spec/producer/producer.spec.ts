import { inspect } from 'node:util'
import { expect } from 'chai'
import sinon from 'sinon'
import {
  ConfigError,
  DeliveryError,
  EncodeError,
  FailedToSendMessageError,
  KeyedMessage,
  Producer,
  ProducerClosedError,
  ProducerConfig,
  QueueFullError,
} from '../../lib/index.js'
import { errorCode, holdUntil } from '../../lib/testing/index.js'
import { eventually, gate, inTurns, rejection, Stage } from '../integration/support/stage.js'

const AUTHORIZATION_FAILED = 29
const NOT_LEADER = 6

/** Partition = the key, a number. */
const byKey = { ByKey: { partition: (key: unknown) => Number(key) } }
const partitionByKey = {
  'partitioner.class': 'ByKey',
  'key.serializer.class': 'kafka.serializer.IntegerEncoder',
}

describe('Producer', () => {
  let stage: Stage
  beforeEach(async () => {
    stage = new Stage()
    await stage.start({ brokers: 2 })
    stage.cluster.createTopic('t', { partitions: 2 })
  })
  afterEach(() => stage.close())

  describe('construction', () => {
    it('opens no connection, and can be closed without one', async () => {
      const onConnection = sinon.fake()
      stage.cluster.on('connection', onConnection)
      await stage.producer().close()
      expect(onConnection.callCount).to.equal(0)
    })

    it('takes properties or a ProducerConfig, which it shows', () => {
      const config = new ProducerConfig({ 'metadata.broker.list': 'h:1' }, { logger: stage.log })
      expect(new Producer(config, { logger: stage.log }).config).to.equal(config)
      expect(stage.producer({ 'client.id': 'me' }).config.clientId).to.equal('me')
    })

    // Upstream: AsyncProducerTest.testInvalidConfiguration.
    it('throws a ConfigError for what cannot be used', () => {
      expect(() => new Producer({}, { logger: stage.log })).to.throw(ConfigError, 'metadata.broker.list')
      expect(() => stage.producer({ 'request.required.acks': 3 })).to.throw(
        ConfigError,
        'request.required.acks',
      )
      expect(() => stage.producer({ 'serializer.class': 'no.Such' })).to.throw(ConfigError, 'no.Such')
      expect(() => stage.producer({ 'partitioner.class': 'no.Such' })).to.throw(ConfigError, 'no.Such')
    })

    it('can be inspected without showing what it holds', () => {
      const text = inspect(stage.producer(), { depth: 10, showHidden: true })
      expect(text).to.contain('Producer')
    })
  })

  for (const type of ['sync', 'async'] as const) {
    describe(`send, ${type} mode`, () => {
      let producer: Producer<unknown, unknown>
      beforeEach(() => {
        producer = stage.producer({ 'producer.type': type, ...partitionByKey }, byKey)
      })

      async function storedAfter(...calls: Promise<unknown>[]): Promise<Record<number, string[]>> {
        await Promise.all(calls)
        await producer.flush()
        return stage.stored()
      }

      it('takes a KeyedMessage', async () => {
        expect(await storedAfter(producer.send(new KeyedMessage('t', 1, 'a')))).to.deep.equal({ 1: ['a'] })
      })

      it('takes a KeyedMessage with a partition key, which is not stored', async () => {
        await storedAfter(producer.send(new KeyedMessage('t', 7, 1, 'a')))
        expect(stage.cluster.messages('t')).to.have.length(1)
        expect(stage.cluster.messages('t')[0]).to.include({ partition: 1 })
        expect(stage.cluster.messages('t')[0]!.key).to.deep.equal(Buffer.from([0, 0, 0, 7]))
      })

      it('takes a KeyedMessage without a key, which is stored without one', async () => {
        await storedAfter(producer.send(new KeyedMessage('t', 'a')))
        expect(stage.cluster.messages('t')[0]!.key).to.equal(null)
      })

      it('takes plain objects', async () => {
        const sent = producer.send(
          { topic: 't', key: 1, message: 'a' },
          { topic: 't', partKey: 0, message: 'b' },
        )
        expect(await storedAfter(sent)).to.deep.equal({ 0: ['b'], 1: ['a'] })
      })

      it('takes several arguments, arrays, and both mixed, in their order', async () => {
        const of = (message: string) => ({ topic: 't', key: 0, message })
        const sent = producer.send(of('a'), [of('b'), new KeyedMessage('t', 0, 'c')], of('d'), [])
        expect(await storedAfter(sent)).to.deep.equal({ 0: ['a', 'b', 'c', 'd'] })
      })

      it('takes one array', async () => {
        const list = Object.freeze([{ topic: 't', key: 1, message: 'a' }])
        expect(await storedAfter(producer.send(list))).to.deep.equal({ 1: ['a'] })
      })

      it('accepts an empty call without sending anything', async () => {
        await producer.send()
        await producer.send([])
        expect(stage.cluster.requests).to.deep.equal([])
      })

      it('stores null values', async () => {
        await storedAfter(producer.send({ topic: 't', key: 1, message: null }))
        expect(stage.cluster.messages('t')[0]!.value).to.equal(null)
      })

      it('keeps the order of calls that are not awaited', async () => {
        const calls = Array.from({ length: 50 }, (_, i) =>
          producer.send({ topic: 't', key: 0, message: `${i}` }),
        )
        expect(await storedAfter(...calls)).to.deep.equal({ 0: Array.from({ length: 50 }, (_, i) => `${i}`) })
      })

      for (const [title, argument] of [
        ['undefined', undefined],
        ['null', null],
        ['a string', 'text'],
        ['an object without a topic', { message: 'a' }],
        ['an object without a message', { topic: 't' }],
        ['a topic that is no string', { topic: 7, message: 'a' }],
      ] as const) {
        it(`rejects ${title} with a ConfigError, and sends nothing of the call`, async () => {
          const good = { topic: 't', key: 0, message: 'good' }
          expect(await rejection(producer.send(argument as never))).to.be.instanceOf(ConfigError)
          expect(await rejection(producer.send(good, argument as never))).to.be.instanceOf(ConfigError)
          expect(await rejection(producer.send([good, argument as never]))).to.be.instanceOf(ConfigError)
          await producer.flush()
          expect(stage.produceRequests).to.equal(0)
        })
      }

      // Upstream: AsyncProducerTest.testProduceAfterClosed.
      it('rejects every call after close(), an empty one included', async () => {
        await producer.close()
        for (const call of [
          producer.send({ topic: 't', message: 'a' }),
          producer.send(),
          producer.send([]),
        ]) {
          expect(await rejection(call)).to.be.instanceOf(ProducerClosedError)
        }
        expect(await rejection(producer.deliver({ topic: 't', message: 'a' }))).to.include({
          code: 'KAFKA_PRODUCER_CLOSED',
        })
      })
    })

    describe(`deliver, ${type} mode`, () => {
      it('resolves with topic, partition and offset of its message', async () => {
        const producer = stage.producer({ 'producer.type': type, ...partitionByKey }, byKey)
        await producer.deliver({ topic: 't', key: 1, message: 'before' })
        const delivery = await producer.deliver({ topic: 't', key: 1, message: 'a' })
        expect(delivery).to.deep.equal({
          topic: 't',
          partition: 1,
          offset: 1n,
          broker: `127.0.0.1:${stage.cluster.broker(1).port}`,
        })
        expect(String(stage.cluster.messages('t')[1]!.value)).to.equal('a')
      })

      it('settles each call with the outcome of its own message', async () => {
        const producer = stage.producer({ 'producer.type': type, ...partitionByKey }, byKey)
        stage.cluster.faults.on('Produce', { partition: 1, times: 9 }, errorCode(AUTHORIZATION_FAILED))
        const outcomes = await Promise.allSettled(
          [0, 1, 0].map((key, i) => producer.deliver({ topic: 't', key, message: `${i}` })),
        )
        expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled'])
      })

      it('rejects with code, persistence, attempts and cause of the failure', async () => {
        const producer = stage.producer(
          { 'producer.type': type, 'message.send.max.retries': 1, ...partitionByKey },
          byKey,
        )
        stage.cluster.faults.on('Produce', { partition: 1, times: 9 }, errorCode(NOT_LEADER))
        const error = await rejection(producer.deliver({ topic: 't', key: 1, message: 'a' }))
        expect(error).to.be.instanceOf(DeliveryError)
        expect(error).to.include({
          code: 'KAFKA_BROKER_NOT_LEADER_OR_FOLLOWER',
          topic: 't',
          partition: 1,
          persistence: 'not-persisted',
          retriable: true,
        })
        expect(error.attempts).to.have.length(2)
      })

      it('resolves with offset −1 with acks 0', async () => {
        const producer = stage.producer({ 'producer.type': type, 'request.required.acks': 0 })
        expect(await producer.deliver({ topic: 't', message: 'a' })).to.include({ topic: 't', offset: -1n })
      })

      it('rejects a value that is no message with a ConfigError', async () => {
        const producer = stage.producer({ 'producer.type': type })
        expect(await rejection(producer.deliver({} as never))).to.be.instanceOf(ConfigError)
      })
    })
  }

  describe('sync mode', () => {
    it('settles a send when the brokers have answered, not earlier', async () => {
      const producer = stage.producer()
      await producer.send({ topic: 't', message: 'first' })
      const { opened, open } = gate()
      stage.cluster.faults.on('Produce', {}, holdUntil(opened))
      let isOver = false
      const send = producer.send({ topic: 't', message: 'a' }).then(() => {
        isOver = true
      })
      await eventually(() => stage.produceRequests === 2)
      expect(isOver).to.equal(false)
      open()
      await send
      expect(stage.values()).to.deep.equal(['first', 'a'])
    })

    it('rejects with one entry per failed message; the others are stored', async () => {
      const producer = stage.producer({ 'message.send.max.retries': 0, ...partitionByKey }, byKey)
      stage.cluster.faults.on('Produce', { partition: 1 }, errorCode(NOT_LEADER))
      const messages = ['a', 'b', 'c', 'd'].map((message, i) => new KeyedMessage('t', i % 2, message))
      const error = (await rejection(producer.send(messages))) as unknown as FailedToSendMessageError
      expect(error).to.be.instanceOf(FailedToSendMessageError)
      expect(error.failures.map(({ message }) => message)).to.deep.equal([messages[1], messages[3]])
      expect(error.failures[0]).to.include({ topic: 't', partition: 1, persistence: 'not-persisted' })
      expect(stage.stored()).to.deep.equal({ 0: ['a', 'c'] })
    })

    // Upstream: AsyncProducerTest.testIncompatibleEncoder; golden c07.
    it('rejects a message that cannot be encoded before anything of the call is sent', async () => {
      const producer = stage.producer()
      const error = await rejection(
        producer.send({ topic: 't', message: 'good' }, { topic: 't', message: 7 }),
      )
      expect(error).to.be.instanceOf(EncodeError)
      expect(stage.cluster.requests).to.deep.equal([])
      expect(await rejection(producer.deliver({ topic: 't', message: 7 }))).to.be.instanceOf(EncodeError)
    })

    it('sends calls that come during a cycle together in the next one, and settles each for itself (group commit)', async () => {
      const producer = stage.producer({ 'message.send.max.retries': 0, ...partitionByKey }, byKey)
      const { opened, open } = gate()
      stage.cluster.faults.on('Produce', {}, holdUntil(opened))
      stage.cluster.faults.on('Produce', { partition: 1, times: 9 }, errorCode(NOT_LEADER))
      const calls = await inTurns([0, 0, 1, 0], (key, i) =>
        producer.send({ topic: 't', key, message: `${i}` }),
      )
      await eventually(() => stage.produceRequests === 1)
      open()
      const outcomes = await Promise.allSettled(calls)
      expect(outcomes.map(({ status }) => status)).to.deep.equal([
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
      ])
      expect(stage.stored()).to.deep.equal({ 0: ['0', '1', '3'] })
      // One for the first call, one for each leader of the second cycle.
      expect(stage.produceRequests).to.equal(3)
    })

    it('sends calls that are made in one turn in one cycle, and settles each for itself', async () => {
      const producer = stage.producer(partitionByKey, byKey)
      const calls = [0, 0, 0].map((key, i) => producer.send({ topic: 't', key, message: `${i}` }))
      await Promise.all(calls)
      expect(stage.stored()).to.deep.equal({ 0: ['0', '1', '2'] })
      expect(stage.produceRequests).to.equal(1)
    })

    it('logs no ERROR for a failure that its caller gets', async () => {
      const producer = stage.producer()
      stage.cluster.faults.on('Produce', { times: 9 }, errorCode(AUTHORIZATION_FAILED))
      await rejection(producer.send({ topic: 't', message: 'a' }))
      expect(stage.log.at('error')).to.deep.equal([])
    })
  })

  describe('async mode', () => {
    const async = { 'producer.type': 'async' }

    it('settles a send when the message is queued', async () => {
      const producer = stage.producer({ ...async, 'queue.buffering.max.ms': 60_000 })
      await producer.send({ topic: 't', message: 'a' })
      expect(stage.cluster.requests).to.deep.equal([])
      await producer.flush()
      expect(stage.values()).to.deep.equal(['a'])
    })

    it('sends batch.num.messages at once, and the rest after queue.buffering.max.ms', async () => {
      const producer = stage.producer({ ...async, 'batch.num.messages': 3, 'queue.buffering.max.ms': 50 })
      for (const message of ['a', 'b', 'c', 'd']) await producer.send({ topic: 't', message })
      await eventually(() => stage.values().length === 3)
      expect(stage.values()).to.deep.equal(['a', 'b', 'c'])
      await eventually(() => stage.values().length === 4)
      expect(stage.produceRequests).to.equal(2)
    })

    it('sends the messages of one call after queue.buffering.max.ms, too', async () => {
      const producer = stage.producer(async)
      await producer.send(['a', 'b'].map((message) => ({ topic: 't', message })))
      await eventually(() => stage.values().length === 2)
    })

    it('fails a message that cannot be encoded, and sends its neighbours', async () => {
      const producer = stage.producer(async)
      const failed = sinon.fake()
      producer.on('failed', failed)
      await producer.send(
        { topic: 't', message: 'a' },
        { topic: 't', message: 7 },
        { topic: 't', message: 'b' },
      )
      const error = rejection(producer.deliver({ topic: 't', message: 8 }))
      await producer.flush()
      expect(stage.values()).to.deep.equal(['a', 'b'])
      expect(failed.args.flatMap(([{ failures }]) => failures).map(({ cause }) => cause.code)).to.deep.equal([
        'KAFKA_ENCODE',
        'KAFKA_ENCODE',
      ])
      expect(await error).to.include({ code: 'KAFKA_ENCODE' })
    })

    describe('with a full queue', () => {
      /** One message is in flight and held there, `capacity` more are queued. */
      async function fill(timeoutMs: number, more: Record<string, unknown> = {}) {
        const { opened, open } = gate()
        stage.cluster.faults.on('Produce', {}, holdUntil(opened))
        const producer = stage.producer({
          ...async,
          'batch.num.messages': 1,
          'queue.buffering.max.messages': 2,
          'queue.enqueue.timeout.ms': timeoutMs,
          ...more,
        })
        await producer.send({ topic: 't', message: 'in flight' })
        await producer.send([
          { topic: 't', message: 'q1' },
          { topic: 't', message: 'q2' },
        ])
        return { producer, open }
      }

      // Upstream: AsyncProducerTest.testProducerQueueSize; docs/reference/faults.md#full-queue.
      it('rejects at once with queue.enqueue.timeout.ms=0, and keeps the messages that found room', async () => {
        const { producer, open } = await fill(0)
        const dropped = sinon.fake()
        producer.on('dropped', dropped)
        const error = await rejection(
          producer.send({ topic: 't', message: 'no' }, { topic: 't', message: 'nor this' }),
        )
        expect(error).to.be.instanceOf(QueueFullError)
        expect(error).to.include({ persistence: 'not-persisted', retriable: true, topic: 't' })
        expect(error.message).to.match(
          /^the queue has been full \(2 of 2 messages\); .* queue\.enqueue\.timeout\.ms=-1/,
        )
        const messages = dropped.args.map(([{ message }]) => message.message)
        expect(messages).to.deep.equal(['no', 'nor this'])
        open()
        await producer.flush()
        expect(stage.values()).to.deep.equal(['in flight', 'q1', 'q2'])
      })

      it('rejects after a positive time-out', async () => {
        const { producer, open } = await fill(30)
        const start = performance.now()
        const error = await rejection(producer.send({ topic: 't', message: 'no' }))
        expect(performance.now() - start).to.be.within(28, 500)
        expect(error).to.be.instanceOf(QueueFullError)
        expect(error.message).to.contain('full for 30 ms')
        open()
        await producer.flush()
        expect(stage.values()).not.to.include('no')
      })

      it('lets send() wait with a negative time-out, and keeps calls together and in order', async () => {
        const { producer, open } = await fill(-1)
        const order: string[] = []
        const calls = [['a1', 'a2', 'a3'], ['b1'], ['c1', 'c2']].map((texts) =>
          producer.send(texts.map((message) => ({ topic: 't', message }))).then(() => order.push(texts[0]!)),
        )
        await new Promise((resolve) => setImmediate(resolve))
        expect(order).to.deep.equal([])
        open()
        await Promise.all(calls)
        await producer.flush()
        expect(stage.values()).to.deep.equal(['in flight', 'q1', 'q2', 'a1', 'a2', 'a3', 'b1', 'c1', 'c2'])
        expect(order).to.deep.equal(['a1', 'b1', 'c1'])
      })

      it('lets deliver() wait with a negative time-out', async () => {
        const { producer, open } = await fill(-1)
        const delivered = producer.deliver({ topic: 't', message: 'patient' })
        open()
        expect(await delivered).to.include({ offset: 3n })
      })

      it('rejects deliver() after a positive time-out', async () => {
        const { producer, open } = await fill(0)
        expect(await rejection(producer.deliver({ topic: 't', message: 'no' }))).to.be.instanceOf(
          QueueFullError,
        )
        open()
      })

      it('is full by bytes where queue.buffering.max.bytes is set', async () => {
        const { producer, open } = await fill(0, {
          'queue.buffering.max.messages': 1000,
          'queue.buffering.max.bytes': 40,
        })
        expect(await rejection(producer.send({ topic: 't', message: 'x'.repeat(40) }))).to.be.instanceOf(
          QueueFullError,
        )
        await producer.send({ topic: 't', message: '' })
        open()
      })
    })
  })

  for (const type of ['sync', 'async']) {
    it(`fails a message after delivery.timeout.ms, ${type} mode`, async () => {
      const producer = stage.producer({
        'producer.type': type,
        'message.send.max.retries': 1_000_000,
        // Longer than the time limit, so that it passes between two attempts.
        'retry.backoff.ms': 10_000,
        'delivery.timeout.ms': 200,
      })
      stage.cluster.faults.on('Produce', { times: 1e9 }, errorCode(NOT_LEADER))
      const start = performance.now()
      const error = await rejection(producer.deliver({ topic: 't', message: 'a' }))
      expect(performance.now() - start).to.be.within(198, 2000)
      expect(error).to.include({ code: 'KAFKA_DELIVERY_TIMEOUT', persistence: 'not-persisted' })
      stage.cluster.faults.clear()
      await producer.deliver({ topic: 't', message: 'b' })
      expect(stage.values()).to.deep.equal(['b'])
    })
  }

  it('counts delivery.timeout.ms from the send, the time in the queue included', async () => {
    const producer = stage.producer({
      'producer.type': 'async',
      'queue.buffering.max.ms': 80,
      'delivery.timeout.ms': 30,
    })
    const error = await rejection(producer.deliver({ topic: 't', message: 'a' }))
    expect(error).to.include({ code: 'KAFKA_DELIVERY_TIMEOUT' })
    expect(error.attempts).to.deep.equal([])
    expect(stage.produceRequests).to.equal(0)
  })

  describe('events', () => {
    it('report each delivered batch with its messages, offset and broker', async () => {
      const producer = stage.producer(partitionByKey, byKey)
      const delivered = sinon.fake()
      producer.on('delivered', delivered)
      const messages = ['a', 'b', 'c'].map((message, i) => new KeyedMessage('t', i % 2, message))
      await producer.send(messages)
      await producer.send(messages[0]!)
      const reported = delivered.args.map(([event]) => event)
      const broker = (id: number): string => `127.0.0.1:${stage.cluster.broker(id).port}`
      expect(reported).to.have.deep.members([
        { topic: 't', partition: 0, baseOffset: 0n, broker: broker(0), messages: [messages[0], messages[2]] },
        { topic: 't', partition: 1, baseOffset: 0n, broker: broker(1), messages: [messages[1]] },
        { topic: 't', partition: 0, baseOffset: 2n, broker: broker(0), messages: [messages[0]] },
      ])
    })

    it('report failures with all details of each message', async () => {
      const producer = stage.producer({ 'message.send.max.retries': 0 })
      const failed = sinon.fake()
      producer.on('failed', failed)
      stage.cluster.faults.on('Produce', {}, errorCode(NOT_LEADER))
      const error = (await rejection(
        producer.send(new KeyedMessage('t', 'a')),
      )) as unknown as FailedToSendMessageError
      expect(failed.args).to.have.length(1)
      expect(failed.firstCall.args[0].failures).to.deep.equal(error.failures)
    })

    it('report retries and refreshes', async () => {
      const producer = stage.producer()
      const [retry, refresh] = [sinon.fake(), sinon.fake()]
      producer.on('retry', retry).on('refresh', refresh)
      stage.cluster.faults.on('Produce', {}, errorCode(NOT_LEADER))
      await producer.send({ topic: 't', message: 'a' })
      expect(retry.args).to.deep.equal([
        [{ attempts: 1, remaining: 3, messages: 1, topics: ['t'], backoffMs: 1 }],
      ])
      expect(refresh.args).to.deep.equal([[{ topics: ['t'], error: null }], [{ topics: ['t'], error: null }]])
    })

    it('report connections and the reason of their end, null where this side closed', async () => {
      const producer = stage.producer(partitionByKey, byKey)
      const [connect, disconnect] = [sinon.fake(), sinon.fake()]
      producer.on('connect', connect).on('disconnect', disconnect)
      await producer.send({ topic: 't', key: 1, message: 'a' })
      const broker = `127.0.0.1:${stage.cluster.broker(1).port}`
      expect(connect.args.map(([{ broker: name }]) => name)).to.include(broker)
      await stage.cluster.stopBroker(1)
      await eventually(() => disconnect.callCount > 0)
      expect(disconnect.firstCall.args[0].broker).to.equal(broker)
      expect(disconnect.firstCall.args[0].reason).to.have.property('code', 'KAFKA_CONNECTION')
      disconnect.resetHistory()
      await producer.close()
      for (const [{ reason }] of disconnect.args) expect(reason).to.equal(null)
    })

    it('report the end, once and last', async () => {
      const producer = stage.producer()
      const reported: string[] = []
      for (const event of ['delivered', 'disconnect', 'close'] as const)
        producer.on(event, () => reported.push(event))
      await producer.send({ topic: 't', message: 'a' })
      await Promise.all([producer.close(), producer.close()])
      expect(reported.filter((event) => event === 'close')).to.have.length(1)
      expect(reported.at(-1)).to.equal('close')
    })

    it('do not affect messages when their listeners throw, in either mode', async () => {
      for (const type of ['sync', 'async']) {
        const producer = stage.producer(
          { 'producer.type': type, 'message.send.max.retries': 1, ...partitionByKey },
          byKey,
        )
        const careless = (): never => {
          throw new Error('secret')
        }
        for (const event of [
          'delivered',
          'failed',
          'retry',
          'refresh',
          'connect',
          'disconnect',
          'close',
        ] as const) {
          producer.on(event, careless)
        }
        stage.cluster.faults.on('Produce', { partition: 1, times: 2 }, errorCode(NOT_LEADER))
        const messages = [0, 1, 0].map((key, i) => ({ topic: 't', key, message: `${type} ${i}` }))
        const outcomes = await Promise.allSettled(messages.map((message) => producer.deliver(message)))
        expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled'])
        await producer.send({ topic: 't', key: 0, message: 'still there' })
        await producer.close()
      }
      expect(stage.stored()).to.deep.equal({
        0: ['sync 0', 'sync 2', 'still there', 'async 0', 'async 2', 'still there'],
      })
      expect(stage.log.at('error').filter((line) => line.startsWith('a listener'))).to.include(
        'a listener of "failed" threw Error',
      )
      expect(stage.log.at('error').join()).not.to.contain('secret')
    })

    describe('without a listener', () => {
      it('leave an ERROR line with counts and cause, and no payload, in async mode', async () => {
        const producer = stage.producer({
          'producer.type': 'async',
          'message.send.max.retries': 0,
          'queue.buffering.max.ms': 1000,
        })
        stage.cluster.faults.on('Produce', { times: 9 }, errorCode(AUTHORIZATION_FAILED))
        for (let i = 0; i < 3; i++) await producer.send({ topic: 't', message: 'secret' })
        await producer.flush()
        expect(stage.log.at('error')).to.have.length(1)
        expect(stage.log.at('error')[0]).to.match(
          /^3 of 3 messages failed: t\/[01]: .* answered TOPIC_AUTHORIZATION_FAILED \(29\)/,
        )
        expect(stage.log.at('error')[0]).to.contain('3 messages').and.not.contain('secret')
      })

      it('leave no ERROR line where there is a listener', async () => {
        const producer = stage.producer({ 'producer.type': 'async', 'message.send.max.retries': 0 })
        producer.on('failed', () => {})
        stage.cluster.faults.on('Produce', {}, errorCode(AUTHORIZATION_FAILED))
        await producer.send({ topic: 't', message: 'a' })
        await producer.flush()
        expect(stage.log.at('error')).to.deep.equal([])
      })
    })
  })

  it('survives a logger that throws', async () => {
    const broken = (): never => {
      throw new Error('the transport has ended')
    }
    stage.log.debug = stage.log.info = stage.log.warn = stage.log.error = broken
    const producer = new Producer(
      new ProducerConfig(
        {
          'metadata.broker.list': stage.cluster.bootstrap,
          'serializer.class': 'kafka.serializer.StringEncoder',
          'producer.type': 'async',
          'request.required.acks': 1,
          'message.send.max.retries': 1,
          'retry.backoff.ms': 1,
          'queue.buffering.max.ms': 1,
        },
        { logger: { debug() {}, info() {}, warn() {}, error() {} } },
      ),
      { logger: stage.log },
    )
    stage.cluster.faults.on('Produce', { times: 2 }, errorCode(NOT_LEADER))
    expect(await rejection(producer.deliver({ topic: 't', message: 'a' }))).to.be.instanceOf(DeliveryError)
    await producer.deliver({ topic: 't', message: 'b' })
    await producer.close()
    expect(stage.values()).to.deep.equal(['b'])
  })
})
