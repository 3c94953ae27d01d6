import { expect } from 'chai'
import { ProducerStates } from '../../lib/testing/producer-states.js'

const numbered = (first: number, last: number, epoch = 0, producerId = 1n) => ({
  producerId,
  epoch,
  first,
  last,
})

describe('What a test broker remembers of producers', () => {
  it('takes batches in order, and knows one that comes again among the last five', () => {
    const states = new ProducerStates()
    for (let i = 0; i < 6; i++) {
      const batch = numbered(i * 2, i * 2 + 1)
      expect(states.check(batch)).to.equal('append')
      states.stored(batch, BigInt(i * 2))
    }
    expect(states.check(numbered(2, 3))).to.equal(2n)
    expect(states.check(numbered(0, 1)), 'the sixth last').to.equal('OUT_OF_ORDER')
    expect(states.check(numbered(14, 15)), 'a gap').to.equal('OUT_OF_ORDER')
  })

  it('takes any number for the first of a producer, and 0 alone for the first of another epoch', () => {
    const states = new ProducerStates()
    expect(states.check(numbered(7, 7))).to.equal('append')
    states.stored(numbered(7, 7), 0n)
    expect(states.check(numbered(8, 8, 1))).to.equal('OUT_OF_ORDER')
    expect(states.check(numbered(0, 0, 1))).to.equal('append')
    states.stored(numbered(0, 0, 1), 1n)
    expect(states.check(numbered(8, 8, 0))).to.equal('OLD_EPOCH')
    expect(states.check(numbered(3, 3, 0, 2n)), 'another producer').to.equal('append')
  })

  it('counts on from 0 after the largest number', () => {
    const states = new ProducerStates()
    states.stored(numbered(2147483646, 2147483647), 0n)
    expect(states.check(numbered(0, 0))).to.equal('append')
  })
})
