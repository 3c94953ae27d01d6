/**
 * The end of a producer, in every state it can be in: nothing accepted is lost without a word, nothing waits for ever,
 * nothing is left open (the root hooks see to that). See docs/reference/faults.md#closing; golden g10, g12, g20.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { expect } from 'chai'
import { ConfigError, DeliveryTimeoutError, type Producer, ProducerClosedError } from '../../lib/index.js'
import { close, errorCode, holdUntil, noAnswer } from '../../lib/testing/index.js'
import { eventually, gate, modes, rejection, Stage } from './support/stage.js'

const NOT_LEADER = 6

/** Accepts connections and never says a word. */
async function silentServer(): Promise<{ server: Server; port: number; end(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const end = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  return { server, port: (server.address() as { port: number }).port, end }
}

async function took(promise: Promise<unknown>): Promise<number> {
  const start = performance.now()
  await promise
  return performance.now() - start
}

for (const { type, version } of modes) {
  describe(`close, ${type} mode, broker.version=${version}`, () => {
    let stage: Stage
    beforeEach(async () => {
      stage = new Stage({ 'broker.version': version })
      await stage.start({ brokers: 2 })
      stage.cluster.createTopic('t', { partitions: 2 })
    })
    afterEach(() => stage.close())

    function make(properties: Record<string, unknown> = {}): Producer<unknown, unknown> {
      return stage.producer({ 'producer.type': type, ...properties })
    }

    it('resolves at once for an unused producer', async () => {
      expect(await took(make().close())).to.be.lessThan(100)
    })

    it('closes the connections of an idle producer', async () => {
      const producer = make()
      await producer.deliver({ topic: 't', message: 'a' })
      expect(await took(producer.close())).to.be.lessThan(100)
      await eventually(() => stage.cluster.broker(0).connections + stage.cluster.broker(1).connections === 0)
    })

    it('returns the same promise when called again', async () => {
      const producer = make()
      const first = producer.close()
      expect(producer.close()).to.equal(first)
      expect(producer.close({ timeoutMs: 1 })).to.equal(first)
      await first
      expect(producer.close()).to.equal(first)
    })

    it('delivers accepted messages, and refuses later ones', async () => {
      const producer = make({ 'queue.buffering.max.ms': 60_000 })
      const deliveries = ['a', 'b', 'c'].map((message) => producer.deliver({ topic: 't', message }))
      const closing = producer.close()
      expect(await rejection(producer.send({ topic: 't', message: 'late' }))).to.be.instanceOf(
        ProducerClosedError,
      )
      await Promise.all([closing, ...deliveries])
      expect(stage.values()).to.deep.equal(['a', 'b', 'c'])
    })

    /** Gives a close that would not wait the time to end: another producer connects and delivers meanwhile. */
    const deliverBeside = (): Promise<unknown> => stage.producer().deliver({ topic: 't', message: 'beside' })

    it('waits for a request in flight', async () => {
      const producer = make()
      await producer.deliver({ topic: 't', message: 'a' })
      const { opened, open } = gate()
      stage.cluster.faults.on('Produce', {}, holdUntil(opened))
      const delivery = producer.deliver({ topic: 't', message: 'b' })
      await eventually(() => stage.produceRequests === 2)
      let isOver = false
      const closing = producer.close().then(() => {
        isOver = true
      })
      await deliverBeside()
      expect(isOver).to.equal(false)
      open()
      await Promise.all([closing, delivery])
    })

    it('waits for the retries', async () => {
      const producer = make({ 'retry.backoff.ms': 20 })
      stage.cluster.faults.on('Produce', { times: 3 }, errorCode(NOT_LEADER))
      const delivery = producer.deliver({ topic: 't', message: 'a' })
      await eventually(() => stage.produceRequests === 1)
      await producer.close()
      expect(await delivery).to.include({ offset: 0n })
    })

    it('resolves during an outage when the retries are used up', async () => {
      const producer = make({ 'message.send.max.retries': 2 })
      await Promise.all([stage.cluster.stopBroker(0), stage.cluster.stopBroker(1)])
      const failure = rejection(producer.deliver({ topic: 't', message: 'a' }))
      await producer.close()
      expect(await failure).to.include({ persistence: 'not-persisted' })
    })

    describe('with a time limit', () => {
      it('resolves before its time limit where nothing is in flight', async () => {
        const producer = make()
        await producer.deliver({ topic: 't', message: 'a' })
        expect(await took(producer.close({ timeoutMs: 60_000 }))).to.be.lessThan(500)
      })

      it('fails messages of a broker that never answers as possibly-persisted', async () => {
        const producer = make({ 'request.timeout.ms': 60_000 })
        stage.cluster.faults.on('Produce', { times: 9 }, noAnswer())
        const failure = rejection(producer.deliver({ topic: 't', message: 'a' }))
        await eventually(() => stage.produceRequests === 1)
        expect(await took(producer.close({ timeoutMs: 30 }))).to.be.within(25, 1000)
        const error = await failure
        expect(error).to.include({ code: 'KAFKA_DELIVERY_TIMEOUT', persistence: 'possibly-persisted' })
        expect(error.cause).to.be.instanceOf(DeliveryTimeoutError)
        expect(error.message).to.contain('close gave up after 30 ms')
      })

      it('ends a back-off', async () => {
        const producer = make({ 'retry.backoff.ms': 60_000 })
        stage.cluster.faults.on('Produce', { times: 9 }, errorCode(NOT_LEADER))
        const failure = rejection(producer.deliver({ topic: 't', message: 'a' }))
        await eventually(() => stage.produceRequests === 1)
        expect(await took(producer.close({ timeoutMs: 30 }))).to.be.lessThan(1000)
        expect(await failure).to.include({ code: 'KAFKA_DELIVERY_TIMEOUT', persistence: 'not-persisted' })
      })

      it('ends a bootstrap without an answer', async () => {
        const { port, end } = await silentServer()
        const producer = make({ 'metadata.broker.list': `127.0.0.1:${port}`, 'request.timeout.ms': 60_000 })
        const failure = rejection(producer.deliver({ topic: 't', message: 'a' }))
        expect(await took(producer.close({ timeoutMs: 30 }))).to.be.lessThan(1000)
        expect(await failure).to.include({ code: 'KAFKA_DELIVERY_TIMEOUT', persistence: 'not-persisted' })
        await end()
      })

      it('ends an outage, and fails the queued messages', async () => {
        const producer = make({ 'message.send.max.retries': 1_000_000, 'retry.backoff.ms': 5 })
        let retries = 0
        producer.on('retry', () => retries++)
        await Promise.all([stage.cluster.stopBroker(0), stage.cluster.stopBroker(1)])
        const failures = ['a', 'b', 'c'].map((message) =>
          rejection(producer.deliver({ topic: 't', message })),
        )
        await eventually(() => retries > 0)
        expect(await took(producer.close({ timeoutMs: 30 }))).to.be.lessThan(1000)
        for (const failure of failures) expect(await failure).to.include({ code: 'KAFKA_DELIVERY_TIMEOUT' })
      })

      it('fails all open messages at once with a limit of 0, each with its own outcome', async () => {
        const producer = make({ 'request.timeout.ms': 60_000, 'queue.buffering.max.ms': 60_000 })
        await stage.producer().deliver({ topic: 't', message: 'warm-up' })
        stage.cluster.faults.on('Produce', { times: 99 }, noAnswer())
        const failures = ['a', 'b', 'c'].map((message) =>
          rejection(producer.deliver({ topic: 't', message })),
        )
        expect(await took(producer.close({ timeoutMs: 0 }))).to.be.lessThan(1000)
        for (const failure of failures) expect(await failure).to.include({ code: 'KAFKA_DELIVERY_TIMEOUT' })
      })

      it('uses close.timeout.ms by default', async () => {
        const producer = make({ 'request.timeout.ms': 60_000, 'close.timeout.ms': 30 })
        stage.cluster.faults.on('Produce', { times: 9 }, noAnswer())
        const failure = rejection(producer.deliver({ topic: 't', message: 'a' }))
        await eventually(() => stage.produceRequests === 1)
        await producer.close()
        expect(await failure).to.include({ code: 'KAFKA_DELIVERY_TIMEOUT' })
      })

      for (const timeoutMs of [Number.POSITIVE_INFINITY, 2 ** 31, 1e300]) {
        it(`ignores a limit longer than any timer: ${timeoutMs}`, async () => {
          const producer = make()
          await producer.deliver({ topic: 't', message: 'a' })
          const { opened, open } = gate()
          stage.cluster.faults.on('Produce', {}, holdUntil(opened))
          const delivery = producer.deliver({ topic: 't', message: 'b' })
          await eventually(() => stage.produceRequests === 2)
          const closing = producer.close({ timeoutMs })
          await deliverBeside()
          open()
          await Promise.all([closing, delivery])
        })
      }

      for (const timeoutMs of [Number.NaN, -1, '100', {}]) {
        it(`rejects an invalid limit with a ConfigError, and stays open: ${timeoutMs}`, async () => {
          const producer = make()
          const error = await rejection(producer.close({ timeoutMs: timeoutMs as number }))
          expect(error).to.be.instanceOf(ConfigError)
          expect(error.message).to.contain('timeoutMs')
          await producer.deliver({ topic: 't', message: 'a' })
          await producer.close()
        })
      }
    })

    describe('while connecting', () => {
      it('delivers the message', async () => {
        const producer = make()
        const delivery = producer.deliver({ topic: 't', message: 'a' })
        await producer.close()
        expect(await delivery).to.include({ offset: 0n })
      })
    })

    it('logs its start, its steps and its end at INFO', async () => {
      await make().close()
      const lines = stage.log.at('info')
      const expected = [
        /closing/,
        ...(type === 'async' ? [/0 messages/, /queue is empty/] : []),
        /all connections/,
        /closed\b.* \d+ ms/,
      ]
      const from = lines.findIndex((line) => expected[0]!.test(line))
      expect(lines.slice(from)).to.have.length(expected.length)
      for (const [i, words] of expected.entries()) expect(lines[from + i]).to.match(words)
    })

    it('does not log a failed metadata refresh that runs beside the traffic', async () => {
      const producer = make({ 'topic.metadata.refresh.interval.ms': 1 })
      await producer.deliver({ topic: 't', message: 'a' })
      await new Promise((resolve) => setTimeout(resolve, 5))
      const { opened, open } = gate()
      stage.cluster.faults.on('Metadata', {}, holdUntil(opened))
      await producer.deliver({ topic: 't', message: 'b' })
      await producer.close()
      open()
      expect(stage.log.at('error')).to.deep.equal([])
    })
  })
}

describe('close, async mode, with a full queue', () => {
  let stage: Stage
  beforeEach(async () => {
    stage = new Stage()
    await stage.start()
    stage.cluster.createTopic('t')
  })
  afterEach(() => stage.close())

  async function fill(properties: Record<string, unknown> = {}) {
    const { opened, open } = gate()
    stage.cluster.faults.on('Produce', {}, holdUntil(opened))
    const producer = stage.producer({
      'producer.type': 'async',
      'batch.num.messages': 1,
      'queue.buffering.max.messages': 1,
      ...properties,
    })
    await producer.send({ topic: 't', message: 'in flight' })
    await producer.send({ topic: 't', message: 'queued' })
    return { producer, open }
  }

  // Golden g12.
  it('accepts blocked messages and delivers them', async () => {
    const { producer, open } = await fill()
    const blocked = [
      producer.send([
        { topic: 't', message: 'b1' },
        { topic: 't', message: 'b2' },
      ]),
      producer.deliver({ topic: 't', message: 'b3' }),
    ]
    const closing = producer.close()
    open()
    await Promise.all([closing, ...blocked])
    expect(stage.values()).to.deep.equal(['in flight', 'queued', 'b1', 'b2', 'b3'])
  })

  it('fails blocked messages at its time limit, too', async () => {
    const { producer, open } = await fill({ 'request.timeout.ms': 60_000 })
    const blocked = rejection(producer.deliver({ topic: 't', message: 'blocked' }))
    await producer.close({ timeoutMs: 20 })
    expect(await blocked).to.include({ code: 'KAFKA_DELIVERY_TIMEOUT', persistence: 'not-persisted' })
    open()
  })

  it('does not prolong the time-out of a blocked send', async () => {
    const { producer, open } = await fill({ 'queue.enqueue.timeout.ms': 20 })
    const blocked = rejection(producer.send({ topic: 't', message: 'blocked' }))
    const closing = producer.close()
    expect(await blocked).to.include({ code: 'KAFKA_QUEUE_FULL' })
    open()
    await closing
    expect(stage.values()).to.deep.equal(['in flight', 'queued'])
  })
})

for (const { type, version } of modes) {
  describe(`flush, ${type} mode, broker.version=${version}`, () => {
    let stage: Stage
    beforeEach(async () => {
      stage = new Stage({ 'broker.version': version })
      await stage.start()
      stage.cluster.createTopic('t')
    })
    afterEach(() => stage.close())

    it('resolves at once where nothing was sent', async () => {
      await stage.producer({ 'producer.type': type }).flush()
      expect(stage.cluster.requests).to.deep.equal([])
    })

    it('does not wait for the linger', async () => {
      const producer = stage.producer({ 'producer.type': type, 'queue.buffering.max.ms': 60_000 })
      void producer.send({ topic: 't', message: 'a' })
      await producer.flush()
      expect(stage.values()).to.deep.equal(['a'])
    })

    it('resolves when every message has its outcome, and does not reject for failures', async () => {
      const producer = stage.producer({ 'producer.type': type, 'message.send.max.retries': 1 })
      stage.cluster.faults.on('Produce', { times: 2 }, errorCode(NOT_LEADER))
      const failure = rejection(producer.deliver({ topic: 't', message: 'a' }))
      await producer.flush()
      expect(await failure).to.include({ code: 'KAFKA_BROKER_NOT_LEADER_OR_FOLLOWER' })
    })

    it('resolves although other calls never stop sending', async () => {
      const producer = stage.producer({ 'producer.type': type, 'batch.num.messages': 5 })
      let isOver = false
      const senders = Array.from({ length: 4 }, async () => {
        while (!isOver) await producer.deliver({ topic: 't', message: 'again' })
      })
      await eventually(() => stage.values().length > 20)
      await producer.flush()
      isOver = true
      await Promise.all(senders)
    })

    it('can be called during close and after it', async () => {
      const producer = stage.producer({ 'producer.type': type })
      void producer.send({ topic: 't', message: 'a' })
      const closing = producer.close()
      await Promise.all([producer.flush(), closing])
      await producer.flush()
      expect(stage.values()).to.deep.equal(['a'])
    })
  })
}

// docs/decisions/0000-classic-producer.md#d9
describe('acks 0', () => {
  let stage: Stage
  beforeEach(async () => {
    stage = new Stage()
    await stage.start({ brokers: 2 })
    stage.cluster.createTopic('t', { partitions: 2 })
  })
  afterEach(() => stage.close())

  const acks0 = {
    'request.required.acks': 0,
    'partitioner.class': 'ByKey',
    'key.serializer.class': 'kafka.serializer.IntegerEncoder',
  }
  const classes = { ByKey: { partition: (key: unknown) => Number(key) } }

  for (const type of ['sync', 'async'] as const) {
    for (const how of ['flush', 'close'] as const) {
      it(`makes ${how} in ${type} mode resolve when the brokers have read all accepted messages`, async () => {
        const producer = stage.producer({ ...acks0, 'producer.type': type }, classes)
        for (let i = 0; i < 100; i++) await producer.send({ topic: 't', key: i % 2, message: `${i}` })
        await producer[how]()
        expect(stage.values()).to.have.length(100)
      })
    }
  }

  it('makes flush confirm each broker once on its produce connection, and not again when nothing was sent since', async () => {
    const producer = stage.producer(acks0, classes)
    await producer.send([0, 1].map((key) => ({ topic: 't', key, message: 'a' })))
    await producer.flush()
    const asked = stage.cluster.requests.length
    for (const broker of [0, 1]) {
      const [produced, confirmed] = stage.cluster.requests.filter((one) => one.broker === broker).slice(-2)
      expect([produced!.api, confirmed!.api]).to.deep.equal(['Produce', 'Metadata'])
      expect(confirmed!.connection).to.equal(produced!.connection)
    }
    await producer.flush()
    expect(stage.cluster.requests).to.have.length(asked)
  })

  it('allows concurrent and repeated flushes', async () => {
    const producer = stage.producer(acks0, classes)
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) await producer.send({ topic: 't', key: 0, message: `${round}.${i}` })
      await Promise.all([producer.flush(), producer.flush(), producer.flush()])
      expect(stage.values()).to.have.length(5 * (round + 1))
    }
  })

  it('makes flush reject when a broker does not confirm', async () => {
    const producer = stage.producer({ ...acks0, 'request.timeout.ms': 200 }, classes)
    await producer.send({ topic: 't', key: 0, message: 'a' })
    stage.cluster.faults.on('Metadata', { broker: 0 }, close('beforeStoring'))
    expect(await rejection(producer.flush())).to.include({
      code: 'KAFKA_UNCONFIRMED',
      requests: 1,
      messages: 1,
    })
    await producer.flush()
  })

  it('makes close warn and resolve when a broker does not confirm', async () => {
    const producer = stage.producer(acks0, classes)
    await producer.send({ topic: 't', key: 0, message: 'a' })
    stage.cluster.faults.on('Metadata', { broker: 0 }, close('beforeStoring'))
    await producer.close()
    expect(stage.log.at('warn').filter((line) => line.includes('may be lost'))).to.have.length(1)
  })

  it('makes close with a time limit ignore a broker that has stopped reading', async () => {
    const producer = stage.producer({ ...acks0, 'request.timeout.ms': 60_000 }, classes)
    await producer.send({ topic: 't', key: 0, message: 'a' })
    stage.cluster.faults.on('Metadata', { times: 9 }, noAnswer())
    expect(await took(producer.close({ timeoutMs: 30 }))).to.be.lessThan(1000)
  })
})
