import { expect } from 'chai'
import { failureChart, latencyChart, throughputChart } from '../../../../lib/cli-perf/report/charts.js'
import { type LineChart, lineChartSvg, type Point } from '../../../../lib/cli-perf/report/svg/line-chart.js'
import { sample } from '../../support/results.js'

const SIZE = { widthPx: 860, heightPx: 300 }

function chart(points: readonly Point[], more: Partial<LineChart> = {}): LineChart {
  const axis = { name: '', kind: 'linear' as const, label: String }
  return {
    id: 'c',
    title: 'T',
    description: 'D',
    x: { ...axis, range: [0, 10] },
    y: axis,
    lines: [{ name: 'rate', color: 0, points }],
    ...more,
  }
}

/** The corners of the lines of a colour, in pixels. */
function drawn(svg: string, className = 'line-0'): [number, number][][] {
  const paths = [...svg.matchAll(new RegExp(`<path class="${className}" d="([^"]*)"`, 'g'))]
  return paths.map(([, path]) =>
    [...path!.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]): [number, number] => [
      Number(x),
      Number(y),
    ]),
  )
}

describe('A line chart', () => {
  it('draws one line through all points, higher where the value is higher', () => {
    const [line, ...others] = drawn(
      lineChartSvg(
        chart([
          [0, 5],
          [5, 10],
          [10, 5],
        ]),
        SIZE,
      ),
    )
    expect(others).to.deep.equal([])
    const [[x1, y1], [x2, y2], [x3, y3]] = line as [[number, number], [number, number], [number, number]]
    expect(x3 - x2).to.be.closeTo(x2 - x1, 0.11)
    expect(x2 - x1).to.be.greaterThan(300)
    expect(y3).to.equal(y1)
    expect(y1 - y2).to.be.greaterThan(80)
  })

  it('has a gap where there is no value, and a dot where a point stands alone', () => {
    const svg = lineChartSvg(
      chart([
        [0, 1],
        [1, 1],
        [2, null],
        [3, 2],
        [4, null],
      ]),
      SIZE,
    )
    expect(drawn(svg).map((line) => line.length)).to.deep.equal([2])
    expect(svg.match(/<circle class="dot-0"/g)).to.have.lengthOf(1)
  })

  it('draws the target as a line across, inside of the axis though nothing reaches it, and names it', () => {
    const svg = lineChartSvg(chart([[0, 1]], { target: { name: 'asked for', value: 80 } }), SIZE)
    // The first one is in the legend.
    const [, y] = [...svg.matchAll(/<line class="target"[^>]* y1="([\d.]+)"/g)][1]!
    expect(Number(y)).to.be.within(20, 200)
    expect(svg).to.include('>asked for</text>').and.include('>80</text>')
  })

  it('has a title and a description for those who cannot see it, and scales with its page', () => {
    const svg = lineChartSvg(chart([[0, 1]], { title: 'A & B' }), SIZE)
    expect(svg).to.match(
      /^<svg xmlns="[^"]+" class="chart" role="img" aria-labelledby="c-title c-description" viewBox="0 0 860 300">/,
    )
    expect(svg).to.include('<title id="c-title">A &amp; B</title><desc id="c-description">D</desc>')
  })

  it('needs nothing else, also of a run in which nothing happened', () => {
    for (const samples of [[], [sample(100, { delivered: 0, latency: null })], [sample(100), sample(200)]]) {
      for (const one of [throughputChart(samples, 5), failureChart(samples), latencyChart(samples)]) {
        for (const widthPx of [340, 860]) {
          const svg = lineChartSvg(one, { widthPx, heightPx: 260 })
          expect(svg).to.match(/^<svg .*<\/svg>$/s)
          expect(svg).to.not.match(/<script|<image|href=|url\(|NaN|Infinity/)
        }
      }
    }
  })

  it('has fewer labels where it is narrow', () => {
    const one = chart(
      [
        [0, 1],
        [1000, 2],
      ],
      { x: { name: '', kind: 'linear', range: [0, 1000], label: String } },
    )
    const labels = (widthPx: number): number =>
      /<g class="x-axis">(.*?)<\/g>/s.exec(lineChartSvg(one, { widthPx, heightPx: 200 }))![1]!.split('<text')
        .length - 1
    expect([labels(860), labels(200)]).to.deep.equal([11, 3])
  })
})
