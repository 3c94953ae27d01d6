import { expect } from 'chai'
import { page } from '../../../lib/cli-perf/report/page.js'
import type { Report } from '../../../lib/cli-perf/report/report.js'
import { earlierRun, report } from '../support/reports.js'
import { latencyOf, result, sample } from '../support/results.js'

const html = (more: Partial<Report> = {}): string => page(report(more))
/** Each chart is drawn twice: for narrow screens and for the others. */
const charts = (text: string): number => text.split('<svg ').length - 1

describe('The page of a report', () => {
  it('shows figures, charts, the line, options and settings', () => {
    const text = html()
    expect(text).to.include('<title>Producer performance: logs</title>')
    expect(text).to.include('<b>30,000</b>').and.include('<b>15,000/s</b>').and.include('1.43 MB/s')
    expect(text).to.include('<b>0.312 ms</b>').and.include('p99.9 12 ms')
    expect(charts(text)).to.equal(4)
    expect(text).to.include('the, line')
    expect(text).to.include('<th scope="row">--messages</th><td>30000</td>')
    expect(text).to.include('<th scope="row">client.id</th><td>producer-performance</td>')
  })

  it('runs no script and fetches nothing', () => {
    const addresses = html().replaceAll('xmlns="http://www.w3.org/2000/svg"', '')
    expect(addresses).to.not.match(/<script|<link|src=|href=|url\(|@import|http/)
  })

  it('shows failures with a chart, their causes and their share', () => {
    const text = html({
      result: result({ delivered: 29_700, failed: 300, causes: [['the broker is gone', 300]] }),
      samples: [sample(100), sample(200, { failed: 300 })],
    })
    expect(charts(text)).to.equal(6)
    expect(text).to.include('1.00 % of sent')
    expect(text).to.include('<th scope="row">the broker is gone</th><td>300</td>')
  })

  it('shows an early end and the number of messages without an outcome', () => {
    const early = { ended: 'SIGINT', sent: 1234, delivered: 1200, unsettled: 34 }
    const text = html({ result: result(early) })
    expect(text).to.include('stopped after 1,234 of 30,000 messages: SIGINT')
    expect(text).to.include('34 without an outcome')
  })

  it('shows no latency where nothing was delivered', () => {
    expect(html({ result: result({ delivered: 0, latency: null }) })).to.not.include('<span>p50</span>')
  })

  it('shows names as text, whatever they contain', () => {
    const evil = '<script>alert("&")</script>'
    const text = html({ topics: [evil], options: new Map([['--report', evil]]), lines: [evil] })
    expect(text).to.not.include('<script')
    expect(text).to.include('&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;')
  })

  it('shows the throughput that was asked for', () => {
    expect(html({ targetPerSecond: 12_000 })).to.include('asked for: 12k/s')
    expect(html()).to.not.include('asked for')
  })

  it('compares with an earlier run: ratios before figures, both lines in one chart, and what else differs', () => {
    const now = report({ result: result({ delivered: 15_000, latency: latencyOf(0.6246, 12) }) })
    const text = page(now, earlierRun({ options: { '--messages': '7', '--report': 'x' } }))
    expect(text).to.include('Compared with before.json')
    expect(text).to.include(
      '<tr class="worse"><th scope="row">messages/s</th><td>× 0.50</td><td>7,500</td><td>15,000</td></tr>',
    )
    expect(text).to.include(
      '<tr class="worse"><th scope="row">p50</th><td>× 2.00</td><td>0.625 ms</td><td>0.312 ms</td></tr>',
    )
    expect(text).to.include('<tr><th scope="row">--messages</th><td>30000</td><td>7</td></tr>')
    expect(charts(text)).to.equal(8)
    expect(text).to.include('>p99 before</text>')
  })

  it('has ids that are unique, so that each chart has its own title', () => {
    const text = page(report(), earlierRun())
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).to.equal(ids.length).and.be.greaterThan(10)
  })
})
