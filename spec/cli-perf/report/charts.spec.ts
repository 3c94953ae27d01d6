import { expect } from 'chai'
import {
  type Draw,
  failureChart,
  latencyChart,
  loadDraw,
  throughputChart,
} from '../../../lib/cli-perf/report/charts.js'
import { ConfigError } from '../../../lib/errors.js'
import { lastFrame } from '../support/last-frame.js'
import { latencyOf, sample } from '../support/results.js'

interface Chart {
  series: { name: string; data: { value: [number, number | null]; symbol: string }[] }[]
  yAxis: { type: string; name: string; axisLabel: { formatter(value: number): string } }
  xAxis: { max: number }
}

const points = (chart: unknown, at = 0): [number, number | null][] =>
  (chart as Chart).series[at]!.data.map(({ value }) => value)

describe('The charts of a report', () => {
  it('show messages per second in the middle of their time', () => {
    const chart = throughputChart([
      sample(100, { delivered: 10 }),
      sample(300, { delivered: 4, spanMs: 200 }),
    ])
    expect(points(chart)).to.deep.equal([
      [0.05, 100],
      [0.2, 20],
    ])
    expect((chart as unknown as Chart).xAxis.max).to.equal(0.3)
  })

  it('show failures on an axis of their own', () => {
    expect(points(failureChart([sample(100), sample(300, { failed: 3, spanMs: 200 })]))).to.deep.equal([
      [0.05, 0],
      [0.2, 15],
    ])
  })

  it('show latencies as p50, p99 and max, with a gap where nothing was delivered', () => {
    const chart = latencyChart([sample(100), sample(200, { latency: null }), sample(300)]) as unknown as Chart
    expect(chart.series.map(({ name }) => name)).to.have.members(['p50', 'p99', 'max'])
    const p50 = chart.series.find(({ name }) => name === 'p50')!
    expect(p50.data.map(({ value }) => value[1])).to.deep.equal([1, null, 1])
  })

  it('show a point that stands alone', () => {
    const chart = latencyChart([sample(100), sample(200), sample(300, { latency: null }), sample(400)])
    const symbols = (chart as unknown as Chart).series[0]!.data.map(({ symbol }) => symbol)
    expect([symbols[0], symbols[1], symbols[3]]).to.deep.equal(['none', 'none', 'circle'])
  })

  it('have a logarithmic axis where latencies lie far apart, and only there', () => {
    const near = latencyChart([sample(100), sample(200)]) as unknown as Chart
    const far = latencyChart([sample(100), sample(200, { latency: latencyOf(0, 900) })]) as unknown as Chart
    expect([near.yAxis.type, far.yAxis.type]).to.deep.equal(['value', 'log'])
    expect(points(far, 2)[1]![1]).to.equal(0.001)
    expect(far.yAxis.axisLabel.formatter(10_000)).to.equal('10 s')
  })

  it('label counts in short form', () => {
    const { formatter } = (throughputChart([sample(100)]) as unknown as Chart).yAxis.axisLabel
    expect([0.5, 300, 20_000, 1_500_000].map(formatter)).to.deep.equal(['0.5', '300', '20k', '1.5M'])
  })

  it('are drawn as SVG that needs nothing else, also of a run in which nothing happened', async () => {
    const draw = await loadDraw()
    for (const samples of [[], [sample(100, { delivered: 0, latency: null })], [sample(100), sample(200)]]) {
      for (const chart of [throughputChart(samples), failureChart(samples), latencyChart(samples)]) {
        const svg = draw(chart, 300)
        expect(svg)
          .to.match(/^<svg [^>]*height="300"/)
          .and.match(/<\/svg>$/)
        expect(svg).to.not.match(/<script|<image|href=|NaN|Infinity/)
      }
    }
    await lastFrame()
  })

  it('draw one line through all points, higher where the rate is higher, and label its axis', async () => {
    const draw = await loadDraw()
    const svg = draw(throughputChart([sample(100), sample(200, { delivered: 20 }), sample(300)]), 300)
    const lines = [
      ...svg.matchAll(/<path d="([^"]*)" fill="none"[^>]* stroke="#2563eb" stroke-width="[1-9]/g),
    ]
    expect(lines).to.have.length(1)
    const drawn = [...lines[0]![1]!.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ])
    expect(drawn).to.have.length(3)
    const [[x1, y1], [x2, y2], [x3, y3]] = drawn as [[number, number], [number, number], [number, number]]
    expect(x3 - x2)
      .to.equal(x2 - x1)
      .and.be.greaterThan(100)
    expect([y1 - y2, y3 - y2]).to.deep.equal([y1 - y2, y1 - y2])
    expect(y1 - y2).to.be.greaterThan(100)
    expect(svg).to.include('>messages/s</text>').and.include('>200</text>')
    await lastFrame()
  })

  it('fail with the package to install where ECharts is missing', async () => {
    const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
    const caught = await loadDraw(() => Promise.reject<Draw>(missing)).catch((error: unknown) => error)
    expect(caught).to.be.instanceOf(ConfigError)
    expect((caught as ConfigError).message).to.equal(
      '--report needs the package echarts: npm install echarts',
    )
  })

  it('do not hide another error of ECharts', async () => {
    const broken = new Error('broken')
    const caught = await loadDraw(() => Promise.reject<Draw>(broken)).catch((error: unknown) => error)
    expect(caught).to.equal(broken)
  })
})
