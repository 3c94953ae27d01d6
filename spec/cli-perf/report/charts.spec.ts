import { expect } from 'chai'
import {
  comparedLatency,
  comparedThroughput,
  failureChart,
  latencyChart,
  shortCount,
  throughputChart,
} from '../../../lib/cli-perf/report/charts.js'
import type { LineChart } from '../../../lib/cli-perf/report/svg/line-chart.js'
import { latencyOf, sample } from '../support/results.js'

const points = ({ lines }: LineChart, name: string) => lines.find((line) => line.name === name)!.points

describe('The charts of a report', () => {
  it('show messages per second in the middle of their time', () => {
    const samples = [sample(100, { delivered: 10 }), sample(300, { delivered: 4, spanMs: 200 })]
    expect(points(throughputChart(samples, null), 'delivered')).to.deep.equal([
      [0.05, 100],
      [0.2, 20],
    ])
  })

  it('show failures on an axis of their own', () => {
    const samples = [sample(100), sample(300, { failed: 3, spanMs: 200 })]
    expect(points(failureChart(samples), 'failed')).to.deep.equal([
      [0.05, 0],
      [0.2, 15],
    ])
  })

  it('show the throughput that was asked for as a line, and none where there was no limit', () => {
    expect(throughputChart([sample(100)], 25_000).target).to.deep.equal({
      name: 'asked for: 25k/s',
      value: 25_000,
    })
    expect(throughputChart([sample(100)], null).target).to.equal(null)
  })

  it('show latencies as p50, p99 and max, with a gap where nothing was delivered', () => {
    const chart = latencyChart([sample(100), sample(200, { latency: null }), sample(300)])
    expect(chart.lines.map(({ name }) => name)).to.have.members(['p50', 'p99', 'max'])
    expect(points(chart, 'p50').map(([, value]) => value)).to.deep.equal([1, null, 1])
  })

  it('have a logarithmic axis where latencies lie far apart, so that p99 can be read beside max, and only there', () => {
    const near = latencyChart([sample(100), sample(200)])
    const far = latencyChart([sample(100), sample(200, { latency: latencyOf(0, 900) })])
    expect([near.y.kind, far.y.kind]).to.deep.equal(['linear', 'log'])
    expect(points(far, 'p50')[1]![1]).to.equal(0.001)
    expect(far.y.label(10_000)).to.equal('10 s')
  })

  it('label counts in short form', () => {
    expect([0.5, 300, 20_000, 1_500_000].map(shortCount)).to.deep.equal(['0.5', '300', '20k', '1.5M'])
  })

  it('show both runs of a comparison in one chart, as long as the longer one', () => {
    const before = { samples: [sample(100), sample(200), sample(300)] }
    const [throughput, latency] = [
      comparedThroughput([sample(100)], before),
      comparedLatency([sample(100)], before),
    ]
    expect(throughput.lines.map(({ name, points: all }) => [name, all.length])).to.deep.equal([
      ['before', 3],
      ['this run', 1],
    ])
    expect(latency.lines.map(({ name }) => name)).to.deep.equal(['p99 before', 'p99 of this run'])
    expect(throughput.x.range).to.deep.equal([0, 0.25])
  })

  it('say in words between which values their lines lie', () => {
    const samples = [sample(100, { delivered: 10 }), sample(200, { delivered: 200 })]
    expect(throughputChart(samples, null).description).to.equal(
      'delivered: from 100 messages/s to 2k messages/s.',
    )
    expect(latencyChart([]).description).to.include('p99: nothing to show.')
  })
})
