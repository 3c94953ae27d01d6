import { expect } from 'chai'
import { ProducerMetrics } from '../../lib/metrics/producer-metrics.js'
import { countsOf, totalsOf } from './support/counted.js'

const MINUTE_MS = 60_000

describe('ProducerMetrics', () => {
  let nowMs: number
  let queueSize: number

  beforeEach(() => {
    nowMs = 0
    queueSize = 0
  })

  const ofSync = () => new ProducerMetrics({ clientId: 'c1', queueSize: null, now: () => nowMs })
  const ofAsync = () => new ProducerMetrics({ clientId: 'c1', queueSize: () => queueSize, now: () => nowMs })

  it('counts messages of all topics and of each', () => {
    const metrics = ofSync()
    for (const topic of ['a', 'a', 'b', 'a']) metrics.sent(topic)
    const series = metrics.snapshot().MessagesPerSec
    expect(series.map(({ tags, count }) => [tags.topic, count])).to.deep.equal([
      [undefined, 4],
      ['a', 3],
      ['b', 1],
    ])
  })

  it('reads the clock as often for a snapshot of a thousand topics as of one', () => {
    const looks = [1, 1000].map((topics) => {
      let looked = 0
      const now = (): number => {
        looked++
        return nowMs
      }
      const metrics = new ProducerMetrics({ clientId: 'c1', queueSize: null, now })
      for (let i = 0; i < topics; i++) metrics.sent(`t${i}`)
      looked = 0
      metrics.snapshot()
      return looked
    })
    expect(looks[1]).to.equal(looks[0])
  })

  it('shares the tags of a topic among all snapshots', () => {
    const metrics = ofSync()
    metrics.sent('a')
    const [first, second] = [metrics.snapshot(), metrics.snapshot()]
    expect(second.MessagesPerSec[1]!.tags).to.equal(first.MessagesPerSec[1]!.tags)
    expect(second.BytesPerSec[1]!.tags).to.equal(first.MessagesPerSec[1]!.tags)
  })

  it('keeps exact totals of messages whose topics it has forgotten', () => {
    const metrics = ofSync()
    for (let i = 0; i < 30_000; i++) metrics.sent(`t${i}`)
    const { MessagesPerSec } = metrics.snapshot()
    expect(MessagesPerSec[0]!.count).to.equal(30_000)
    expect(MessagesPerSec).to.have.length.at.most(10_001)
  })

  it('counts bytes of all topics and of each, a topic with an empty name included', () => {
    const metrics = ofSync()
    for (const [topic, bytes] of [
      ['', 3],
      ['b', 1],
      ['', 1],
      ['none', 0],
    ] as const) {
      metrics.valueBytes(topic, bytes)
    }
    metrics.sent('')
    expect(metrics.snapshot().BytesPerSec.map(({ tags, count }) => [tags.topic, count])).to.deep.equal([
      [undefined, 5],
      [undefined, 4],
      ['b', 1],
    ])
    expect(metrics.snapshot().MessagesPerSec[0]?.count).to.equal(1)
  })

  it('counts messages in cycles and in the async queue as accepted', () => {
    const metrics = ofAsync()
    queueSize = 5
    metrics.cycleBegun(3)
    metrics.serialized()
    metrics.delivered(1)
    expect(
      totalsOf(
        metrics.snapshot(),
        'MessagesAccepted',
        'MessagesDelivered',
        'MessagesFailed',
        'MessagesOpen',
        'MessagesInFlight',
        'ProducerQueueSize',
      ),
    ).to.deep.equal({
      MessagesAccepted: 8,
      MessagesDelivered: 1,
      MessagesFailed: 0,
      MessagesOpen: 7,
      MessagesInFlight: 2,
      ProducerQueueSize: 5,
    })
  })

  it('reports no queue in sync mode, and counts a message of a cycle once', () => {
    const metrics = ofSync()
    metrics.accepted(2)
    metrics.cycleBegun(2)
    const snapshot = metrics.snapshot()
    expect(snapshot.ProducerQueueSize).to.deep.equal([])
    expect(totalsOf(snapshot, 'MessagesAccepted', 'MessagesOpen', 'MessagesInFlight')).to.deep.equal({
      MessagesAccepted: 2,
      MessagesOpen: 2,
      MessagesInFlight: 2,
    })
  })

  it('takes for encoder errors what fails before its cycle has serialized', () => {
    const metrics = ofAsync()
    metrics.cycleBegun(3)
    metrics.failed(2)
    metrics.serialized()
    expect(totalsOf(metrics.snapshot(), 'SerializationErrorsPerSec', 'FailedSendsPerSec')).to.deep.equal({
      SerializationErrorsPerSec: 2,
      FailedSendsPerSec: 0,
    })
  })

  it('counts a cycle with failures once, however many there are', () => {
    const metrics = ofSync()
    for (let cycle = 0; cycle < 2; cycle++) {
      metrics.cycleBegun(5)
      metrics.serialized()
      metrics.failed(3)
      metrics.failed(2)
    }
    expect(totalsOf(metrics.snapshot(), 'FailedSendsPerSec', 'MessagesFailed')).to.deep.equal({
      FailedSendsPerSec: 2,
      MessagesFailed: 10,
    })
  })

  it('measures requests of all brokers and of each, six bytes less than on the wire', () => {
    const metrics = ofSync()
    metrics.requested('b1:9092', 106, 0, 2)
    metrics.requested('[::1]:9093', 306, 0, 4)
    metrics.requested('b1:9092', null, 0, 900)
    const { ProducerRequestRateAndTimeMs: times, ProducerRequestSize: sizes } = metrics.snapshot()
    expect(times.map(({ tags, count, max }) => [tags.brokerHost, tags.brokerPort, count, max])).to.deep.equal(
      [
        [undefined, undefined, 3, 900],
        ['b1', '9092', 2, 900],
        ['::1', '9093', 1, 4],
      ],
    )
    expect(sizes.map(({ count, min, max, sum }) => [count, min, max, sum])).to.deep.equal([
      [2, 100, 300, 400],
      [1, 100, 100, 100],
      [1, 300, 300, 300],
    ])
  })

  it('leaves tags with an empty value out, as for the default client id', () => {
    const metrics = new ProducerMetrics({ clientId: '', queueSize: null })
    metrics.sent('t')
    const [all, topic] = metrics.snapshot().MessagesPerSec
    expect(all).to.deep.include({
      tags: {},
      mbean: 'kafka.producer:type=ProducerTopicMetrics,name=MessagesPerSec',
    })
    expect(topic?.mbean).to.equal('kafka.producer:type=ProducerTopicMetrics,name=MessagesPerSec,topic=t')
  })

  it('returns plain frozen values that survive JSON', () => {
    const metrics = ofAsync()
    metrics.sent('t')
    metrics.requested('b1:9092', 106, 0, 2)
    const snapshot = metrics.snapshot()
    expect(JSON.parse(JSON.stringify(snapshot))).to.deep.equal(snapshot)
    const everything = [snapshot, ...Object.values(snapshot), ...Object.values(snapshot).flat()]
    expect(everything.every(Object.isFrozen)).to.equal(true)
    expect(
      Object.values(snapshot)
        .flat()
        .every(({ tags }) => Object.isFrozen(tags)),
    ).to.equal(true)
  })

  it('returns snapshots that do not change afterwards', () => {
    const metrics = ofSync()
    const before = metrics.snapshot()
    metrics.sent('t')
    expect(countsOf(before)).to.not.deep.equal(countsOf(metrics.snapshot()))
    expect(before.MessagesPerSec[0]?.count).to.equal(0)
  })

  it('names every series differently', () => {
    const metrics = ofAsync()
    for (const topic of ['a', 'b']) metrics.sent(topic)
    for (const broker of ['b1:9092', 'b1:9093', 'b2:9092']) metrics.requested(broker, 100, 0, 1)
    const names = Object.values(metrics.snapshot())
      .flat()
      .map(({ mbean }) => mbean)
    expect(new Set(names).size).to.equal(names.length)
  })

  describe('rates', () => {
    it('are those of the last minutes without a snapshot in between', () => {
      const metrics = ofAsync()
      for (let second = 0; second < 600; second++) {
        for (let i = 0; i < 50; i++) metrics.sent('t')
        queueSize = 50
        nowMs += 1000
      }
      for (const { oneMinuteRate, fiveMinuteRate, meanRate } of metrics.snapshot().MessagesPerSec) {
        expect(oneMinuteRate).to.be.closeTo(50, 1)
        expect(fiveMinuteRate).to.be.closeTo(50, 1)
        expect(meanRate).to.be.closeTo(50, 0.1)
      }
    })

    it('count messages after an hour of silence as recent', () => {
      const metrics = ofSync()
      metrics.sent('t')
      metrics.accepted(1)
      metrics.cycleBegun(1)
      metrics.delivered(1)
      nowMs += 60 * MINUTE_MS
      for (let i = 0; i < 60; i++) metrics.sent('t')
      nowMs += 5000
      const faded = 12 * (1 - Math.exp(-5 / 60))
      expect(metrics.snapshot().MessagesPerSec[0]?.oneMinuteRate).to.be.closeTo(faded, 0.01)
    })
  })

  it('forgets unused topics and keeps their messages in the total', () => {
    const metrics = ofSync()
    for (let i = 0; i < 50_000; i++) metrics.sent(`t${i}`)
    const { MessagesPerSec } = metrics.snapshot()
    expect(MessagesPerSec.length).to.be.at.most(10_001)
    expect(MessagesPerSec[0]?.count).to.equal(50_000)
  })
})
