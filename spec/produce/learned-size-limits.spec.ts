import { expect } from 'chai'
import sinon from 'sinon'
import { LearnedSizeLimits } from '../../lib/produce/learned-size-limits.js'

describe('LearnedSizeLimits', () => {
  let clock: sinon.SinonFakeTimers
  let limits: LearnedSizeLimits

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['performance'] })
    limits = new LearnedSizeLimits()
  })

  it('has no limit at first', () => {
    expect(limits.isTooLarge('t', 2 ** 31)).to.equal(false)
  })

  it('reports a set as too large when one of its size or smaller was refused in its topic', () => {
    limits.refused('t', 1000)
    expect([999, 1000, 1001].map((bytes) => limits.isTooLarge('t', bytes))).to.deep.equal([false, true, true])
    expect(limits.isTooLarge('u', 1001)).to.equal(false)
  })

  it('keeps the smallest size that was refused', () => {
    for (const bytes of [1000, 500, 800]) limits.refused('t', bytes)
    expect([499, 500].map((bytes) => limits.isTooLarge('t', bytes))).to.deep.equal([false, true])
  })

  it('learns nothing from sets whose messages count by themselves', () => {
    limits.refused('t', 0)
    limits.refused('u', 100)
    expect([limits.isTooLarge('t', 1), limits.isTooLarge('u', 0)]).to.deep.equal([false, false])
  })

  it('forgets after five minutes, because the limit may have been raised', () => {
    limits.refused('t', 1000)
    clock.tick(299_999)
    expect(limits.isTooLarge('t', 1000)).to.equal(true)
    clock.tick(1)
    expect(limits.isTooLarge('t', 1000)).to.equal(false)
  })

  it('counts five minutes from the first refusal of a size', () => {
    limits.refused('t', 1000)
    clock.tick(200_000)
    limits.refused('t', 1000)
    clock.tick(100_000)
    expect(limits.isTooLarge('t', 1000)).to.equal(false)
  })

  it('keeps a thousand topics, and drops the one with the oldest refusal', () => {
    for (let i = 0; i <= 1000; i++) limits.refused(`t${i}`, 10)
    expect(['t0', 't1', 't1000'].map((topic) => limits.isTooLarge(topic, 10))).to.deep.equal([
      false,
      true,
      true,
    ])
  })
})
