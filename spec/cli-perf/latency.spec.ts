import { expect } from 'chai'
import { Latency } from '../../lib/cli-perf/latency.js'

describe('Latency', () => {
  it('reports percentiles to three digits', () => {
    const latency = new Latency()
    for (let n = 1; n <= 10_000; n++) latency.record(n / 10)
    const { p50Ms, p95Ms, p99Ms, p999Ms, maxMs } = latency.total()!
    expect(p50Ms).to.be.closeTo(500, 0.5)
    expect(p95Ms).to.be.closeTo(950, 0.95)
    expect(p99Ms).to.be.closeTo(990, 0.99)
    expect(p999Ms).to.be.closeTo(999, 1)
    expect(maxMs).to.equal(1000)
  })

  it('gives what was recorded since it was last asked, and all of it in total', () => {
    const latency = new Latency()
    latency.record(1)
    expect(latency.takeInterval()?.maxMs).to.equal(1)
    latency.record(2)
    latency.record(2)
    expect(latency.takeInterval()?.p50Ms).to.equal(2)
    for (const ms of [1.5, 1.5, 1.5]) latency.record(ms)
    expect(latency.total()).to.include({ p50Ms: 1.5, maxMs: 2 })
    expect(latency.total()).to.include({ p50Ms: 1.5, maxMs: 2 })
  })

  it('has none where nothing was recorded', () => {
    const latency = new Latency()
    expect([latency.takeInterval(), latency.total()]).to.deep.equal([null, null])
  })

  it('reports no percentile above the largest latency', () => {
    const latency = new Latency()
    latency.record(1234.567)
    expect(latency.total()).to.include({ p50Ms: 1234.567, p999Ms: 1234.567, maxMs: 1234.567 })
  })

  it('takes the shortest and the longest', () => {
    const latency = new Latency()
    for (const ms of [-0.001, 0, 0.0004, 1e12]) latency.record(ms)
    expect(latency.total()).to.include({ p50Ms: 0, maxMs: 7_200_000 })
  })
})
