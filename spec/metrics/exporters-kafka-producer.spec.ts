import type { Meter } from '@opentelemetry/api'
import { AggregationTemporality, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { expect } from 'chai'
import { Registry } from 'prom-client'
import { observe } from '../../lib/metrics/opentelemetry.js'
import { collectFrom } from '../../lib/metrics/prometheus.js'
import { version } from '../../lib/version.js'
import { FakeKafkaProducer } from './support/fake-kafka-producer.js'
import { FakeProducer } from './support/fake-producer.js'

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

/** Collects when it is asked, into memory. */
class MemoryReader extends MetricReader {
  protected async onShutdown(): Promise<void> {}
  protected async onForceFlush(): Promise<void> {}
}

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
