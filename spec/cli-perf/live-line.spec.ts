import { expect } from 'chai'
import { liveText } from '../../lib/cli-perf/live-line.js'
import { Tally } from '../../lib/cli-perf/tally.js'
import { sample } from './support/results.js'

describe('liveText', () => {
  it('shows the progress and the current rate', () => {
    const tally = new Tally()
    tally.delivered = 12_000
    tally.failed = 1
    const before = Array.from({ length: 5 }, (_, n) => sample((n + 1) * 100, { delivered: 9999 }))
    const latest = Array.from({ length: 5 }, (_, n) => sample(600 + n * 100, { delivered: 200 }))
    expect(liveText({ tally, samples: [...before, ...latest], plannedMessages: 50_000 })).to.equal(
      '12,000 of 50,000 delivered · 2,000/s · p99 2 ms · 1 failed',
    )
  })

  it('takes the last point of a long run, which may be longer than the present', () => {
    const samples = [
      sample(60_000, { spanMs: 30_000 }),
      sample(90_000, { spanMs: 30_000, delivered: 60_000 }),
    ]
    expect(liveText({ tally: new Tally(), samples, plannedMessages: 1 })).to.include(' · 2,000/s')
  })

  it('leaves out figures that are not known yet', () => {
    expect(liveText({ tally: new Tally(), samples: [], plannedMessages: 50_000 })).to.equal(
      '0 of 50,000 delivered',
    )
  })
})
