import { expect } from 'chai'
import { Counter, type OpenMetricsContentType, Registry } from 'prom-client'
import { Producer } from '../../lib/index.js'
import { silentLogger } from '../../lib/logger.js'
import { collectFrom } from '../../lib/metrics/prometheus.js'
import { version } from '../../lib/version.js'
import { ScriptedCluster } from '../support/scripted/scripted-cluster.js'
import { FakeProducer } from './support/fake-producer.js'

describe('collectFrom (Prometheus)', () => {
  let registry: Registry

  beforeEach(() => {
    registry = new Registry()
  })

  /** Lines of the exposition without comments. */
  async function samples(): Promise<string[]> {
    const text = await registry.metrics()
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  }

  const samplesOf = async (name: string): Promise<string[]> =>
    (await samples()).filter((line) => line.startsWith(name))

  it('shows all metrics of a producer under Prometheus names', async () => {
    collectFrom(new FakeProducer('c1', 7).work(), registry)
    const isOfAnother = (line: string): boolean => line.includes('quantile=') || line.includes('latency')
    const found = (await samples()).filter((line) => !isOfAnother(line))
    expect(found).to.deep.equal([
      'kafka_producer_messages_total{client_id="c1",topic="t"} 3',
      'kafka_producer_message_bytes_total{client_id="c1",topic="t"} 0',
      'kafka_producer_dropped_messages_total{client_id="c1",topic="t"} 1',
      'kafka_producer_serialization_errors_total{client_id="c1"} 1',
      'kafka_producer_resends_total{client_id="c1"} 1',
      'kafka_producer_failed_sends_total{client_id="c1"} 1',
      'kafka_producer_accepted_messages_total{client_id="c1"} 13',
      'kafka_producer_delivered_messages_total{client_id="c1"} 1',
      'kafka_producer_failed_messages_total{client_id="c1"} 1',
      'kafka_producer_unconfirmed_messages_total{client_id="c1"} 0',
      'kafka_producer_open_messages{client_id="c1"} 11',
      'kafka_producer_in_flight_messages{client_id="c1"} 4',
      'kafka_producer_queue_size{client_id="c1"} 7',
      'kafka_producer_queue_capacity{client_id="c1"} 10',
      'kafka_producer_request_duration_seconds_sum{client_id="c1",broker="b1:9092"} 0.002',
      'kafka_producer_request_duration_seconds_count{client_id="c1",broker="b1:9092"} 1',
      'kafka_producer_request_duration_seconds_sum{client_id="c1",broker="[::1]:9093"} 0.004',
      'kafka_producer_request_duration_seconds_count{client_id="c1",broker="[::1]:9093"} 1',
      'kafka_producer_request_size_bytes_sum{client_id="c1",broker="b1:9092"} 1000',
      'kafka_producer_request_size_bytes_count{client_id="c1",broker="b1:9092"} 1',
      'kafka_producer_request_size_bytes_sum{client_id="c1",broker="[::1]:9093"} 2000',
      'kafka_producer_request_size_bytes_count{client_id="c1",broker="[::1]:9093"} 1',
      'kafka_producer_request_throttle_seconds_sum{client_id="c1",broker="b1:9092"} 0',
      'kafka_producer_request_throttle_seconds_count{client_id="c1",broker="b1:9092"} 0',
      'kafka_producer_request_throttle_seconds_sum{client_id="c1",broker="[::1]:9093"} 0',
      'kafka_producer_request_throttle_seconds_count{client_id="c1",broker="[::1]:9093"} 0',
      `kafka_producer_info{client_id="c1",version="${version}"} 1`,
    ])
  })

  it('shows the latency of messages as a histogram in seconds, for each outcome', async () => {
    const producer = new FakeProducer('c1')
    producer.counters.settledAfter('delivered', 3, 2, 0)
    producer.counters.settledAfter('delivered', 5, 1, 0)
    producer.counters.settledAfter('delivered', 70_000, 1, 0)
    producer.counters.settledAfter('failed', 200, 1, 0)
    collectFrom(producer, registry)
    const name = 'kafka_producer_message_latency_seconds'
    const all = await samplesOf(name)
    const of = (le: string): string => `${name}_bucket{le="${le}",client_id="c1",outcome="delivered"}`
    expect(all).to.include.members([
      `${of('0.0025')} 0`,
      `${of('0.005')} 3`,
      `${of('60')} 3`,
      `${of('+Inf')} 4`,
      `${name}_sum{client_id="c1",outcome="delivered"} 70.011`,
      `${name}_count{client_id="c1",outcome="delivered"} 4`,
      `${name}_bucket{le="0.25",client_id="c1",outcome="failed"} 1`,
      `${name}_count{client_id="c1",outcome="failed"} 1`,
    ])
    expect(await registry.metrics()).to.include(`# TYPE ${name} histogram`)
  })

  it('adds up the buckets of producers with one client id', async () => {
    for (const producer of [new FakeProducer('c1'), new FakeProducer('c1')]) {
      producer.counters.settledAfter('delivered', 3, 2, 0)
      collectFrom(producer, registry)
    }
    const found = await samplesOf(
      'kafka_producer_message_latency_seconds_bucket{le="0.005",client_id="c1",outcome="delivered"}',
    )
    expect(found.map((line) => line.split(' ').at(-1))).to.deep.equal(['4'])
  })

  it('shows failed messages by topic and code', async () => {
    const producer = new FakeProducer('c1')
    producer.counters.failedWith('a topic', 'KAFKA_METADATA', 2)
    producer.counters.failedWith('a topic', 'KAFKA_METADATA', 1)
    producer.counters.failedWith('a topic', 'KAFKA_ENCODE', 1)
    collectFrom(producer, registry)
    expect(await samplesOf('kafka_producer_message_failures_total')).to.deep.equal([
      'kafka_producer_message_failures_total{client_id="c1",topic="a topic",code="KAFKA_METADATA"} 3',
      'kafka_producer_message_failures_total{client_id="c1",topic="a topic",code="KAFKA_ENCODE"} 1',
    ])
  })

  it('exports a help text for each name', async () => {
    collectFrom(new FakeProducer('c1').work(), registry)
    const text = await registry.metrics()
    expect(text).to.contain('# TYPE kafka_producer_messages_total counter')
    expect(text).to.contain('# TYPE kafka_producer_open_messages gauge')
    expect(text).to.contain('# TYPE kafka_producer_request_duration_seconds summary')
    expect(text).to.contain(
      '# HELP kafka_producer_dropped_messages_total Messages that a full queue refused.',
    )
  })

  it('shows quantiles by broker, in seconds and bytes', async () => {
    collectFrom(new FakeProducer('c1').work(), registry)
    const found = (await samples()).filter((line) => line.includes('quantile=') && line.includes('b1:9092'))
    const quantiles = [0.5, 0.75, 0.95, 0.98, 0.99, 0.999]
    expect(found).to.deep.equal([
      ...quantiles.map(
        (q) =>
          `kafka_producer_request_duration_seconds{quantile="${q}",client_id="c1",broker="b1:9092"} 0.002`,
      ),
      ...quantiles.map(
        (q) => `kafka_producer_request_size_bytes{quantile="${q}",client_id="c1",broker="b1:9092"} 1000`,
      ),
      ...quantiles.map(
        (q) => `kafka_producer_request_throttle_seconds{quantile="${q}",client_id="c1",broker="b1:9092"} 0`,
      ),
    ])
  })

  it('exports current values at each scrape', async () => {
    const producer = new FakeProducer('c1').work()
    collectFrom(producer, registry)
    await samples()
    producer.counters.sent('t')
    expect(await samplesOf('kafka_producer_messages_total')).to.deep.equal([
      'kafka_producer_messages_total{client_id="c1",topic="t"} 4',
    ])
  })

  it('takes one snapshot for a scrape', async () => {
    const producer = new FakeProducer('c1').work()
    collectFrom(producer, registry)
    await registry.metrics()
    await registry.metrics()
    expect(producer.snapshots).to.equal(2)
  })

  it('shows several producers under the same names', async () => {
    collectFrom(new FakeProducer('c1').work(), registry)
    collectFrom(new FakeProducer('').work(), registry)
    expect(await samplesOf('kafka_producer_resends_total')).to.deep.equal([
      'kafka_producer_resends_total{client_id="c1"} 1',
      'kafka_producer_resends_total{client_id=""} 1',
    ])
  })

  it('adds up producers with one client id, and takes the largest of their quantiles', async () => {
    collectFrom(new FakeProducer('c1').work(), registry)
    const other = new FakeProducer('c1').work()
    other.counters.requested('b1:9092', 1006, 0, 8)
    collectFrom(other, registry)
    expect(await samplesOf('kafka_producer_messages_total')).to.deep.equal([
      'kafka_producer_messages_total{client_id="c1",topic="t"} 6',
    ])
    expect(await samplesOf('kafka_producer_open_messages')).to.deep.equal([
      'kafka_producer_open_messages{client_id="c1"} 2',
    ])
    const durations = (await samplesOf('kafka_producer_request_duration_seconds')).filter((line) =>
      /b1:9092/.test(line),
    )
    expect(durations.at(-1)).to.match(/_count\{.*\} 3$/)
    expect(durations.at(-2)).to.match(/_sum\{.*\} 0\.012$/)
    expect(durations.find((line) => line.includes('quantile="0.99"'))).to.match(/ 0\.008$/)
    expect(await samplesOf('kafka_producer_info')).to.have.length(1)
  })

  it('removes a closed producer, and the metric names with the last one', async () => {
    const first = new FakeProducer('c1').work()
    const second = new FakeProducer('c2').work()
    collectFrom(first, registry)
    collectFrom(second, registry)
    first.emit('close')
    expect((await samples()).join())
      .to.contain('c2')
      .and.not.contain('c1')
    second.emit('close')
    expect(registry.getMetricsAsArray()).to.deep.equal([])
    expect(first.listenerCount('close') + second.listenerCount('close')).to.equal(0)
  })

  it('stops collecting a producer on request, and collects it again', async () => {
    const producer = new FakeProducer('c1').work()
    const stop = collectFrom(producer, registry)
    stop()
    stop()
    expect(registry.getMetricsAsArray()).to.deep.equal([])
    expect(producer.listenerCount('close')).to.equal(0)
    collectFrom(producer, registry)
    expect(await samplesOf('kafka_producer_resends_total')).to.have.length(1)
  })

  it('registers again after the registry was cleared, and keeps metrics of others', async () => {
    const stop = collectFrom(new FakeProducer('c1'), registry)
    registry.clear()
    collectFrom(new FakeProducer('c2'), registry)
    stop()
    expect(await samplesOf('kafka_producer_resends_total')).to.deep.equal([
      'kafka_producer_resends_total{client_id="c2"} 0',
    ])
  })

  it('accepts another prefix', async () => {
    collectFrom(new FakeProducer('c1').work(), registry, { prefix: 'my_app_kafka_' })
    collectFrom(new FakeProducer('c2').work(), registry)
    expect(await samplesOf('my_app_kafka_resends_total')).to.deep.equal([
      'my_app_kafka_resends_total{client_id="c1"} 1',
    ])
    expect(await samplesOf('kafka_producer_resends_total')).to.deep.equal([
      'kafka_producer_resends_total{client_id="c2"} 1',
    ])
  })

  for (const prefix of ['', '1a_', 'a-b_', 'a\n']) {
    it(`refuses the prefix ${JSON.stringify(prefix)}`, () => {
      expect(() => collectFrom(new FakeProducer('c1'), registry, { prefix }))
        .to.throw(/cannot begin the name of a Prometheus metric/)
        .with.property('code', 'KAFKA_CONFIG')
      expect(registry.getMetricsAsArray()).to.deep.equal([])
    })
  }

  it('refuses a registry that has one of the names, and adds none', () => {
    new Counter({ name: 'kafka_producer_resends_total', help: 'mine', registers: [registry] })
    expect(() => collectFrom(new FakeProducer('c1'), registry))
      .to.throw('the registry has a metric kafka_producer_resends_total already; give another prefix')
      .with.property('code', 'KAFKA_CONFIG')
    expect(registry.getMetricsAsArray()).to.have.length(1)
  })

  it('writes OpenMetrics where the registry does', async () => {
    const openMetrics = new Registry<OpenMetricsContentType>()
    openMetrics.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    const stop = collectFrom(new FakeProducer('c1').work(), openMetrics)
    const text = await openMetrics.metrics()
    expect(text).to.contain('# TYPE kafka_producer_messages counter')
    expect(text).to.contain('kafka_producer_messages_total{client_id="c1",topic="t"} 3')
    stop()
    expect(openMetrics.getMetricsAsArray()).to.deep.equal([])
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
    collectFrom(producer, registry)
    await producer.send({ topic: 't', key: 'secret key', message: 'secret text' })
    const text = await registry.metrics()
    await producer.close()
    await cluster.close()
    expect(text).to.contain('kafka_producer_message_bytes_total{client_id="",topic="t"} 11')
    expect(text).to.contain(
      `kafka_producer_request_size_bytes_count{client_id="",broker="${cluster.address(0)}"} 1`,
    )
    expect(text).to.not.contain('secret')
    expect(registry.getMetricsAsArray()).to.deep.equal([])
  })
})
