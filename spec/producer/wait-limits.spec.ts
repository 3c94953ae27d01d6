import { expect } from 'chai'
import sinon from 'sinon'
import { WaitLimits } from '../../lib/producer/wait-limits.js'

describe('WaitLimits', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => {
    clock = sinon.useFakeTimers()
  })

  function makeLimits() {
    const ended: string[][] = []
    const limits = new WaitLimits<string>((waiters) => ended.push([...waiters]))
    return { limits, ended }
  }

  it('has one timer, however many wait', () => {
    const { limits } = makeLimits()
    for (let i = 0; i < 1000; i++) limits.add(`${i}`, 100)
    expect(clock.countTimers()).to.equal(1)
  })

  it('ends each wait when its own time limit has passed, and those of one moment together', () => {
    const { limits, ended } = makeLimits()
    limits.add('a', 100)
    limits.add('b', 100)
    clock.tick(40)
    limits.add('c', 100)
    clock.tick(59)
    expect(ended).to.deep.equal([])
    clock.tick(1)
    expect(ended).to.deep.equal([['a', 'b']])
    clock.tick(39)
    expect(ended).to.have.length(1)
    clock.tick(1)
    expect([ended, clock.countTimers()]).to.deep.equal([[['a', 'b'], ['c']], 0])
  })

  it('ends no wait that was removed, and has no timer when none is left', () => {
    const { limits, ended } = makeLimits()
    const first = limits.add('a', 100)
    clock.tick(10)
    const second = limits.add('b', 100)
    limits.remove(first)
    clock.tick(99)
    expect([ended, clock.countTimers()]).to.deep.equal([[], 1])
    limits.remove(second)
    expect(clock.countTimers()).to.equal(0)
  })

  it('goes on where a wait is added while others end', () => {
    const limits: WaitLimits<string> = new WaitLimits((waiters) => {
      ended.push(...waiters)
      if (ended.length === 1) limits.add('again', 100)
    })
    const ended: string[] = []
    limits.add('a', 100)
    clock.tick(200)
    expect([ended, clock.countTimers()]).to.deep.equal([['a', 'again'], 0])
  })
})
