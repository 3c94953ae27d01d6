/** One producer with default settings and brokers of every release: what is sent, and what is reported. */
import { expect } from 'chai'
import { Producer } from '../../lib/index.js'
import { releaseNames } from '../../lib/protocol/releases.js'
import { LogKeeper } from '../handler/support/log-keeper.js'
import { eventually, rejection } from './support/stage.js'
import { VersionedBroker, type VersionedBrokerOptions } from './support/versioned-broker.js'

const TIMESTAMP_MS = 1_700_000_000_123

describe('A producer and brokers of every release', () => {
  const brokers: VersionedBroker[] = []
  const producers: Producer<string, string>[] = []
  let log: LogKeeper

  beforeEach(() => {
    log = new LogKeeper()
  })

  afterEach(async () => {
    await Promise.all(producers.splice(0).map((producer) => producer.close({ timeoutMs: 0 })))
    await Promise.all(brokers.splice(0).map((broker) => broker.close()))
  })

  async function reaching(
    release: string,
    properties: Record<string, string> = {},
    options: VersionedBrokerOptions = {},
  ) {
    const broker = await VersionedBroker.start(release, options)
    brokers.push(broker)
    const producer = new Producer<string, string>(
      {
        'metadata.broker.list': broker.address,
        'serializer.class': 'kafka.serializer.StringEncoder',
        'request.required.acks': '1',
        'request.timeout.ms': '2000',
        'retry.backoff.ms': '1',
        ...properties,
      },
      { logger: log },
    )
    producers.push(producer)
    return { broker, producer }
  }

  const first = (version: string) => releaseNames.slice(releaseNames.indexOf(version))

  for (const release of releaseNames) {
    it(`deliver a message at ${release} in its newest format in one attempt`, async () => {
      const { broker, producer } = await reaching(release)
      const retries: unknown[] = []
      producer.on('retry', (event) => retries.push(event))
      const { offset } = await producer.deliver({ topic: 't', message: 'm', timestampMs: TIMESTAMP_MS })
      expect([offset, retries]).to.deep.equal([0n, []])
      const magic = first('0.11.0').includes(release) ? 2 : first('0.10.0').includes(release) ? 1 : 0
      const timestampMs = magic === 0 ? -1 : TIMESTAMP_MS
      expect(broker.stored).to.deep.equal([{ value: 'm', magic, headers: [], timestampMs }])
    })

    it(`asks nothing of ${release} where that is set as broker.version`, async () => {
      const { broker, producer } = await reaching(release, { 'broker.version': release })
      await producer.deliver({ topic: 't', message: 'm' })
      expect(broker.asked.filter((question) => question.startsWith('ApiVersions'))).to.deep.equal([])
      expect(broker.stored).to.have.length(1)
    })
  }

  it('stays with the version set although the broker is newer', async () => {
    const { broker, producer } = await reaching('3.9', { 'broker.version': '0.8.2' })
    await producer.deliver({ topic: 't', message: 'm' })
    expect(broker.asked).to.deep.equal(['Metadata v0', 'Produce v0'])
  })

  it('stamps a message with the time of send where it has none', async () => {
    const { broker, producer } = await reaching('2.8')
    const before = Date.now()
    await producer.deliver({ topic: 't', message: 'm' })
    expect(broker.stored[0]!.timestampMs).to.be.within(before, Date.now())
  })

  describe('with headers', () => {
    const message = { topic: 't', message: 'm', headers: { a: '1', b: null } }

    it('stores them from 0.11 on', async () => {
      const { broker, producer } = await reaching('0.11.0')
      await producer.deliver(message)
      expect(broker.stored[0]!.headers).to.deep.equal(['a=1', 'b=null'])
    })

    it('fails at once before that, names what can be done, and stores nothing', async () => {
      const { broker, producer } = await reaching('0.10.2')
      const error = await rejection(producer.deliver(message))
      expect(error).to.include({ code: 'KAFKA_UNSUPPORTED_VERSION', persistence: 'not-persisted' })
      expect(error.message).to.include('headers.on.old.brokers=drop')
      expect(broker.stored).to.deep.equal([])
    })

    it('stores their message without them where that is set', async () => {
      const { broker, producer } = await reaching('0.8.2', { 'headers.on.old.brokers': 'drop' })
      await producer.deliver(message)
      expect(broker.stored).to.deep.equal([{ value: 'm', magic: 0, headers: [], timestampMs: -1 }])
      expect(log.at('warn').join()).to.include('headers')
    })
  })

  it('reports the timestamp that the broker gave to a message', async () => {
    const { producer } = await reaching('2.8', {}, { logAppendTimeMs: TIMESTAMP_MS })
    expect(await producer.deliver({ topic: 't', message: 'm' })).to.include({ timestampMs: TIMESTAMP_MS })
    const old = await reaching('2.8')
    expect(await old.producer.deliver({ topic: 't', message: 'm' })).not.to.have.property('timestampMs')
  })

  it('reports that a broker throttles', async () => {
    const { broker, producer } = await reaching('2.8', {}, { throttleTimeMs: 30 })
    const events: unknown[] = []
    producer.on('throttle', (event) => events.push(event))
    await producer.deliver({ topic: 't', message: 'm' })
    expect(events).to.deep.equal([{ broker: broker.address, throttleTimeMs: 30 }])
  })

  describe('with topic ids', () => {
    it('uses topic ids with 4.1 from the second metadata answer on', async () => {
      const { broker, producer } = await reaching('4.1')
      let refreshes = 0
      producer.on('refresh', () => refreshes++)
      await producer.deliver({ topic: 't', message: 'first' })
      await eventually(() => refreshes === 2, 'asking once more')
      await producer.deliver({ topic: 't', message: 'second' })
      expect(broker.asked.at(-1)).to.equal('Produce v13')
      expect(broker.stored.map(({ value }) => value)).to.deep.equal(['first', 'second'])
    })

    it('does without them where a proxy caps Metadata below v10', async () => {
      const { broker, producer } = await reaching('4.1', {}, { lastMetadata: 9 })
      for (const message of ['first', 'second']) await producer.deliver({ topic: 't', message })
      expect(broker.asked.filter((asked) => asked.startsWith('Produce'))).to.deep.equal([
        'Produce v12',
        'Produce v12',
      ])
    })
  })

  describe('when a broker comes back as another release', () => {
    const ways: [from: string, to: string, releases: string[]][] = [
      ['0.8.2', '0.9.0', ['0.8', '0.9']],
      ['0.9.0', '2.8', ['0.9', '2.8']],
      ['2.8', '4.1', ['2.8', '4.1']],
      ['4.1', '2.8', ['4.1', '2.8']],
      ['2.8', '0.8.2', ['2.8', '0.8']],
    ]
    for (const [from, to, releases] of ways) {
      it(`continues from ${from} to ${to} without loss, in order, and emits version`, async () => {
        const { broker, producer } = await reaching(from, { 'message.send.max.retries': '10' })
        const seen: string[] = []
        producer.on('version', ({ release }) => seen.push(release))
        await producer.deliver({ topic: 't', message: '0' })
        broker.comeBackAs(to)
        const deliveries = ['1', '2', '3'].map((message) => producer.deliver({ topic: 't', message }))
        await Promise.all(deliveries)
        await producer.deliver({ topic: 't', message: '4' })
        expect(broker.stored.map(({ value }) => value)).to.deep.equal(['0', '1', '2', '3', '4'])
        expect(seen).to.deep.equal(releases)
      })
    }
  })
})
