import { expect } from 'chai'
import { KafkaProducerMetrics, type Levels } from '../../lib/kafka-producer/producer-metrics.js'
import { metricValue } from '../../lib/metrics/kafka-metric.js'
import { version } from '../../lib/version.js'

const levels: Levels = {
  requestsInFlight: 2,
  metadataAgeSeconds: 1.5,
  bufferTotalBytes: 1000,
  bufferAvailableBytes: 400,
  waitingSends: 3,
}

/** Names of Kafka 4.3 by group; what is about its I/O thread, authentication and topic ids left out. */
const names: Record<string, string[]> = {
  'producer-metrics': [
    'batch-size-avg',
    'batch-size-max',
    'batch-split-rate',
    'batch-split-total',
    'buffer-available-bytes',
    'buffer-exhausted-rate',
    'buffer-exhausted-total',
    'buffer-total-bytes',
    'bufferpool-wait-ratio',
    'bufferpool-wait-time-ns-total',
    'compression-rate-avg',
    'connection-close-rate',
    'connection-close-total',
    'connection-count',
    'connection-creation-rate',
    'connection-creation-total',
    'flush-time-ns-total',
    'incoming-byte-rate',
    'incoming-byte-total',
    'metadata-age',
    'metadata-wait-time-ns-total',
    'network-io-rate',
    'network-io-total',
    'outgoing-byte-rate',
    'outgoing-byte-total',
    'produce-throttle-time-avg',
    'produce-throttle-time-max',
    'record-error-rate',
    'record-error-total',
    'record-queue-time-avg',
    'record-queue-time-max',
    'record-retry-rate',
    'record-retry-total',
    'record-send-rate',
    'record-send-total',
    'record-size-avg',
    'record-size-max',
    'records-per-request-avg',
    'request-latency-avg',
    'request-latency-max',
    'request-rate',
    'request-size-avg',
    'request-size-max',
    'request-total',
    'requests-in-flight',
    'response-rate',
    'response-total',
    'txn-abort-time-ns-total',
    'txn-begin-time-ns-total',
    'txn-commit-time-ns-total',
    'txn-init-time-ns-total',
    'txn-send-offsets-time-ns-total',
    'waiting-threads',
  ],
  'producer-topic-metrics': [
    'byte-rate',
    'byte-total',
    'compression-rate',
    'record-error-rate',
    'record-error-total',
    'record-retry-rate',
    'record-retry-total',
    'record-send-rate',
    'record-send-total',
  ],
  'producer-node-metrics': [
    'incoming-byte-rate',
    'incoming-byte-total',
    'outgoing-byte-rate',
    'outgoing-byte-total',
    'request-latency-avg',
    'request-latency-max',
    'request-rate',
    'request-size-avg',
    'request-size-max',
    'request-total',
    'response-rate',
    'response-total',
  ],
  'app-info': ['commit-id', 'start-time-ms', 'version'],
  'kafka-metrics-count': ['count'],
}

