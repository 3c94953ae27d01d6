import { expect } from 'chai'
import { SecondLooks } from '../../lib/network/second-looks.js'

describe('SecondLooks', () => {
  it('are due after three seconds and after a minute, once each', () => {
    const looks = new SecondLooks(1000)
    const times = [1000, 3999, 4000, 4001, 60_999, 61_000, 61_001, 10_000_000]
    expect(times.filter((nowMs) => looks.isDue(nowMs))).to.deep.equal([4000, 61_000])
  })
})
