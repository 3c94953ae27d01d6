import { expect } from 'chai'
import fc from 'fast-check'
import { Fifo } from '../lib/fifo.js'

describe('Fifo', () => {
  it('is empty before the first item', () => {
    const fifo = new Fifo<string>()
    expect([fifo.size, fifo.peek(), fifo.shift(), fifo.size]).to.deep.equal([0, undefined, undefined, 0])
  })

  it('returns the oldest item without removing it', () => {
    const fifo = new Fifo<string>()
    fifo.push('a')
    fifo.push('b')
    expect([fifo.peek(), fifo.peek(), fifo.size]).to.deep.equal(['a', 'a', 2])
  })

  it('takes items back in front of the oldest one, also when it is empty or full', () => {
    const fifo = new Fifo<number>()
    for (let i = 0; i < 20; i++) fifo.unshift(i)
    fifo.push(100)
    expect([fifo.size, fifo.take(21)]).to.deep.equal([
      21,
      [...Array.from({ length: 20 }, (_, i) => 19 - i), 100],
    ])
  })

  it('removes several items at once, and no more than there are', () => {
    const fifo = new Fifo<string>()
    for (const item of ['a', 'b', 'c']) fifo.push(item)
    expect([fifo.take(2), fifo.take(0), fifo.take(2), fifo.take(2), fifo.size]).to.deep.equal([
      ['a', 'b'],
      [],
      ['c'],
      [],
      0,
    ])
  })

  it('accepts items after it has run empty, also when it was large', () => {
    const fifo = new Fifo<number>()
    for (let i = 0; i < 20_000; i++) fifo.push(i)
    for (let i = 0; i < 20_000; i++) expect(fifo.shift()).to.equal(i)
    fifo.push(1)
    expect([fifo.shift(), fifo.shift()]).to.deep.equal([1, undefined])
  })

  it('returns items in their order, for random operations', () => {
    const steps = fc.array(
      fc.record({ push: fc.nat(40), shift: fc.nat(40), unshift: fc.nat(3), take: fc.nat(40) }),
      {
        maxLength: 20,
      },
    )
    fc.assert(
      fc.property(steps, (all) => {
        const fifo = new Fifo<number>()
        const expected: number[] = []
        let next = 0
        for (const { push, shift, unshift, take } of all) {
          for (let i = 0; i < push; i++) {
            expected.push(next)
            fifo.push(next++)
          }
          for (let i = 0; i < shift; i++) expect(fifo.shift()).to.equal(expected.shift())
          for (let i = 0; i < unshift; i++) {
            expected.unshift(next)
            fifo.unshift(next++)
          }
          expect(fifo.front(take)).to.deep.equal(expected.slice(0, take))
          expect(fifo.take(take)).to.deep.equal(expected.splice(0, take))
          expect([fifo.size, fifo.peek()]).to.deep.equal([expected.length, expected[0]])
        }
      }),
    )
  })
})