describe('KafkaProducerMetrics', () => {
  let nowMs: number
  let metrics: KafkaProducerMetrics

  beforeEach(() => {
    nowMs = 50_000
    metrics = new KafkaProducerMetrics({
      clientId: 'c',
      startTimeMs: 1234,
      windowMs: 10_000,
      samples: 2,
      now: () => nowMs,
    })
  })

  const batch = (topic: string, count: number, more = {}) => ({
    topic,
    count,
    estimatedBytes: 100,
    maxRecordBytes: 30,
    compressionRatio: 1,
    createdMs: 49_000,
    drainedMs: 49_010,
    ...more,
  })

  const read = (name: string, tags = {}): unknown => metricValue(metrics.snapshot(levels), name, tags)

  it('KafkaProducerMetrics has the names of the Java client, group by group', () => {
    metrics.batchesSent([batch('t', 1)])
    metrics.requestWritten(7, 100)
    const found: Record<string, string[]> = {}
    for (const { group, name } of metrics.snapshot(levels)) {
      found[group] ??= []
      found[group].push(name)
    }
    for (const list of Object.values(found)) list.sort()
    expect(found).to.deep.equal(names)
  })

  it('metrics have the client id as a tag, and those of a topic or a broker that as well', () => {
    metrics.batchesSent([batch('t', 1)])
    metrics.requestWritten(7, 100)
    const tags = new Map(metrics.snapshot(levels).map((metric) => [metric.group, metric.tags]))
    expect(Object.fromEntries(tags)).to.deep.equal({
      'producer-metrics': { 'client-id': 'c' },
      'producer-topic-metrics': { 'client-id': 'c', topic: 't' },
      'producer-node-metrics': { 'client-id': 'c', 'node-id': 'node-7' },
      'app-info': { 'client-id': 'c' },
      'kafka-metrics-count': { 'client-id': 'c' },
    })
  })

  it('a sent batch counts once for the producer and once for its topic', () => {
    metrics.batchesSent([
      batch('a', 3, { estimatedBytes: 300, maxRecordBytes: 90, compressionRatio: 0.5, drainedMs: 49_100 }),
      batch('b', 1),
    ])
    const whole = [
      'record-send-total',
      'records-per-request-avg',
      'batch-size-avg',
      'batch-size-max',
      'record-queue-time-avg',
      'record-queue-time-max',
      'compression-rate-avg',
      'record-size-avg',
      'record-size-max',
    ]
    expect(whole.map((name) => read(name))).to.deep.equal([4, 4, 200, 300, 55, 100, 0.75, 60, 90])
    const ofTopic = ['record-send-total', 'byte-total', 'compression-rate']
    expect(ofTopic.map((name) => read(name, { topic: 'a' }))).to.deep.equal([3, 300, 0.5])
    expect(ofTopic.map((name) => read(name, { topic: 'b' }))).to.deep.equal([1, 100, 1])
  })

  it('rates are per second of the windows, of which all but one count from the beginning', () => {
    metrics.batchesSent([batch('t', 60)])
    nowMs += 5000
    // One whole window and the 5 s of the second: 60 / 15.
    expect(read('record-send-rate')).to.equal(4)
    expect(read('byte-rate', { topic: 't' })).to.be.closeTo(100 / 15, 1e-9)
    nowMs += 15_000
    expect(read('record-send-rate')).to.equal(0)
    expect(read('record-send-total')).to.equal(60)
  })

  it('records that failed inside send() are not counted by their topic, those of batches are', () => {
    metrics.batchesSent([batch('t', 5)])
    metrics.recordsFailed('t', 5)
    metrics.sendsFailed()
    expect([read('record-error-total'), read('record-error-total', { topic: 't' })]).to.deep.equal([6, 5])
  })

  it('retries count records, splits count batches', () => {
    metrics.batchRetried('t', 8)
    metrics.batchSplit()
    expect(read('record-retry-total')).to.equal(8)
    expect(read('record-retry-total', { topic: 't' })).to.equal(8)
    expect(read('batch-split-total')).to.equal(1)
  })

  it('requests and answers count for the producer and their broker', () => {
    metrics.requestWritten(1, 100)
    metrics.requestWritten(2, 300)
    metrics.responseRead(1, 40)
    metrics.requestCompleted(1, 12)
    const names = ['request-total', 'outgoing-byte-total', 'request-size-avg', 'request-size-max']
    expect(names.map((name) => read(name))).to.deep.equal([2, 400, 200, 300])
    expect(names.map((name) => read(name, { 'node-id': 'node-1' }))).to.deep.equal([1, 100, 100, 100])
    expect([read('response-total'), read('incoming-byte-total')]).to.deep.equal([1, 40])
    expect(read('network-io-total')).to.equal(3)
    expect(read('request-latency-max')).to.equal(12)
    expect(read('request-latency-avg', { 'node-id': 'node-1' })).to.equal(12)
    expect(read('request-latency-avg', { 'node-id': 'node-2' })).to.deep.equal(Number.NaN)
  })

  it('the throttle time is that of all produce answers, most of which ask for none', () => {
    for (const throttleMs of [0, 0, 0, 100]) metrics.throttled(throttleMs)
    expect(read('produce-throttle-time-avg')).to.equal(25)
    expect(read('produce-throttle-time-max')).to.equal(100)
  })

  it('times of calls are summed up in nanoseconds, and waits for memory also as a share of the time', () => {
    metrics.timeSpent('flushMs', 1.5)
    metrics.timeSpent('flushMs', 2)
    metrics.timeSpent('txnCommitMs', 7)
    metrics.timeSpent('bufferWaitMs', 5000)
    expect(read('flush-time-ns-total')).to.equal(3_500_000)
    expect(read('txn-commit-time-ns-total')).to.equal(7_000_000)
    expect(read('bufferpool-wait-time-ns-total')).to.equal(5_000_000_000)
    expect(read('bufferpool-wait-ratio')).to.equal(0.5)
  })

  it('connections, and records without memory, are counted', () => {
    metrics.connected()
    metrics.connected()
    metrics.disconnected()
    metrics.buffersExhausted()
    metrics.connected()
    const names = ['connection-creation-total', 'connection-close-total', 'connection-count']
    expect(names.map((name) => read(name))).to.deep.equal([3, 1, 2])
    expect(read('buffer-exhausted-total')).to.equal(1)
  })

  it('what there is at the moment is taken from the producer', () => {
    const names = ['requests-in-flight', 'metadata-age', 'buffer-total-bytes', 'buffer-available-bytes']
    expect(names.map((name) => read(name))).to.deep.equal([2, 1.5, 1000, 400])
    expect(read('waiting-threads')).to.equal(3)
  })

  it('app-info has the version and the start, and count the number of all metrics', () => {
    expect([read('version'), read('start-time-ms')]).to.deep.equal([version, 1234])
    expect(read('count')).to.equal(metrics.snapshot(levels).length)
  })

  it('a snapshot does not change afterwards', () => {
    const before = metrics.snapshot(levels)
    metrics.batchesSent([batch('t', 5)])
    expect(metricValue(before, 'record-send-total')).to.equal(0)
    expect(before).to.satisfy(Object.isFrozen)
  })

  it('of 20,000 topics used once those in use are kept, and at most twice a thousand others', () => {
    for (let i = 0; i < 20_000; i++) {
      metrics.batchesSent([batch(`t${i}`, 1), batch('always', 1)])
    }
    const topics = new Set(metrics.snapshot(levels).map(({ tags }) => tags.topic))
    expect(topics.size).to.be.within(2, 2001)
    expect(read('record-send-total', { topic: 'always' })).to.equal(20_000)
    expect(read('record-send-total')).to.equal(40_000)
  })
})
