import { expect } from 'chai'
import { Distribution } from '../../lib/metrics/distribution.js'

const MINUTE_MS = 60_000

describe('Distribution', () => {
  function of(values: readonly number[], resolution?: number): Distribution {
    const distribution = new Distribution(resolution)
    for (const value of values) distribution.record(value, 0)
    return distribution
  }

  it('is all zero before the first value', () => {
    expect(new Set(Object.values(new Distribution().read()))).to.deep.equal(new Set([0]))
  })

  it('reports exact count, sum, minimum, maximum, mean and deviation', () => {
    expect(of([2, 4, 4, 4, 5, 5, 7, 9]).read()).to.deep.include({
      count: 8,
      sum: 40,
      min: 2,
      max: 9,
      mean: 5,
    })
    expect(of([2, 4, 4, 4, 5, 5, 7, 9]).read().stdDev).to.be.closeTo(Math.sqrt(32 / 7), 1e-12)
  })

  it('has no deviation of one value', () => {
    expect(of([3]).read()).to.include({ stdDev: 0, mean: 3 })
  })

  it('counts zero as a value', () => {
    expect(of([0, 0]).read()).to.deep.include({ count: 2, min: 0, max: 0, p50: 0, p999: 0 })
  })

  it('gives percentiles to one part in a hundred', () => {
    const { p50, p75, p95, p98, p99, p999 } = of(Array.from({ length: 100_000 }, (_, i) => i + 1)).read()
    const expected = [50_000, 75_000, 95_000, 98_000, 99_000, 99_900]
    for (const [i, value] of [p50, p75, p95, p98, p99, p999].entries()) {
      expect(value / expected[i]!).to.be.within(0.99, 1.01)
    }
  })

  it('never gives a percentile above the largest value', () => {
    expect(of([1_000_003]).read()).to.include({ p50: 1_000_003, p999: 1_000_003 })
  })

  it('distinguishes values to the given resolution', () => {
    expect(of([0.25, 0.25, 0.25, 0.004], 1000).read()).to.include({ p50: 0.25, min: 0.004 })
  })

  it('takes values of any size: hours in microseconds', () => {
    expect(of([24 * 60 * MINUTE_MS], 1000).read().p99).to.be.closeTo(24 * 60 * MINUTE_MS, 1)
  })

  describe('with time', () => {
    let distribution: Distribution

    beforeEach(() => {
      distribution = new Distribution()
      distribution.record(100, 0)
    })

    it('keeps values in its percentiles for five minutes and more', () => {
      distribution.record(1, 9 * MINUTE_MS)
      expect(distribution.read()).to.include({ p50: 1, p99: 100 })
    })

    it('counts values of both halves', () => {
      distribution.record(100, 4 * MINUTE_MS)
      distribution.record(1, 6 * MINUTE_MS)
      expect(distribution.read()).to.include({ p50: 100 })
      distribution.record(1, 6 * MINUTE_MS)
      distribution.record(1, 6 * MINUTE_MS)
      expect(distribution.read()).to.include({ p50: 1, p99: 100 })
    })

    it('drops values from its percentiles after ten minutes of traffic', () => {
      for (let minute = 1; minute <= 11; minute++) distribution.record(1, minute * MINUTE_MS)
      expect(distribution.read()).to.deep.include({ p50: 1, p999: 1, count: 12, max: 100, sum: 111 })
    })

    it('drops old values at once when a value comes after a long pause', () => {
      distribution.record(1, 60 * MINUTE_MS)
      expect(distribution.read()).to.include({ p999: 1, max: 100 })
      distribution.record(2, 120 * MINUTE_MS)
      expect(distribution.read()).to.include({ p50: 2, p999: 2 })
    })

    it('keeps the last values while none comes', () => {
      expect(distribution.read()).to.include({ p50: 100 })
    })
  })
})
