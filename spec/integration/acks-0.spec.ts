import { expect } from 'chai'
import type { Producer, UnconfirmedEvent } from '../../lib/index.js'
import { close, delayMs, type EraName, noAnswer } from '../../lib/testing/index.js'
import { eventually, rejection, Stage } from './support/stage.js'

const eras: readonly EraName[] = ['0.8', '0.11', '2.8', '4.3']

/** Whole numbers are their own partition. */
class KeyIsPartition {
  partition(key: unknown): number {
    return Number(key)
  }
}

const classes = { KeyIsPartition }

function unconfirmed(producer: Producer<unknown, unknown>): number {
  return producer.metrics().MessagesUnconfirmed[0]!.count
}

/** With acks 0 a broker that refuses a request can only close the connection. */
describe('A producer with acks 0', () => {
  const stage = new Stage({
    'request.required.acks': 0,
    'partitioner.class': 'KeyIsPartition',
    'key.serializer.class': 'kafka.serializer.StringEncoder',
    'topic.metadata.refresh.interval.ms': -1,
    'retry.backoff.ms': 20,
    'queue.buffering.max.ms': 1,
  })

  afterEach(() => stage.close())

  /** Values of this topic that a producer called delivered and that are not there. */
  function lost(sent: readonly string[]): string[] {
    const stored = new Set(stage.values())
    return sent.filter((value) => !stored.has(value))
  }

  for (const era of eras) {
    for (const type of ['sync', 'async'] as const) {
      it(`loses one request of a partition whose leader has moved, ${era} ${type}`, async () => {
        const cluster = await stage.start({ brokers: 2, era })
        cluster.createTopic('t', { partitions: 2, leaders: [0, 0] })
        const producer = stage.producer({ 'producer.type': type }, classes)
        const sent: string[] = []
        const send = async (key: number): Promise<void> => {
          const message = `${key}:${sent.push('')}`
          sent[sent.length - 1] = message
          await producer.deliver({ topic: 't', key: String(key), message })
        }
        for (let i = 0; i < 5; i++) await send(i % 2)
        await producer.flush()
        cluster.moveLeader('t', 0, 1)
        await send(0)
        await eventually(() => unconfirmed(producer) > 0)
        for (let i = 0; i < 20; i++) await send(i % 2)
        await producer.flush().catch(() => {})
        expect(lost(sent)).to.deep.equal(['0:6'])
        expect(unconfirmed(producer)).to.equal(1)
      })

      it(`loses one request when its topic is deleted and created again, ${era} ${type}`, async () => {
        const cluster = await stage.start({ brokers: 1, era, autoCreateTopics: false })
        cluster.createTopic('t')
        const producer = stage.producer({ 'producer.type': type }, classes)
        const send = (message: string) => producer.deliver({ topic: 't', key: '0', message })
        await send('before')
        await producer.flush()
        await producer.deliver({ topic: 't', key: '0', message: 'warm' })
        await producer.flush()
        cluster.deleteTopic('t')
        await send('a')
        await eventually(() => unconfirmed(producer) > 0)
        cluster.createTopic('t')
        for (const message of ['b', 'c', 'd']) await send(message)
        await producer.flush().catch(() => {})
        expect(stage.values()).to.deep.equal(['b', 'c', 'd'])
      })
    }
  }

  it('sends the first request after a connection ended unconfirmed with acks 1, and the next with acks 0 again', async () => {
    const cluster = await stage.start({ brokers: 1 })
    cluster.createTopic('t')
    const producer = stage.producer({}, classes)
    const send = () => producer.deliver({ topic: 't', key: '0', message: 'm' })
    await send()
    await producer.flush()
    cluster.faults.on('Produce', {}, close('afterStoring'))
    await send()
    await eventually(() => unconfirmed(producer) > 0)
    const offsets = [await send(), await send()].map(({ offset }) => offset)
    await producer.flush().catch(() => {})
    const acks = cluster.requests.filter(({ api }) => api === 'Produce').map((request) => request.acks)
    expect(acks).to.deep.equal([0, 0, 1, 0])
    expect(offsets).to.deep.equal([-1n, -1n])
  })

  it('retries a message that a leader refuses after an unconfirmed end, as with acks 1', async () => {
    const cluster = await stage.start({ brokers: 2 })
    cluster.createTopic('t', { leaders: [0] })
    const producer = stage.producer({ 'message.send.max.retries': 50 }, classes)
    const send = (message: string) => producer.deliver({ topic: 't', key: '0', message })
    await send('a')
    await producer.flush()
    cluster.moveLeader('t', 0, null)
    await send('lost')
    await eventually(() => unconfirmed(producer) > 0)
    const open = send('b')
    await eventually(() => cluster.requests.filter(({ api }) => api === 'Metadata').length > 3)
    cluster.moveLeader('t', 0, 1)
    await open
    expect(stage.values()).to.deep.equal(['a', 'b'])
  })

  it('emits unconfirmed with counts and topics when a connection ends unconfirmed', async () => {
    const cluster = await stage.start({ brokers: 1 })
    cluster.createTopic('t', { partitions: 2 })
    const producer = stage.producer({}, classes)
    const events: UnconfirmedEvent[] = []
    producer.on('unconfirmed', (event) => events.push(event))
    await producer.send([0, 1].map((key) => ({ topic: 't', key: String(key), message: 'm' })))
    cluster.faults.on('Produce', {}, close('beforeStoring'))
    await producer.send({ topic: 't', key: '0', message: 'm' })
    await eventually(() => events.length > 0)
    expect(events).to.have.length(1)
    expect(events[0]).to.deep.include({
      broker: cluster.bootstrap,
      requests: 2,
      messages: 3,
      topics: ['t'],
    })
    expect(events[0]!.reason).to.include({ code: 'KAFKA_CONNECTION' })
  })

  it('rejects a flush once for a connection that ended before the flush, with the number of messages', async () => {
    const cluster = await stage.start({ brokers: 1 })
    cluster.createTopic('t')
    for (const type of ['sync', 'async'] as const) {
      const producer = stage.producer({ 'producer.type': type }, classes)
      cluster.faults.on('Produce', { times: 3 }, delayMs(5))
      for (let i = 0; i < 3; i++) await producer.deliver({ topic: 't', key: '0', message: 'm' })
      await cluster.stopBroker(0)
      await cluster.startBroker(0)
      expect(await rejection(producer.flush())).to.include({ code: 'KAFKA_UNCONFIRMED', messages: 3 })
      await producer.flush()
    }
  })

  it('logs one warning with counts when close() gives up on a broker without confirmation', async () => {
    const cluster = await stage.start({ brokers: 1 })
    cluster.createTopic('t')
    const producer = stage.producer({ 'request.timeout.ms': 60_000 }, classes)
    for (let i = 0; i < 2; i++) await producer.send({ topic: 't', key: '0', message: 'm' })
    cluster.faults.on('Metadata', { times: 9 }, noAnswer())
    const before = stage.log.at('warn').length
    await producer.close({ timeoutMs: 30 })
    expect(stage.log.at('warn').slice(before)).to.have.length(1)
    expect(unconfirmed(producer)).to.equal(2)
  })

  it('uses the metadata that comes with a new connection, with acks 1 too, and sends to the new leader', async () => {
    const cluster = await stage.start({ brokers: 2, era: '2.8' })
    cluster.createTopic('t', { leaders: [0] })
    const producer = stage.producer({ 'request.required.acks': 1 }, classes)
    const send = () => producer.deliver({ topic: 't', key: '0', message: 'm' })
    await send()
    await cluster.stopBroker(0)
    await cluster.startBroker(0)
    cluster.moveLeader('t', 0, 1)
    cluster.clearRequests()
    await send()
    const brokers = cluster.requests.filter(({ api }) => api === 'Produce').map(({ broker }) => broker)
    expect(brokers).to.deep.equal([1])
  })
})

