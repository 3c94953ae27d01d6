import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import sinon from 'sinon'
import { LiveLine } from '../../lib/cli-perf/live-line.js'
import type { PerfRun } from '../../lib/cli-perf/perf-run.js'
import { Tally } from '../../lib/cli-perf/tally.js'
import type { Sample } from '../../lib/cli-perf/timeline.js'
import { sample } from './support/results.js'

describe('LiveLine', () => {
  function shown(tally: Tally, samples: readonly Sample[]): string {
    const clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const stream = new PassThrough()
    const line = new LiveLine(stream, { tally, samples, plannedMessages: 50_000 } as PerfRun)
    clock.tick(500)
    line.clear()
    clock.tick(5000)
    return String(stream.read())
  }

  it('says how far the run is, and how it goes at present', () => {
    const tally = new Tally()
    tally.delivered = 12_000
    tally.failed = 1
    const before = Array.from({ length: 5 }, (_, n) => sample((n + 1) * 100, { delivered: 9999 }))
    const latest = Array.from({ length: 5 }, (_, n) => sample(600 + n * 100, { delivered: 200 }))
    expect(shown(tally, [...before, ...latest])).to.equal(
      '\r\u001b[2K12,000 of 50,000 delivered · 2,000/s · p99 2 ms · 1 failed\r\u001b[2K',
    )
  })

  it('says less while it knows less', () => {
    expect(shown(new Tally(), [])).to.equal('\r\u001b[2K0 of 50,000 delivered\r\u001b[2K')
  })
})
