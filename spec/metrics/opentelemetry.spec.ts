import { type Meter, metrics } from '@opentelemetry/api'
import { AggregationTemporality, MeterProvider } from '@opentelemetry/sdk-metrics'
import { expect } from 'chai'
import { Producer } from '../../lib/index.js'
import { silentLogger } from '../../lib/logger.js'
import { observe } from '../../lib/metrics/opentelemetry.js'
import { version } from '../../lib/version.js'
import { ScriptedCluster } from '../support/scripted/scripted-cluster.js'
import { FakeProducer } from './support/fake-producer.js'
import { MemoryReader } from './support/memory-reader.js'

describe('observe (OpenTelemetry)', () => {
  let reader: MemoryReader
  let provider: MeterProvider
  let meter: Meter

  beforeEach(() => {
    // Sums since the collection before, because of older ones an SDK never lets go.
    reader = new MemoryReader({ aggregationTemporalitySelector: () => AggregationTemporality.DELTA })
    provider = new MeterProvider({ readers: [reader] })
    meter = provider.getMeter('spec')
  })

  afterEach(() => provider.shutdown())

  /** Name → its points, each as attributes and value. Names without points are left out. */
  async function collect(): Promise<Map<string, [attributes: Record<string, unknown>, value: unknown][]>> {
    const { resourceMetrics, errors } = await reader.collect()
    expect(errors).to.deep.equal([])
    const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    const named = all.map(({ descriptor, dataPoints }) => {
      const points = dataPoints.map(({ attributes, value }) => [attributes, value] as [object, unknown])
      return [descriptor.name, points] as [string, [Record<string, unknown>, unknown][]]
    })
    return new Map(named.filter(([, points]) => points.length > 0))
  }

  const c1 = { 'messaging.system': 'kafka', 'messaging.client.id': 'c1' }
  const topic = { ...c1, 'messaging.destination.name': 't' }
  const b1 = { ...c1, 'server.address': 'b1', 'server.port': 9092 }
  const b2 = { ...c1, 'server.address': '::1', 'server.port': 9093 }

  it('shows all counters and levels with the attributes of the semantic conventions', async () => {
    observe(new FakeProducer('c1', 7).work(), meter)
    const found = await collect()
    found.delete('kafka.producer.request.duration')
    found.delete('kafka.producer.request.size')
    expect(Object.fromEntries(found)).to.deep.equal({
      'kafka.producer.messages.submitted': [[topic, 3]],
      'kafka.producer.messages.bytes': [[topic, 0]],
      'kafka.producer.messages.dropped': [[topic, 1]],
      'kafka.producer.serialization_errors': [[c1, 1]],
      'kafka.producer.resends': [[c1, 1]],
      'kafka.producer.failed_sends': [[c1, 1]],
      'kafka.producer.messages.accepted': [[c1, 13]],
      'kafka.producer.messages.delivered': [[c1, 1]],
      'kafka.producer.messages.failed': [[c1, 1]],
      'kafka.producer.messages.unconfirmed': [[c1, 0]],
      'kafka.producer.messages.open': [[c1, 11]],
      'kafka.producer.messages.in_flight': [[c1, 4]],
      'kafka.producer.queue.size': [[c1, 7]],
      'kafka.producer.queue.capacity': [[c1, 10]],
      'kafka.producer.requests': [
        [b1, 1],
        [b2, 1],
      ],
      'kafka.producer.request.time': [
        [b1, 0.002],
        [b2, 0.004],
      ],
      'kafka.producer.request.bytes': [
        [b1, 1000],
        [b2, 2000],
      ],
      'kafka.producer.request.throttle_time': [
        [b1, 0],
        [b2, 0],
      ],
    })
  })

  it('reports percentiles by broker, with the quantile as attribute', async () => {
    observe(new FakeProducer('c1').work(), meter)
    const found = await collect()
    const quantiles = [0.5, 0.75, 0.95, 0.98, 0.99, 0.999]
    expect(found.get('kafka.producer.request.duration')).to.deep.equal([
      ...quantiles.map((quantile) => [{ ...b1, quantile }, 0.002]),
      ...quantiles.map((quantile) => [{ ...b2, quantile }, 0.004]),
    ])
    expect(found.get('kafka.producer.request.size')?.at(-1)).to.deep.equal([{ ...b2, quantile: 0.999 }, 2000])
  })

  it('reports latencies by outcome and failures by topic and code', async () => {
    const producer = new FakeProducer('c1')
    producer.counters.settledAfter('delivered', 4, 3, 0)
    producer.counters.failedWith('t', 'KAFKA_METADATA', 2)
    observe(producer, meter)
    const found = await collect()
    const delivered = { ...c1, outcome: 'delivered' }
    expect(found.get('kafka.producer.message.latency_time')).to.deep.equal([[delivered, 0.012]])
    expect(found.get('kafka.producer.message.latency')?.[0]).to.deep.equal([
      { ...delivered, quantile: 0.5 },
      0.004,
    ])
    const failed = { ...topic, 'error.type': 'KAFKA_METADATA' }
    expect(found.get('kafka.producer.messages.failures')).to.deep.equal([[failed, 2]])
  })

  it('gives units and descriptions', async () => {
    observe(new FakeProducer('c1').work(), meter)
    const { resourceMetrics } = await reader.collect()
    const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    const units = new Map(all.map(({ descriptor }) => [descriptor.name, descriptor.unit]))
    expect(units.get('kafka.producer.messages.submitted')).to.equal('{message}')
    expect(units.get('kafka.producer.request.duration')).to.equal('s')
    expect(units.get('kafka.producer.request.size')).to.equal('By')
    expect(all.filter(({ descriptor }) => descriptor.description === '')).to.deep.equal([])
  })

  it('reports current values at each collection, from one snapshot', async () => {
    const producer = new FakeProducer('c1').work()
    observe(producer, meter)
    await collect()
    producer.counters.sent('t')
    expect((await collect()).get('kafka.producer.messages.submitted')).to.deep.equal([[topic, 1]])
    expect(producer.snapshots).to.equal(2)
  })

  it('shows several producers, and adds up those with one client id', async () => {
    observe(new FakeProducer('c1').work(), meter)
    observe(new FakeProducer('c1').work(), meter)
    observe(new FakeProducer('').work(), meter)
    expect((await collect()).get('kafka.producer.resends')).to.deep.equal([
      [c1, 2],
      [{ 'messaging.system': 'kafka' }, 1],
    ])
  })

  it('stops observing a closed producer, and removes its callback after the last one', async () => {
    const first = new FakeProducer('c1').work()
    const second = new FakeProducer('c2').work()
    observe(first, meter)
    await collect()
    observe(second, meter)
    first.emit('close')
    expect((await collect()).get('kafka.producer.resends')).to.deep.equal([
      [{ ...c1, 'messaging.client.id': 'c2' }, 1],
    ])
    second.emit('close')
    expect((await collect()).size).to.equal(0)
    expect([first.snapshots, second.snapshots]).to.deep.equal([1, 1])
    expect(first.listenerCount('close') + second.listenerCount('close')).to.equal(0)
  })

  it('stops observing a producer on request, and observes it again', async () => {
    const producer = new FakeProducer('c1').work()
    const stop = observe(producer, meter)
    stop()
    stop()
    expect((await collect()).size).to.equal(0)
    observe(producer, meter)
    expect((await collect()).get('kafka.producer.resends')).to.deep.equal([[c1, 1]])
  })

  it('uses the global meter provider by default, with the package’s name and version', async () => {
    metrics.setGlobalMeterProvider(provider)
    try {
      const stop = observe(new FakeProducer('c1').work())
      const { resourceMetrics } = await reader.collect()
      stop()
      expect(resourceMetrics.scopeMetrics.map(({ scope }) => [scope.name, scope.version])).to.deep.equal([
        ['kafka-classic-producer', version],
      ])
    } finally {
      metrics.disable()
    }
  })

  it('does nothing without an SDK', () => {
    expect(() => observe(new FakeProducer('c1'))()).to.not.throw()
  })

  it('works with a real producer until it is closed, and shows nothing of keys and payloads', async () => {
    const script = { brokers: 1, topics: { t: { partitions: [{ id: 0, leader: 0 }] } } }
    const cluster = await ScriptedCluster.start(script)
    const producer = new Producer<string, string>(
      {
        'metadata.broker.list': cluster.address(0),
        'serializer.class': 'kafka.serializer.StringEncoder',
        'request.required.acks': 1,
      },
      { logger: silentLogger },
    )
    observe(producer, meter)
    await producer.send({ topic: 't', key: 'secret key', message: 'secret text' })
    const found = await collect()
    await producer.close()
    await cluster.close()
    expect(found.get('kafka.producer.messages.bytes')?.[0]?.[1]).to.equal(11)
    expect(JSON.stringify([...found])).to.not.contain('secret')
    expect((await collect()).size).to.equal(0)
  })
})
