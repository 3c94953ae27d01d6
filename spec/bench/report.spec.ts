import { expect } from 'chai'
import { benchmarksPage, headlineTable } from '../../bench/report/page.js'
import type { Report, Table } from '../../bench/report/report.js'
import { cellText, formatted, markdownTable, plainTable } from '../../bench/report/tables.js'
import { interleaved, rotated } from '../../bench/support/rounds.js'
import { ratioOf, spreadOf } from '../../bench/support/statistics.js'

describe('Statistics of the bench', () => {
  it('give the middle value of an odd number of rounds, and the lowest and the highest', () => {
    expect(spreadOf([5, 1, 9])).to.deep.equal({ median: 5, lowest: 1, highest: 9 })
  })

  it('give the mean of the middle two of an even number of rounds', () => {
    expect(spreadOf([10, 1, 4, 2])).to.deep.equal({ median: 3, lowest: 1, highest: 10 })
  })

  it('compare round by round, so that a slow round does not count', () => {
    // Round 2 was ten times as slow for both.
    expect(ratioOf([2, 20, 4], [1, 10, 2])).to.deep.equal({ median: 2, lowest: 2, highest: 2 })
  })

  it('have no ratio where no round is common', () => {
    expect(ratioOf([], [1])).to.equal(null)
  })

  it('refuse no values at all', () => {
    expect(() => spreadOf([])).to.throw(RangeError)
  })
})

describe('Interleaved rounds', () => {
  it('take each variant once a round, and begin each round with another one', async () => {
    const order: string[] = []
    const variant = (name: string) => ({
      name,
      sample: async () => {
        order.push(name)
        return order.length
      },
    })
    const samples = await interleaved(['a', 'b', 'c'].map(variant), 3)
    expect(order.join('')).to.equal('abcbcacab')
    expect(samples.get('a')).to.deep.equal({ rounds: [1, 6, 8], failure: null })
  })

  it('go on without a variant that fails, and keep its reason', async () => {
    let calls = 0
    const failing = {
      name: 'failing',
      sample: async () => {
        calls++
        throw new Error('is not installed')
      },
    }
    const samples = await interleaved([failing, { name: 'other', sample: async () => 1 }], 3)
    expect(samples.get('failing')).to.deep.equal({ rounds: [], failure: 'is not installed' })
    expect(samples.get('other')!.rounds).to.deep.equal([1, 1, 1])
    expect(calls).to.equal(1)
  })

  it('rotate nothing when there is nothing', () => {
    expect(rotated([], 3)).to.deep.equal([])
  })
})

const table: Table = {
  title: 'Modes',
  note: '',
  columns: [
    { name: 'workload', unit: 'text' },
    { name: 'CPU, × floor', unit: 'ratio', hasSpread: true },
    { name: 'CPU', unit: 'µs' },
    { name: 'messages/s', unit: 'perSecond' },
  ],
  rows: [
    ['async | keyed', { median: 1.5, lowest: 1.25, highest: 2 }, 0.456, 1_234_567],
    [
      'sync',
      { median: 12.34, lowest: 12.34, highest: 12.34 },
      null,
      { median: 999.4, lowest: 1, highest: 2 },
    ],
    ['no answer'],
  ],
}

describe('Tables of the bench', () => {
  it('are markdown with units in their heads, and a dash for what is not known', () => {
    expect(markdownTable(table).split('\n')).to.deep.equal([
      '| workload | CPU, × floor | CPU, µs | messages/s |',
      '|---|--:|--:|--:|',
      '| async \\| keyed | × 1.50 (1.25–2.00) | 0.46 | 1,230,000 |',
      '| sync | × 12.3 | – | 999 |',
      '| no answer | – | – | – |',
    ])
  })

  it('are aligned for a terminal', () => {
    expect(plainTable(table).split('\n').slice(0, 2)).to.deep.equal([
      'workload             CPU, × floor  CPU, µs  messages/s',
      'async | keyed  × 1.50 (1.25–2.00)     0.46   1,230,000',
    ])
  })

  it('show shares in percent, counts whole, and large figures without decimals', () => {
    expect(formatted(0.0734, 'share')).to.equal('7.34 %')
    expect(formatted(1999.6, 'count')).to.equal('2,000')
    expect(formatted(1234.5, 'bytes')).to.equal('1,235')
    expect(formatted(Number.NaN, 'ms')).to.equal('–')
    expect(
      cellText({ median: 0.5, lowest: 0.4, highest: 0.6 }, { name: '', unit: 'share', hasSpread: true }),
    ).to.equal('50.0 % (40.0–60.0)')
  })
})

function report(part: string, changes: Partial<Report> = {}): Report {
  const environment = {
    date: '2026-11-21',
    node: 'v20.20.2',
    cores: 2,
    memoryGb: 24,
    command: `npm run bench -- ${part}`,
    isQuick: false,
  }
  const headlines = [{ what: `what ${part} found`, figure: '× 2.00' }]
  return {
    part,
    environment,
    title: `About ${part}`,
    text: '',
    tables: [table],
    charts: [],
    headlines,
    ...changes,
  }
}

describe('The page of benchmarks', () => {
  it('has the parts in their order, each with its date, machine, Node version and command', () => {
    const page = benchmarksPage([report('b'), report('a')], ['a', 'b'])
    expect(page.match(/^## .*/gm)).to.deep.equal(['## About a', '## About b'])
    expect(page).to.include(
      '`npm run bench -- b`: 2026-11-21, Node.js v20.20.2, 2 cores, 24 GB. [Figures](b.json)',
    )
    expect(page).to.include('### Modes')
  })

  it('warns of quick runs', () => {
    const quick = report('a', { environment: { ...report('a').environment, isQuick: true } })
    expect(benchmarksPage([quick], [])).to.include('From a quick run')
    expect(headlineTable([quick], [])).to.include('From a quick run')
    expect(benchmarksPage([report('a')], [])).not.to.include('From a quick run')
  })

  it('shows the charts of a part', () => {
    const chart = {
      name: 'growth',
      title: 'By size',
      kind: 'lines',
      labels: [],
      unit: 'µs',
      series: [],
    } as const
    expect(benchmarksPage([report('a', { charts: [chart] })], [])).to.include('![By size](growth.svg)')
  })
})

describe("The README's table of benchmarks", () => {
  it('has a line for each headline, losses included, and names each environment once', () => {
    const text = headlineTable(
      [report('b', { headlines: [{ what: 'beside the fastest', figure: '× 0.53' }] }), report('a')],
      ['a', 'b'],
    )
    expect(text.split('\n').slice(-2)).to.deep.equal([
      '| what a found | × 2.00 |',
      '| beside the fastest | × 0.53 |',
    ])
    expect(text.match(/2 cores/g)).to.have.lengthOf(1)
  })

  it('says so when nothing has been measured', () => {
    expect(headlineTable([], [])).to.equal('Nothing has been measured yet.')
  })
})
