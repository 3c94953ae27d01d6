/** One session per broker, shared by produce and metadata requests: docs/decisions/0006-one-session-per-broker.md. */
import { expect } from 'chai'
import type { Producer } from '../../lib/index.js'
import { hold, noAnswer, throttle } from '../../lib/testing/index.js'
import { eventually, Stage } from './support/stage.js'

const message = (topic = 't') => ({ topic, message: 'm' })

describe('A producer and its connections', () => {
  let stage: Stage
  /** What it reported of connections, brokers by id. */
  let events: string[]

  beforeEach(() => {
    stage = new Stage()
    events = []
  })
  afterEach(() => stage.close())

  function watched(properties: Readonly<Record<string, unknown>> = {}): Producer<unknown, unknown> {
    const ids = new Map(
      [...new Set(stage.cluster.bootstrap.split(','))].map((address, id) => [address, id] as const),
    )
    const producer = stage.producer(properties)
    producer.on('connect', ({ broker }) => events.push(`connect ${ids.get(broker)}`))
    producer.on('disconnect', ({ broker }) => events.push(`disconnect ${ids.get(broker)}`))
    return producer
  }

  /** `api broker/connection` of each request but those for versions. */
  function requests(): string[] {
    return stage.cluster.requests
      .filter(({ api }) => api !== 'ApiVersions')
      .map(({ api, broker, connection }) => `${api} ${broker}/${connection}`)
  }

  for (const type of ['sync', 'async'] as const) {
    it(`have one to the broker that leads and answers metadata, reported once, in ${type} mode`, async () => {
      await stage.start({ era: '2.8' })
      stage.cluster.createTopic('t')
      const producer = watched({ 'producer.type': type })
      await producer.deliver(message())
      await producer.deliver(message())
      await producer.close()
      expect(new Set(stage.cluster.requests.map(({ connection }) => connection)).size).to.equal(1)
      expect(events).to.deep.equal(['connect 0', 'disconnect 0'])
    })
  }

  it('have one to each broker, whichever of them answers metadata', async () => {
    await stage.start({ brokers: 3 })
    stage.cluster.createTopic('t', { partitions: 3 })
    const producer = watched({ 'topic.metadata.refresh.interval.ms': 0, 'broker.version': '0.8.2' })
    for (let i = 0; i < 20; i++) await producer.deliver(message())
    await producer.close()
    expect(events.filter((event) => event.startsWith('connect')).sort()).to.deep.equal(
      [...new Set(requests().map((request) => `connect ${request.split(/[ /]/)[1]}`))].sort(),
    )
    expect(new Set(requests().map((request) => request.split(' ')[1])).size, 'one each').to.equal(
      events.filter((event) => event.startsWith('connect')).length,
    )
  })

  it('keep the one for metadata when its broker does not lead any more', async () => {
    await stage.start({ brokers: 2, era: '2.8' })
    stage.cluster.createTopic('t')
    stage.cluster.moveLeader('t', 0, 0)
    const producer = watched({
      'metadata.broker.list': stage.cluster.bootstrap.split(',')[0],
      'topic.metadata.refresh.interval.ms': 0,
    })
    await producer.deliver(message())
    stage.cluster.moveLeader('t', 0, 1)
    for (let i = 0; i < 3; i++) await producer.deliver(message())
    expect(requests().at(-1)).to.match(/^Produce 1/)
    expect(events).to.deep.equal(['connect 0', 'connect 1'])
  })

  describe('whose only broker does not answer a produce request', () => {
    let producer: Producer<unknown, unknown>

    beforeEach(async () => {
      await stage.start({ era: '2.8' })
      stage.cluster.createTopic('t')
      stage.cluster.createTopic('other')
      producer = watched({ 'max.in.flight.requests.per.connection': 2 })
      await producer.deliver(message())
    })

    it('get metadata of another topic meanwhile, on a connection beside the busy one', async () => {
      const held = hold()
      stage.cluster.faults.on('Produce', { topic: 't' }, held)
      const waiting = producer.deliver(message())
      await eventually(() => stage.produceRequests === 2)
      const metadataBefore = requests().filter((request) => request.startsWith('Metadata')).length
      const other = producer.deliver(message('other'))
      await eventually(() => {
        const metadata = requests().filter((request) => request.startsWith('Metadata'))
        return metadata.length > metadataBefore
      })
      expect(new Set(requests().map((request) => request.split(' ')[1])).size).to.equal(2)
      held.release()
      await Promise.all([waiting, other])
    })

    it('get metadata while a quota holds back what is sent on the busy connection', async () => {
      stage.cluster.faults.on('Produce', { topic: 't' }, throttle(60_000))
      await producer.deliver(message())
      const metadataOf = (topic: string) =>
        stage.cluster.requests.filter(
          ({ api, topics }) => api === 'Metadata' && topics.some(({ name }) => name === topic),
        ).length
      producer.deliver(message('other')).catch(() => {})
      await eventually(() => metadataOf('other') === 1)
    })
  })

  it('get metadata from a broker that is free while another one accepts requests and never answers', async () => {
    await stage.start({ brokers: 2, era: '2.8' })
    for (const topic of ['t', 'other']) stage.cluster.createTopic(topic)
    stage.cluster.moveLeader('t', 0, 0)
    stage.cluster.moveLeader('other', 0, 1)
    const producer = watched({ 'max.in.flight.requests.per.connection': 2, 'request.timeout.ms': 60_000 })
    await producer.deliver(message())
    stage.cluster.faults.on('Produce', { broker: 0 }, noAnswer())
    stage.cluster.faults.on('Metadata', { broker: 0 }, noAnswer())
    producer.deliver(message()).catch(() => {})
    await eventually(() => stage.produceRequests === 2)
    await producer.deliver(message('other'))
  })
})