describe('An application that awaits each send() in a loop', () => {
  const stage = new Stage({ 'queue.buffering.max.ms': 1 })

  afterEach(() => stage.close())

  /** Calls stay below what the buffers of the kernel take, for a full one would let the event loop turn, too. */
  const modes: [title: string, calls: number, properties: Record<string, unknown>][] = [
    ['sync, acks 0', 5000, { 'request.required.acks': 0 }],
    [
      'sync, acks 0, 5 in flight',
      5000,
      { 'request.required.acks': 0, 'max.in.flight.requests.per.connection': 5 },
    ],
    [
      'async, acks 0, one message a batch',
      5000,
      {
        'producer.type': 'async',
        'request.required.acks': 0,
        'batch.num.messages': 1,
        'queue.buffering.max.messages': 1,
      },
    ],
    ['async, acks 0', 40_000, { 'producer.type': 'async', 'request.required.acks': 0 }],
    [
      'async, acks 1, a large queue',
      100_000,
      { 'producer.type': 'async', 'queue.buffering.max.messages': 1e6 },
    ],
    [
      'async, a full queue that refuses at once',
      40_000,
      {
        'producer.type': 'async',
        'batch.num.messages': 1,
        'queue.buffering.max.messages': 1,
        'queue.enqueue.timeout.ms': 0,
      },
    ],
  ]
  for (const [title, maxCalls, properties] of modes) {
    it(`does not block timers: ${title}`, async () => {
      await stage.start({ brokers: 1 })
      stage.cluster.createTopic('t')
      const producer = stage.producer(properties)
      await producer.deliver({ topic: 't', message: 'm' })
      let hasFired = false
      const timer = setTimeout(() => {
        hasFired = true
      }, 1)
      for (let i = 0; !hasFired && i < maxCalls; i++) {
        await producer.send({ topic: 't', message: 'm' }).catch(() => {})
      }
      clearTimeout(timer)
      expect(hasFired).to.equal(true)
    })
  }
})
