import type { Meter } from '@opentelemetry/api'
import { AggregationTemporality, MeterProvider } from '@opentelemetry/sdk-metrics'
import { expect } from 'chai'
import { Registry } from 'prom-client'
import { KafkaProducer, metricValue } from '../../lib/kafka-producer/index.js'
import { silentLogger } from '../../lib/logger.js'
import { observe } from '../../lib/metrics/opentelemetry.js'
import { collectFrom } from '../../lib/metrics/prometheus.js'
import { TestCluster } from '../../lib/testing/index.js'
import { version } from '../../lib/version.js'
import { FakeKafkaProducer } from './support/fake-kafka-producer.js'
import { FakeProducer } from './support/fake-producer.js'
import { MemoryReader } from './support/memory-reader.js'

describe('collectFrom (Prometheus) of a KafkaProducer', () => {
  let registry: Registry

  beforeEach(() => {
    registry = new Registry()
  })

  async function samplesOf(start: string): Promise<string[]> {
    const text = await registry.metrics()
    return text.split('\n').filter((line) => line.startsWith(start))
  }

  it('metrics of a KafkaProducer have the names that the JMX exporter gives to those of Java', async () => {
    collectFrom(new FakeKafkaProducer('c1').work(), registry)
    const expected = [
      'kafka_producer_producer_metrics_record_send_total{client_id="c1"} 30',
      'kafka_producer_producer_metrics_record_send_rate{client_id="c1"} 3',
      'kafka_producer_producer_metrics_request_latency_max{client_id="c1"} 8',
      'kafka_producer_producer_metrics_buffer_available_bytes{client_id="c1"} 400',
      'kafka_producer_producer_topic_metrics_byte_total{client_id="c1",topic="t"} 500',
      'kafka_producer_producer_node_metrics_outgoing_byte_total{client_id="c1",node_id="node-1"} 560',
      'kafka_producer_app_info_start_time_ms{client_id="c1"} 1234',
      `kafka_producer_app_info_version{client_id="c1",version="${version}"} 1`,
    ]
    for (const line of expected) expect(await samplesOf('kafka_producer_')).to.include(line)
  })

  it('totals of a KafkaProducer are counters, all else are gauges, and each has a help text', async () => {
    collectFrom(new FakeKafkaProducer('c1'), registry)
    const types = await samplesOf('# TYPE')
    expect(types).to.include('# TYPE kafka_producer_producer_metrics_record_send_total counter')
    expect(types).to.include('# TYPE kafka_producer_producer_metrics_record_send_rate gauge')
    const wrong = types.filter((line) => line.includes('_total ') !== line.endsWith('counter'))
    expect(wrong).to.deep.equal([])
    const helps = await samplesOf('# HELP')
    expect(helps).to.have.length(types.length)
    expect(helps.filter((line) => !line.endsWith('.'))).to.deep.equal([])
  })

  it('an average of nothing has no sample', async () => {
    collectFrom(new FakeKafkaProducer('c1'), registry)
    expect(await samplesOf('kafka_producer_producer_metrics_batch_size_avg')).to.deep.equal([])
    expect(await samplesOf('kafka_producer_producer_metrics_batch_split_total')).to.have.length(1)
  })

  it('both kinds of producers share a registry and a prefix, and each takes its own names with it', async () => {
    const [classic, kafka] = [new FakeProducer('c1').work(), new FakeKafkaProducer('c2').work()]
    collectFrom(classic, registry)
    collectFrom(kafka, registry)
    await registry.metrics()
    expect([classic.snapshots, kafka.snapshots]).to.deep.equal([1, 1])
    kafka.emit('close')
    expect(await samplesOf('kafka_producer_producer_')).to.deep.equal([])
    expect(await samplesOf('kafka_producer_resends_total')).to.have.length(1)
    classic.emit('close')
    expect(registry.getMetricsAsArray()).to.deep.equal([])
    expect(kafka.listenerCount('close')).to.equal(0)
  })

  it('KafkaProducers with one client id are added up, of their maxima the largest is shown', async () => {
    const [first, second] = [new FakeKafkaProducer('c1').work(), new FakeKafkaProducer('c1').work()]
    second.counters.requestCompleted(1, 99)
    collectFrom(first, registry)
    collectFrom(second, registry)
    expect(await samplesOf('kafka_producer_producer_metrics_record_send_total')).to.deep.equal([
      'kafka_producer_producer_metrics_record_send_total{client_id="c1"} 60',
    ])
    expect(await samplesOf('kafka_producer_producer_metrics_request_latency_max')).to.deep.equal([
      'kafka_producer_producer_metrics_request_latency_max{client_id="c1"} 99',
    ])
  })
})

