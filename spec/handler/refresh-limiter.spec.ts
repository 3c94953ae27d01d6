import { expect } from 'chai'
import fc from 'fast-check'
import { RefreshLimiter } from '../../lib/handler/refresh-limiter.js'

describe('RefreshLimiter', () => {
  it('lets the first ten requests start at once and the eleventh a second after the first', () => {
    const limiter = new RefreshLimiter()
    for (let i = 0; i < 10; i++) {
      expect(limiter.waitMs(100 + i)).to.equal(0)
      limiter.started(100 + i)
    }
    expect(limiter.waitMs(110)).to.equal(990)
    expect(limiter.waitMs(1100)).to.equal(0)
  })

  it('never lets more than ten start within a second, whatever the times', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 60 }), (pauses) => {
        const limiter = new RefreshLimiter()
        const starts: number[] = []
        let nowMs = 0
        for (const pause of pauses) {
          nowMs += pause
          nowMs += limiter.waitMs(nowMs)
          limiter.started(nowMs)
          starts.push(nowMs)
        }
        for (let i = 10; i < starts.length; i++) expect(starts[i]! - starts[i - 10]!).to.be.at.least(1000)
      }),
    )
  })

  it('waits after failures up to twice as long each time, half a second at most', () => {
    const limiter = new RefreshLimiter(() => 0.999999)
    const waits = Array.from({ length: 8 }, (_, i) => {
      limiter.failed(i * 10_000)
      return Math.round(limiter.waitMs(i * 10_000))
    })
    expect(waits).to.deep.equal([25, 50, 100, 200, 400, 500, 500, 500])
  })

  it('draws each wait by chance', () => {
    const chances = [0.5, 0]
    const limiter = new RefreshLimiter(() => chances.shift()!)
    limiter.failed(0)
    expect(limiter.waitMs(0)).to.equal(12.5)
    limiter.failed(0)
    expect(limiter.waitMs(0)).to.equal(0)
  })

  it('counts the wait from the failure', () => {
    const limiter = new RefreshLimiter(() => 0.4)
    limiter.failed(1000)
    expect([1000, 1004, 1010, 1020].map((nowMs) => limiter.waitMs(nowMs))).to.deep.equal([10, 6, 0, 0])
  })

  it('forgets failures after a success', () => {
    const limiter = new RefreshLimiter(() => 0.999999)
    limiter.failed(0)
    limiter.failed(0)
    limiter.succeeded()
    expect(limiter.waitMs(0)).to.equal(0)
    limiter.failed(0)
    expect(Math.round(limiter.waitMs(0))).to.equal(25)
  })
})
