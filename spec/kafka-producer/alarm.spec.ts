import { expect } from 'chai'
import sinon from 'sinon'
import { Alarm } from '../../lib/kafka-producer/alarm.js'

describe('Alarm', () => {
  let clock: sinon.SinonFakeTimers
  let rings: number
  let alarm: Alarm

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    rings = 0
    alarm = new Alarm(() => rings++)
  })

  it('goes off at the earliest time that it was set for, and once', () => {
    alarm.set(100, 0, true)
    alarm.set(50, 0, true)
    alarm.set(80, 0, true)
    clock.tick(49)
    expect(rings).to.equal(0)
    clock.tick(100)
    expect(rings).to.equal(1)
  })

  it('never goes off before a fraction of a millisecond has passed', () => {
    alarm.set(10.4, 0, true)
    clock.tick(10)
    expect(rings).to.equal(0)
    clock.tick(1)
    expect(rings).to.equal(1)
  })

  it('may be set again once it has gone off, and not for ever', () => {
    alarm.set(10, 0, true)
    clock.tick(10)
    alarm.set(Number.POSITIVE_INFINITY, 10, true)
    expect(clock.countTimers()).to.equal(0)
    alarm.set(30, 10, true)
    clock.tick(20)
    expect(rings).to.equal(2)
  })

  it('has one timer, and none once it is cleared', () => {
    for (const dueMs of [100, 50, 20]) alarm.set(dueMs, 0, true)
    expect(clock.countTimers()).to.equal(1)
    alarm.clear()
    expect(clock.countTimers()).to.equal(0)
  })
})
