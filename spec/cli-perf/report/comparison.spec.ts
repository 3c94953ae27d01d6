import { expect } from 'chai'
import {
  comparedFigures,
  comparisonLines,
  differences,
  ratioText,
} from '../../../lib/cli-perf/report/comparison.js'
import { earlierRun } from '../support/reports.js'
import { latencyOf, result } from '../support/results.js'

describe('A comparison of two runs', () => {
  const figure = (name: string, now = result(), before = result()) =>
    comparedFigures(now, before).find((one) => one.name === name)!

  it('gives this run by the one before, and which of both is better', () => {
    const slower = result({ delivered: 15_000, latency: latencyOf(0.6246, 6) })
    expect(figure('messages/s', slower)).to.deep.equal({
      name: 'messages/s',
      ratio: 0.5,
      isBetter: false,
      now: '7,500',
      before: '15,000',
    })
    expect(figure('p50', slower)).to.include({ ratio: 2, isBetter: false })
    expect(figure('max', slower)).to.include({ ratio: 0.5, isBetter: true })
  })

  it('calls a difference of a few percent neither better nor worse', () => {
    expect(figure('messages/s', result({ delivered: 30_900 })).isBetter).to.equal(null)
    expect(figure('messages/s', result({ delivered: 33_000 })).isBetter).to.equal(true)
  })

  it('has no ratio where one run has no such figure, or the one before has none of it', () => {
    expect(figure('p99', result({ latency: null }))).to.include({ ratio: null, now: '–', before: '6 ms' })
    expect(figure('failed', result({ failed: 3, unsettled: 2 }))).to.include({
      ratio: null,
      now: '5',
      before: '0',
    })
    expect([ratioText(null), ratioText(1.234), ratioText(4321)]).to.deep.equal(['–', '× 1.23', '× 4,321'])
  })

  it('has one line for a terminal, with every ratio', () => {
    expect(comparisonLines(result({ bytes: 6_000_000 }), earlierRun())).to.deep.equal([
      'compared with before.json: messages/s × 1.00, MB/s × 2.00, p50 × 1.00, p95 × 1.00, p99 × 1.00, p99.9 × 1.00, max × 1.00, delivered × 1.00',
    ])
  })

  it('lists what else differs, but not the files that a run writes and reads', () => {
    const now = earlierRun({
      producer: 'KafkaProducer',
      result: result({ isPaced: true }),
      options: { '--messages': '30000', '--report-json': 'after.json' },
      settings: { 'client.id': 'x' },
    })
    expect(differences(now, earlierRun({ options: { '--messages': '7' } }))).to.deep.equal([
      { name: 'producer', now: 'KafkaProducer', before: 'Producer' },
      { name: 'latency counts from', now: 'when a message was due', before: 'send()' },
      { name: '--messages', now: '30000', before: '7' },
      { name: 'client.id', now: 'x', before: 'producer-performance' },
    ])
  })
})
