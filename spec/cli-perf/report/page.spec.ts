import { expect } from 'chai'
import { page, type Report } from '../../../lib/cli-perf/report/page.js'
import { result, sample } from '../support/results.js'

const drawn = '<svg>drawn</svg>'

function html(more: Partial<Report> = {}): string {
  const report: Report = {
    result: result(),
    lines: ['names', 'the, line'],
    samples: [sample(100), sample(200)],
    topics: ['logs'],
    options: new Map([['--messages', '30000']]),
    settings: { 'client.id': 'producer-performance' },
    environment: new Map([['Node.js', 'v20']]),
    ...more,
  }
  return page(report, () => drawn)
}

describe('The page of a report', () => {
  it('shows figures, charts, the line, options and settings', () => {
    const text = html()
    expect(text).to.include('<title>Producer performance: logs</title>')
    expect(text).to.include('<b>30,000</b>').and.include('<b>15,000/s</b>').and.include('1.43 MB/s')
    expect(text).to.include('<b>0.312 ms</b>').and.include('p99.9 12 ms')
    expect(text.split(drawn)).to.have.lengthOf(3)
    expect(text).to.include('the, line')
    expect(text).to.include('<th scope="row">--messages</th><td>30000</td>')
    expect(text).to.include('<th scope="row">client.id</th><td>producer-performance</td>')
  })

  it('runs no script and fetches nothing', () => {
    expect(html()).to.not.match(/<script|<link|src=|href=|url\(|@import|http/)
  })

  it('shows failures with a chart, their causes and their share', () => {
    const text = html({
      result: result({ delivered: 29_700, failed: 300, causes: [['the broker is gone', 300]] }),
      samples: [sample(100), sample(200, { failed: 300 })],
    })
    expect(text.split(drawn)).to.have.lengthOf(4)
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
})
