import { expect } from 'chai'
import sinon from 'sinon'
import { Latency } from '../../lib/cli-perf/latency.js'
import { Tally } from '../../lib/cli-perf/tally.js'
import { Timeline } from '../../lib/cli-perf/timeline.js'

describe('Timeline', () => {
  let clock: sinon.SinonFakeTimers
  let tally: Tally
  let latency: Latency
  let timeline: Timeline

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    tally = new Tally()
    latency = new Latency()
    timeline = new Timeline(tally, latency)
  })

  /** This number of messages of 10 bytes, each with this latency. */
  function deliver(count: number, latencyMs: number): void {
    tally.delivered += count
    tally.bytes += count * 10
    for (let n = 0; n < count; n++) latency.record(latencyMs)
  }

  it('has a point every 100 ms with what happened in it', () => {
    deliver(3, 5)
    tally.addFailure('x')
    clock.tick(100)
    deliver(1, 7)
    tally.addFailure('y')
    clock.tick(100)
    clock.tick(100)
    const [first, second, third] = timeline.samples
    expect(first).to.include({ endMs: 100, spanMs: 100, delivered: 3, failed: 1, bytes: 30 })
    expect(first?.latency?.p50Ms).to.equal(5)
    expect(second).to.include({ endMs: 200, spanMs: 100, delivered: 1, failed: 1, bytes: 10 })
    expect(second?.latency?.p50Ms).to.equal(7)
    expect(third).to.deep.include({ delivered: 0, failed: 0, latency: null })
  })

  it('keeps a last point that is long enough, and then no longer counts', () => {
    clock.tick(170)
    timeline.stop()
    clock.tick(1000)
    expect(timeline.samples.map(({ spanMs }) => spanMs)).to.deep.equal([100, 70])
  })

  it('joins a short last point to the one before', () => {
    deliver(1, 5)
    clock.tick(100)
    deliver(1, 9)
    clock.tick(20)
    timeline.stop()
    expect(timeline.samples).to.have.lengthOf(1)
    expect(timeline.samples[0]).to.include({ endMs: 120, spanMs: 120, delivered: 2, bytes: 20 })
    expect(timeline.samples[0]?.latency).to.include({ p50Ms: 9, maxMs: 9 })
  })

  it('has one point of a run that ends at once', () => {
    deliver(1, 5)
    timeline.stop()
    expect(timeline.samples).to.have.lengthOf(1)
  })

  it('stays small however long the run is, and loses nothing', () => {
    for (let second = 0; second < 3600; second++) {
      deliver(2, second === 1800 ? 50 : 1)
      clock.tick(1000)
    }
    timeline.stop()
    const { samples } = timeline
    expect(samples.length).to.be.within(300, 600)
    expect(samples.reduce((sum, { delivered }) => sum + delivered, 0)).to.equal(7200)
    expect(samples.reduce((sum, { spanMs }) => sum + spanMs, 0)).to.equal(3_600_000)
    expect(samples.at(-1)?.endMs).to.equal(3_600_000)
    expect(new Set(samples.slice(0, -1).map(({ spanMs }) => spanMs))).to.have.property('size', 1)
    expect(samples.filter((sample) => sample.latency?.maxMs === 50)).to.have.lengthOf(1)
    expect(latency.total()?.maxMs).to.equal(50)
  })
})
