/** `max.in.flight.requests.per.connection` above 1: what overlaps, what does not, and how it ends. */
import { expect } from 'chai'
import { Producer } from '../../lib/index.js'
import { silentLogger } from '../../lib/logger.js'
import { delayMs, errorCode, hold } from '../../lib/testing/index.js'
import { HoldingBroker } from './support/holding-broker.js'
import { eventually, inTurns, rejection, Stage } from './support/stage.js'

const NOT_LEADER = 6
const byKey = { ByKey: { partition: (key: unknown, count: number) => Number(key) % count } }
const keyedProperties = {
  'partitioner.class': 'ByKey',
  'key.serializer.class': 'kafka.serializer.IntegerEncoder',
}

/** Long enough for whatever was wrongly let go to arrive. */
async function idle(): Promise<void> {
  for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve))
}

for (const type of ['sync', 'async'] as const) {
  describe(`Several requests in flight on one connection, ${type} mode`, () => {
    let broker: HoldingBroker
    let producer: Producer<number | null, string>

    beforeEach(async () => {
      broker = new HoldingBroker({ t: 6, u: 1, v: 1 })
      await broker.start()
    })
    afterEach(async () => {
      await producer.close({ timeoutMs: 0 })
      await broker.close()
    })

    function start(properties: Readonly<Record<string, unknown>> = {}): void {
      producer = new Producer<number | null, string>(
        {
          'metadata.broker.list': broker.address,
          'broker.version': '0.8.2',
          'serializer.class': 'kafka.serializer.StringEncoder',
          'request.required.acks': 1,
          'producer.type': type,
          'batch.num.messages': 1,
          'queue.buffering.max.ms': 0,
          'retry.backoff.ms': 1,
          'max.in.flight.requests.per.connection': 3,
          ...keyedProperties,
          ...properties,
        },
        { logger: silentLogger, classes: byKey },
      )
    }

    /** `a@1` goes to partition 1 of t, `u/a` without a key to topic u. */
    function deliver(...texts: string[]): Promise<Promise<unknown>[]> {
      return inTurns(texts, (text) => {
        const [, topic = 't', message, key] = /^(?:(\w+)\/)?([^@]+)(?:@(\d+))?$/.exec(text)!
        return producer.deliver({ topic, key: key === undefined ? null : Number(key), message: message! })
      })
    }

    /** Sends one message, so that metadata and connection are there. */
    async function warmUp(): Promise<void> {
      const [warm] = await deliver('warm@5')
      await eventually(() => broker.owed === 1)
      broker.answer()
      await warm
      await producer.flush()
      broker.received.length = 0
    }

    /** Answers request by request. */
    async function answerUntilOver(done: Promise<unknown>[]): Promise<void> {
      let isOver = false
      const all = Promise.all(done).finally(() => {
        isOver = true
      })
      while (!isOver) {
        broker.answer()
        await new Promise((resolve) => setImmediate(resolve))
      }
      await all
    }

    it('are written before the first is answered, as many as allowed and never more', async () => {
      start()
      await warmUp()
      const done = await deliver('a@0', 'b@1', 'c@2', 'd@3', 'e@4')
      await eventually(() => broker.owed === 3)
      await idle()
      expect(broker.received).to.deep.equal(['t/0=a', 't/1=b', 't/2=c'])
      await answerUntilOver(done)
      expect(broker.most).to.equal(3)
      expect(broker.open, 'one connection for messages and metadata').to.equal(1)
    })

    it('are one by default', async () => {
      start({ 'max.in.flight.requests.per.connection': 1 })
      await warmUp()
      const done = await deliver('a@0', 'b@1')
      await eventually(() => broker.owed === 1)
      await idle()
      expect(broker.received).to.deep.equal(['t/0=a'])
      broker.answer()
      await eventually(() => broker.received.length === 2)
      broker.answer()
      await Promise.all(done)
    })

    it('are of different partitions, and later messages of a partition wait and go together', async () => {
      start()
      await warmUp()
      const done = await deliver('a@0', 'b@0', 'c@0', 'd@1')
      await eventually(() => broker.owed > 0)
      await idle()
      // In async mode three batches are on their way, though two of them wait; d comes with the next one.
      expect(broker.received).to.deep.equal(type === 'sync' ? ['t/0=a', 't/1=d'] : ['t/0=a'])
      broker.answer()
      await eventually(() => broker.received.length === 3)
      expect(broker.received.slice(1)).to.have.members(['t/0=b,c', 't/1=d'])
      broker.answer({ count: 2 })
      await Promise.all(done)
    })

    it('do not wait for a partition that is being retried, which no later message overtakes', async () => {
      start({ 'message.send.max.retries': 5 })
      await warmUp()
      const first = await deliver('a@0')
      await eventually(() => broker.owed === 1)
      broker.answer({ error: NOT_LEADER })
      await eventually(() => broker.received.length === 2)
      const later = await deliver('b@0', 'c@1')
      await eventually(() => broker.received.includes('t/1=c'))
      await idle()
      expect(broker.received).to.deep.equal(['t/0=a', 't/0=a', 't/1=c'])
      broker.answer({ error: NOT_LEADER })
      broker.answer()
      await later[1]
      await eventually(() => broker.owed === 1)
      broker.answer()
      await first[0]
      await eventually(() => broker.owed === 1)
      broker.answer()
      await later[0]
      expect(broker.received).to.deep.equal(['t/0=a', 't/0=a', 't/1=c', 't/0=a', 't/0=b'])
    })

    it('wait for a message without a key of their topic that may still change its partition', async () => {
      start()
      await warmUp()
      const done = await deliver('a', 'b@1', 'u/c')
      await eventually(() => broker.received.some((text) => text === 'u/0=c'))
      await idle()
      expect(broker.received).to.have.length(2)
      expect(broker.received[0]).to.match(/^t\/\d=a$/)
      broker.answer()
      await eventually(() => broker.received.includes('t/1=b'))
      broker.answer({ count: 2 })
      await Promise.all(done)
    })

    it('fail together when the connection breaks, and are sent again in their order', async () => {
      start({ 'message.send.max.retries': 3 })
      await warmUp()
      const done = await deliver('a@0', 'b@1', 'c@2')
      await eventually(() => broker.owed === 3)
      broker.hangUp()
      await eventually(() => broker.owed === 3)
      expect(broker.received.slice(3).sort()).to.deep.equal(['t/0=a', 't/1=b', 't/2=c'])
      broker.answer({ count: 3 })
      await Promise.all(done)
    })
  })

  describe(`Overlapping cycles, ${type} mode`, () => {
    let stage: Stage
    beforeEach(async () => {
      stage = new Stage()
      await stage.start({ brokers: 2 })
      stage.cluster.createTopic('t', { partitions: 2 })
    })
    afterEach(() => stage.close())

    function start(properties: Readonly<Record<string, unknown>> = {}): Producer<unknown, unknown> {
      return stage.producer(
        {
          'producer.type': type,
          'batch.num.messages': 1,
          'queue.buffering.max.ms': 0,
          'max.in.flight.requests.per.connection': 5,
          ...keyedProperties,
          ...properties,
        },
        byKey,
      )
    }

    async function warmUp(producer: Producer<unknown, unknown>): Promise<void> {
      await Promise.all([0, 1].map((key) => producer.deliver({ topic: 't', key, message: 'warm' })))
      await producer.flush()
    }

    it('deliver to other brokers while one withholds its answer; a flush waits for that one', async () => {
      const producer = start()
      await warmUp(producer)
      const stalled = hold()
      stage.cluster.faults.on('Produce', { partition: 0 }, stalled)
      const over: string[] = []
      const slow = producer.deliver({ topic: 't', key: 0, message: 'slow' }).then(() => over.push('slow'))
      for (let i = 0; i < 20; i++) await producer.deliver({ topic: 't', key: 1, message: `quick ${i}` })
      const flush = producer.flush().then(() => over.push('flush'))
      await producer.deliver({ topic: 't', key: 1, message: 'after the flush' })
      await idle()
      expect(over).to.deep.equal([])
      stalled.release()
      await Promise.all([slow, flush])
      expect(over).to.deep.equal(['slow', 'flush'])
    })

    it('do not time out at a broker that handles requests slowly one by one', async () => {
      stage.cluster.createTopic('slow', { partitions: 5 })
      const producer = start({ 'request.timeout.ms': 100 })
      const keys = [0, 1, 2, 3, 4]
      const toAll = (message: string) =>
        Promise.all(keys.map((key) => producer.deliver({ topic: 'slow', key, message })))
      await toAll('first')
      stage.cluster.faults.on('Produce', { times: 5 }, delayMs(80))
      await toAll('second')
      expect(stage.log.at('warn')).to.deep.equal([])
      for (const key of keys) expect(stage.stored('slow')[key]).to.deep.equal(['first', 'second'])
    })

    it('wait for a partition no longer than delivery.timeout.ms, and then fail without an attempt', async () => {
      const producer = start({ 'delivery.timeout.ms': 300 })
      await warmUp(producer)
      const stalled = hold()
      stage.cluster.faults.on('Produce', { partition: 0 }, stalled)
      const calls = await inTurns(['slow', 'behind it'], (message) =>
        rejection(producer.deliver({ topic: 't', key: 0, message })),
      )
      const [slow, behind] = await Promise.all(calls)
      expect(slow).to.include({ code: 'KAFKA_DELIVERY_TIMEOUT', persistence: 'possibly-persisted' })
      expect(behind).to.include({ code: 'KAFKA_DELIVERY_TIMEOUT', persistence: 'not-persisted' })
      expect(behind!.attempts).to.deep.equal([])
      stalled.release()
      await eventually(() => stage.stored()[0]?.length === 2)
      expect(stage.stored()[0]).to.deep.equal(['warm', 'slow'])
    })

    it('end in their order with correct persistence when close() gives up', async () => {
      const producer = start()
      await warmUp(producer)
      const stalled = hold()
      stage.cluster.faults.on('Produce', { partition: 0 }, stalled)
      const over: string[] = []
      const deliveries = await inTurns(['slow', 'behind it', 'last'], (message) =>
        rejection(producer.deliver({ topic: 't', key: 0, message })).then(({ persistence }) =>
          over.push(`${message}: ${String(persistence)}`),
        ),
      )
      await eventually(() => stage.produceRequests === 3)
      await producer.close({ timeoutMs: 10 })
      await Promise.all(deliveries)
      stalled.release()
      expect(over).to.deep.equal([
        'slow: possibly-persisted',
        'behind it: not-persisted',
        'last: not-persisted',
      ])
    })

    it('continue with waiting messages of a partition whose retries are used up', async () => {
      const producer = start({ 'message.send.max.retries': 1 })
      await warmUp(producer)
      stage.cluster.faults.on('Produce', { partition: 0, times: 2 }, errorCode(NOT_LEADER))
      const over: string[] = []
      const [rejected, next] = await inTurns(['rejected', 'next'], (message) =>
        producer.deliver({ topic: 't', key: 0, message }).finally(() => over.push(message)),
      )
      await Promise.all([rejection(rejected!), next])
      expect(over).to.deep.equal(['rejected', 'next'])
      expect(stage.stored()[0]).to.deep.equal(['warm', 'next'])
    })
  })
}
