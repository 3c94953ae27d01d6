import { expect } from 'chai'
import { linearScale, logScale } from '../../../../lib/cli-perf/report/svg/scale.js'

describe('The linear scale of a chart', () => {
  it('has ticks at 1, 2 or 5 times a power of ten, up to the first that is not below the highest value', () => {
    const rows = [
      [0, 97, 6, [0, 20, 40, 60, 80, 100]],
      [0, 0.3, 6, [0, 0.1, 0.2, 0.3]],
      [0, 1_500_000, 4, [0, 500_000, 1_000_000, 1_500_000]],
      [0, 0, 4, [0, 0.5, 1]],
    ] as const
    for (const [min, max, ticks, expected] of rows) {
      expect(linearScale(min, max, ticks).ticks, `${min} to ${max}`).to.deep.equal(expected)
    }
  })

  it('ends at the highest value itself where it has to be exact', () => {
    const scale = linearScale(0, 0.97, 6, true)
    expect(scale.ticks).to.deep.equal([0, 0.2, 0.4, 0.6, 0.8])
    expect(scale.at(0.97)).to.equal(1)
  })

  it('never has more ticks than were asked for, and every tick lies between the ends', () => {
    for (let max = 0.001; max < 1e9; max *= 1.37) {
      for (const maxTicks of [2, 3, 7, 12]) {
        const { ticks, at } = linearScale(0, max, maxTicks, true)
        expect(ticks.length, `${max}`).to.be.within(1, maxTicks)
        for (const tick of ticks) expect(at(tick)).to.be.within(0, 1 + 1e-9)
      }
    }
  })
})

describe('The logarithmic scale of a chart', () => {
  it('goes from the tick at or below the lowest value to the one at or above the highest', () => {
    const scale = logScale(0.3, 40, 12)
    expect(scale.ticks).to.deep.equal([0.2, 0.5, 1, 2, 5, 10, 20, 50])
    expect([scale.at(0.2), scale.at(50)]).to.deep.equal([0, 1])
  })

  it('has powers of ten alone where more ticks have no room', () => {
    expect(logScale(0.001, 900, 7).ticks).to.deep.equal([0.001, 0.01, 0.1, 1, 10, 100, 1000])
    expect(logScale(0.001, 900, 4).ticks).to.deep.equal([0.001, 0.1, 10, 1000])
  })

  it('has two ends where all values are the same', () => {
    expect(logScale(1, 1, 7).ticks).to.deep.equal([1, 2])
    expect(logScale(3, 3, 7).ticks).to.deep.equal([2, 5])
  })

  it('puts a power of ten in the middle of its neighbours', () => {
    expect(logScale(1, 100, 7).at(10)).to.be.closeTo(0.5, 1e-9)
  })
})
