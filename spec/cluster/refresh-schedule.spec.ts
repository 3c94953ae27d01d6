import { expect } from 'chai'
import { RefreshSchedule } from '../../lib/cluster/refresh-schedule.js'

describe('RefreshSchedule', () => {
  for (const intervalMs of [0, 1, 600_000]) {
    it(`makes a refresh due at the first send, with an interval of ${intervalMs} ms`, () => {
      expect(new RefreshSchedule(intervalMs).isDue(['t'], 0)).to.equal(true)
    })
  }

  it('makes a refresh due when more than the interval has passed since the last one', () => {
    const schedule = new RefreshSchedule(100)
    const due = [1000, 1001, 1100, 1100.5, 1200.5, 1201].filter((nowMs) => schedule.isDue(['t'], nowMs))
    expect(due).to.deep.equal([1000, 1100.5, 1201])
  })

  it('makes a refresh due at every attempt with an interval of 0, even where the clock has not moved', () => {
    const schedule = new RefreshSchedule(0)
    const due = [5, 5, 5.1, 6, 6].map((nowMs) => schedule.isDue(['t'], nowMs))
    expect(due).to.deep.equal([true, true, true, true, true])
  })

  it('never makes a refresh due with a negative interval', () => {
    const schedule = new RefreshSchedule(-1)
    expect([0, 1e12].map((nowMs) => schedule.isDue(['t'], nowMs))).to.deep.equal([false, false])
  })

  it('keeps no topics with a negative interval', () => {
    const schedule = new RefreshSchedule(-1)
    schedule.isDue(['t'], 0)
    expect(schedule.begin()).to.deep.equal([])
  })

  it('leaves out a forgotten topic', () => {
    const schedule = new RefreshSchedule(100)
    schedule.isDue(['a', 'b'], 0)
    schedule.forget('a')
    expect(schedule.begin()).to.deep.equal(['b'])
  })

  it('covers the topics used since the previous refresh, including those of the current send', () => {
    const schedule = new RefreshSchedule(100)
    schedule.isDue(['a'], 0)
    expect(schedule.begin()).to.deep.equal(['a'])
    schedule.isDue(['b', 'c'], 10)
    schedule.isDue(['c'], 20)
    schedule.isDue(['d'], 101)
    expect(schedule.begin()).to.deep.equal(['b', 'c', 'd'])
    expect(schedule.begin()).to.deep.equal([])
  })

  it('counts the interval from when a refresh was due, whether or not it succeeds', () => {
    const schedule = new RefreshSchedule(100)
    schedule.isDue(['t'], 0)
    expect(schedule.isDue(['t'], 100)).to.equal(false)
    expect(schedule.isDue(['t'], 101)).to.equal(true)
  })
})
