import { expect } from 'chai'
import fc from 'fast-check'
import { RefreshLimiter } from '../../lib/handler/refresh-limiter.js'

describe('RefreshLimiter', () => {
  it('lets ten requests start at once, and the eleventh a second after the first', () => {
    const limiter = new RefreshLimiter()
    for (let i = 0; i < 10; i++) {
      expect(limiter.waitMs(5000 + i)).to.equal(0)
      limiter.started(5000 + i)
    }
    expect(limiter.waitMs(5010)).to.equal(990)
    expect(limiter.waitMs(6000)).to.equal(0)
  })

  it('never lets more than ten start within any second, however they are asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(300), fc.boolean()), { maxLength: 100 }), (asks) => {
        const limiter = new RefreshLimiter()
        const starts: number[] = []
        let now = 0
        for (const [pause, isSuccess] of asks) {
          now += pause
          now += limiter.waitMs(now)
          limiter.started(now)
          starts.push(now)
          if (isSuccess) limiter.succeeded()
          else limiter.failed(now)
        }
        for (let i = 10; i < starts.length; i++) expect(starts[i]! - starts[i - 10]!).to.be.at.least(1000)
      }),
    )
  })

  it('waits longer after each failure, up to half a second', () => {
    const limiter = new RefreshLimiter(() => 0.999_999)
    const waits: number[] = []
    for (let i = 0; i < 8; i++) {
      const now = i * 10_000
      limiter.failed(now)
      waits.push(Math.round(limiter.waitMs(now)))
    }
    expect(waits).to.deep.equal([25, 50, 100, 200, 400, 500, 500, 500])
  })

  it('draws the wait after a failure, so that producers do not ask in step', () => {
    const limiter = new RefreshLimiter(() => 0.5)
    limiter.failed(0)
    expect(limiter.waitMs(0)).to.equal(12.5)
  })

  it('does not wait any more after a success', () => {
    const limiter = new RefreshLimiter(() => 0.5)
    limiter.failed(0)
    limiter.succeeded()
    expect(limiter.waitMs(0)).to.equal(0)
  })
})
