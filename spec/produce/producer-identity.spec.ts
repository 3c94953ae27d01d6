import { expect } from 'chai'
import {
  isKnown,
  isLaterSequence,
  isSameProducer,
  NO_PRODUCER,
  NO_SEQUENCE,
  sequenceAfter,
} from '../../lib/produce/producer-identity.js'

const LAST = 2147483647

describe('sequence numbers', () => {
  const rows: [sequence: number, count: number, next: number][] = [
    [0, 1, 1],
    [41, 5, 46],
    [LAST - 1, 1, LAST],
    [LAST, 1, 0],
    [LAST - 2, 5, 2],
    [0, LAST, LAST],
    [3, -3, 0],
    [1, -3, LAST - 1],
  ]
  for (const [sequence, count, next] of rows) {
    it(`go from ${sequence} over ${count} records to ${next}`, () => {
      expect(sequenceAfter(sequence, count)).to.equal(next)
    })
  }

  const order: [a: number, b: number, isLater: boolean][] = [
    [1, 0, true],
    [0, 1, false],
    [7, 7, false],
    [0, LAST, true],
    [4, LAST - 4, true],
    [LAST, 0, false],
    [0, NO_SEQUENCE, true],
    [NO_SEQUENCE, 0, false],
    [NO_SEQUENCE, NO_SEQUENCE, false],
  ]
  for (const [a, b, isLater] of order) {
    it(`have ${a} ${isLater ? 'after' : 'not after'} ${b}`, () => {
      expect(isLaterSequence(a, b)).to.equal(isLater)
    })
  }
})

describe('producer identities', () => {
  it('are unknown before an id was granted, and known with id 0', () => {
    expect([isKnown(NO_PRODUCER), isKnown({ producerId: 0n, epoch: 0 })]).to.deep.equal([false, true])
  })

  it('differ in their id or their epoch', () => {
    const one = { producerId: 1n, epoch: 1 }
    const others = [{ ...one }, { ...one, epoch: 2 }, { ...one, producerId: 2n }]
    expect(others.map((other) => isSameProducer(one, other))).to.deep.equal([true, false, false])
  })
})