describe('observe (OpenTelemetry) of a KafkaProducer', () => {
  let reader: MemoryReader
  let provider: MeterProvider
  let meter: Meter

  beforeEach(() => {
    reader = new MemoryReader({ aggregationTemporalitySelector: () => AggregationTemporality.DELTA })
    provider = new MeterProvider({ readers: [reader] })
    meter = provider.getMeter('spec')
  })

  afterEach(() => provider.shutdown())

  async function collect() {
    const { resourceMetrics, errors } = await reader.collect()
    expect(errors).to.deep.equal([])
    const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    return all.filter(({ dataPoints }) => dataPoints.length > 0)
  }

  const c1 = { 'messaging.system': 'kafka', 'messaging.client.id': 'c1' }

  it('metrics of a KafkaProducer are observed with the attributes of the semantic conventions', async () => {
    observe(new FakeKafkaProducer('c1').work(), meter)
    const found = new Map(
      (await collect()).map(({ descriptor: { name, unit }, dataPoints }) => [
        name,
        [unit, dataPoints.map(({ attributes, value }) => [attributes, value])],
      ]),
    )
    const expected = {
      'kafka.producer.record_send_total': ['{record}', [[c1, 30]]],
      'kafka.producer.record_send_rate': ['{record}/s', [[c1, 3]]],
      'kafka.producer.request_latency_max': ['ms', [[c1, 8]]],
      'kafka.producer.buffer_total_bytes': ['By', [[c1, 1000]]],
      'kafka.producer.topic.byte_total': ['By', [[{ ...c1, 'messaging.destination.name': 't' }, 500]]],
      'kafka.producer.node.outgoing_byte_total': [
        'By',
        [[{ ...c1, 'messaging.kafka.node.id': 'node-1' }, 560]],
      ],
    }
    for (const [name, points] of Object.entries(expected)) expect(found.get(name), name).to.deep.equal(points)
  })

  it('both kinds of producers share a meter, and a closed one is not asked any more', async () => {
    const [classic, kafka] = [new FakeProducer('c1').work(), new FakeKafkaProducer('c2').work()]
    observe(classic, meter)
    observe(kafka, meter)
    const names = (await collect()).map(({ descriptor }) => descriptor.name)
    expect(names).to.include.members(['kafka.producer.resends', 'kafka.producer.record_send_total'])
    kafka.emit('close')
    await collect()
    expect([classic.snapshots, kafka.snapshots]).to.deep.equal([2, 1])
  })
})

describe('metrics of a KafkaProducer at work', () => {
  let cluster: TestCluster
  let producer: KafkaProducer<string, string>

  beforeEach(async () => {
    cluster = await TestCluster.start({ brokers: 1 })
    cluster.createTopic('t', { partitions: 1 })
    const strings = 'org.apache.kafka.common.serialization.StringSerializer'
    producer = new KafkaProducer<string, string>(
      {
        'bootstrap.servers': cluster.bootstrap,
        'client.id': 'c1',
        'key.serializer': strings,
        'value.serializer': strings,
        'compression.type': 'gzip',
        'linger.ms': 0,
      },
      { logger: silentLogger },
    )
  })

  afterEach(async () => {
    await producer.close()
    await cluster.close()
  })

  it('what was sent is counted by topic and broker, and nothing of keys and values is shown', async () => {
    const registry = new Registry()
    collectFrom(producer, registry)
    for (let i = 0; i < 3; i++) producer.send({ topic: 't', key: 'secret key', value: 'secret text' })
    await producer.flush()
    const metrics = producer.metrics()
    const read = (name: string, tags = {}) => metricValue(metrics, name, tags)
    expect(read('record-send-total')).to.equal(3)
    expect(read('record-send-total', { topic: 't' })).to.equal(3)
    expect(read('record-error-total')).to.equal(0)
    expect(read('compression-rate', { topic: 't' })).to.be.lessThan(1)
    expect(read('batch-size-max')).to.equal(read('byte-total', { topic: 't' }))
    expect(read('request-total')).to.equal(read('response-total'))
    expect(read('outgoing-byte-total')).to.be.greaterThan(Number(read('byte-total', { topic: 't' })))
    const nodes = new Set(metrics.map(({ tags }) => tags['node-id']).filter((node) => node !== undefined))
    expect([...nodes]).to.include('node-0')
    expect(read('request-latency-max', { 'node-id': 'node-0' })).to.be.greaterThan(0)
    expect(read('flush-time-ns-total')).to.be.greaterThan(0)
    expect(read('metadata-wait-time-ns-total')).to.be.greaterThan(0)
    expect(read('connection-count')).to.equal(read('connection-creation-total'))
    expect(read('buffer-available-bytes')).to.equal(read('buffer-total-bytes'))
    const text = await registry.metrics()
    expect(text).to.include(
      'kafka_producer_producer_topic_metrics_record_send_total{client_id="c1",topic="t"} 3',
    )
    expect(text + JSON.stringify(metrics)).to.not.include('secret')
  })

  it('a closed KafkaProducer leaves the registry', async () => {
    const registry = new Registry()
    collectFrom(producer, registry)
    await producer.close()
    expect(registry.getMetricsAsArray()).to.deep.equal([])
    expect(metricValue(producer.metrics(), 'connection-count')).to.equal(0)
  })

  it('records that waited for memory are counted with the time that they waited', async () => {
    const small = new KafkaProducer<string, string>(
      {
        'bootstrap.servers': cluster.bootstrap,
        'key.serializer': 'org.apache.kafka.common.serialization.StringSerializer',
        'value.serializer': 'org.apache.kafka.common.serialization.StringSerializer',
        'buffer.memory': 200,
        'batch.size': 100,
      },
      { logger: silentLogger },
    )
    await small.partitionsFor('t')
    await Promise.all([1, 2].map(() => small.send({ topic: 't', value: 'x'.repeat(50) }).appended))
    await small.flush()
    await small.close()
    expect(metricValue(small.metrics(), 'bufferpool-wait-time-ns-total')).to.be.greaterThan(0)
    expect(metricValue(small.metrics(), 'buffer-exhausted-total')).to.equal(0)
  })
})
