import { expect } from 'chai'
import { Sampled } from '../../lib/metrics/sampled.js'

/** Expected figures are worked out by hand from the rules of Kafka's SampledStat and Rate 4.3. */
describe('Sampled', () => {
  const twoSeconds = { windowMs: 1000, samples: 2 }

  function recorded(
    values: readonly (readonly [atMs: number, value: number])[],
    options = twoSeconds,
  ): Sampled {
    const sampled = new Sampled(options)
    for (const [atMs, value] of values) sampled.record(value, atMs)
    return sampled
  }

  it('Sampled without a value has a rate of 0 and neither average nor maximum', () => {
    const sampled = new Sampled(twoSeconds)
    expect([sampled.rate(5000), sampled.countRate(5000), sampled.total, sampled.count]).to.deep.equal([
      0, 0, 0, 0,
    ])
    expect([sampled.average(5000), sampled.max(5000)]).to.deep.equal([Number.NaN, Number.NaN])
  })

  it('a rate that has just begun counts as if all windows but one were over', () => {
    const sampled = recorded([[0, 50]])
    expect(sampled.rate(0)).to.be.closeTo(50 / 1, 1e-9)
    expect(sampled.rate(999)).to.be.closeTo(50 / 1.999, 1e-9)
  })

  it('a rate of one window is never divided by less than a millisecond', () => {
    expect(recorded([[7, 2]], { windowMs: 1000, samples: 1 }).rate(7)).to.equal(2000)
  })

  it('a rate refers to the time since its oldest sample began', () => {
    const sampled = recorded(
      [
        [0, 100],
        [30_000, 100],
      ],
      { windowMs: 30_000, samples: 3 },
    )
    expect(sampled.rate(75_000)).to.be.closeTo(200 / 75, 1e-9)
  })

  it('a sample counts until its last value is older than all windows, and then no more', () => {
    const at = [0, 99, 100, 900, 999, 1100, 1199, 1200, 2000, 2099]
    const sampled = recorded(at.map((atMs) => [atMs, 1]))
    expect(sampled.rate(2099)).to.be.closeTo(10 / 2.099, 1e-9)
    expect(sampled.rate(2998)).to.be.closeTo(10 / 2.998, 1e-9)
    expect(sampled.rate(2999)).to.be.closeTo(5 / 1.899, 1e-9)
  })

  it('a rate of occurrences counts values and not their sum', () => {
    const sampled = recorded([
      [0, 100],
      [500, 300],
    ])
    expect(sampled.rate(1000)).to.be.closeTo(400, 1e-9)
    expect(sampled.countRate(1000)).to.be.closeTo(2, 1e-9)
  })

  it('average and maximum are those of the windows, and NaN once there is nothing in them', () => {
    const sampled = recorded([
      [0, 1],
      [10, 9],
      [1500, 2],
    ])
    expect([sampled.average(1500), sampled.max(1500)]).to.deep.equal([4, 9])
    expect([sampled.average(2010), sampled.max(2010)]).to.deep.equal([2, 2])
    expect([sampled.average(3500), sampled.max(3500)]).to.deep.equal([Number.NaN, Number.NaN])
  })

  it('a maximum of negative values is negative', () => {
    expect(recorded([[0, -3]]).max(0)).to.equal(-3)
  })

  it('totals keep what the windows have forgotten', () => {
    const sampled = recorded([
      [0, 5],
      [60_000, 7],
    ])
    expect(sampled.max(200_000)).to.deep.equal(Number.NaN)
    expect([sampled.total, sampled.count]).to.deep.equal([12, 2])
  })

  it('a value after a long pause begins a new sample in place of the oldest one', () => {
    const sampled = recorded([
      [0, 1],
      [1000, 2],
      [2000, 4],
      [3000, 8],
      [4000, 16],
    ])
    // Samples of 2000 and 3000 are kept beside that of 4000; that of 2000 is out of date.
    expect(sampled.average(4000)).to.equal(12)
    expect(sampled.rate(4000)).to.be.closeTo(24 / 1, 1e-9)
  })
})
