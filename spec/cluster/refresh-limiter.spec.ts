import { expect } from 'chai'
import fc from 'fast-check'
import { RefreshLimiter } from '../../lib/cluster/refresh-limiter.js'

const almostOne = (): number => 0.999999

describe('RefreshLimiter', () => {
  it('lets any number of requests start at once while none has failed', () => {
    const limiter = new RefreshLimiter()
    for (let i = 0; i < 1000; i++) {
      expect(limiter.waitMs(100, false)).to.equal(0)
      limiter.started(100, false)
      limiter.succeeded()
    }
  })

  it('lets the first ten repeated requests start at once and the eleventh a second after the first', () => {
    const limiter = new RefreshLimiter()
    for (let i = 0; i < 10; i++) {
      expect(limiter.waitMs(100 + i, true)).to.equal(0)
      limiter.started(100 + i, true)
    }
    expect(limiter.waitMs(110, true)).to.equal(990)
    expect(limiter.waitMs(1100, true)).to.equal(0)
  })

  it('lets a request for something new start at once while repeated ones have to wait', () => {
    const limiter = new RefreshLimiter(almostOne)
    for (let i = 0; i < 20; i++) {
      limiter.started(0, true)
      limiter.succeeded()
      limiter.wasFruitless(0)
    }
    expect(limiter.waitMs(0, true)).to.be.above(0)
    expect(limiter.waitMs(0, false)).to.equal(0)
  })

  for (const [title, isRepeat, fail] of [
    ['repeated requests', true, () => {}],
    ['requests after a failure', false, (limiter: RefreshLimiter, nowMs: number) => limiter.failed(nowMs)],
  ] as const) {
    it(`never lets more than ten ${title} start within a second, whatever the times`, () => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 60 }), (pauses) => {
          const limiter = new RefreshLimiter(() => 0)
          fail(limiter, 0)
          const starts: number[] = isRepeat ? [] : [0]
          let nowMs = 0
          for (const pause of pauses) {
            nowMs += pause
            nowMs += limiter.waitMs(nowMs, isRepeat)
            limiter.started(nowMs, isRepeat)
            starts.push(nowMs)
            fail(limiter, nowMs)
          }
          for (let i = 10; i < starts.length; i++) expect(starts[i]! - starts[i - 10]!).to.be.at.least(1000)
        }),
      )
    })
  }

  it('waits after failures up to twice as long each time, half a second at most', () => {
    const limiter = new RefreshLimiter(almostOne)
    const waits = Array.from({ length: 8 }, (_, i) => {
      limiter.failed(i * 10_000)
      return Math.round(limiter.waitMs(i * 10_000, false))
    })
    expect(waits).to.deep.equal([25, 50, 100, 200, 400, 500, 500, 500])
  })

  it('waits after failed repetitions up to twice as long each time, a tenth of a second at most', () => {
    const limiter = new RefreshLimiter(almostOne)
    const waits = Array.from({ length: 5 }, (_, i) => {
      limiter.wasFruitless(i * 10_000)
      return Math.round(limiter.waitMs(i * 10_000, true))
    })
    expect(waits).to.deep.equal([25, 50, 100, 100, 100])
  })

  it('draws each wait by chance', () => {
    const chances = [0.5, 0]
    const limiter = new RefreshLimiter(() => chances.shift()!)
    limiter.failed(0)
    expect(limiter.waitMs(0, false)).to.equal(12.5)
    limiter.failed(0)
    expect(limiter.waitMs(0, false)).to.equal(0)
  })

  it('counts the wait from the failure', () => {
    const limiter = new RefreshLimiter(() => 0.4)
    limiter.failed(1000)
    expect([1000, 1004, 1010, 1020].map((nowMs) => limiter.waitMs(nowMs, false))).to.deep.equal([10, 6, 0, 0])
  })

  it('forgets failures after an answer', () => {
    const limiter = new RefreshLimiter(almostOne)
    limiter.failed(0)
    limiter.failed(0)
    limiter.succeeded()
    expect(limiter.waitMs(0, false)).to.equal(0)
    limiter.failed(0)
    expect(Math.round(limiter.waitMs(0, false))).to.equal(25)
  })

  it('forgets failed repetitions after a repetition with a new answer', () => {
    const limiter = new RefreshLimiter(almostOne)
    limiter.wasFruitless(0)
    limiter.wasFruitless(0)
    limiter.wasFruitful()
    expect(limiter.waitMs(0, true)).to.equal(0)
    limiter.wasFruitless(0)
    expect(Math.round(limiter.waitMs(0, true))).to.equal(25)
  })
})
