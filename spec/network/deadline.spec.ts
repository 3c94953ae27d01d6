import { expect } from 'chai'
import sinon from 'sinon'
import { startDeadline } from '../../lib/network/deadline.js'

describe('startDeadline', () => {
  let clock: sinon.SinonFakeTimers
  const onExpired = sinon.spy()

  beforeEach(() => {
    onExpired.resetHistory()
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] })
  })

  it('expires once, when the time is up and the event loop has had its turn', () => {
    startDeadline(100, onExpired)
    clock.tick(99)
    expect(onExpired.callCount).to.equal(0)
    clock.tick(1)
    clock.runAll()
    expect(onExpired.callCount).to.equal(1)
  })

  it('leaves a turn between the end of the time and its expiry', () => {
    const order: string[] = []
    startDeadline(100, () => order.push('expired'))
    setTimeout(() => setImmediate(() => order.push('read')), 0)
    setTimeout(() => order.push('time is up'), 100)
    clock.runAll()
    expect(order).to.deep.equal(['read', 'time is up', 'expired'])
  })

  it('does not expire after it was cancelled', () => {
    startDeadline(100, onExpired)()
    clock.runAll()
    expect(onExpired.callCount).to.equal(0)
    expect(clock.countTimers()).to.equal(0)
  })

  it('can be cancelled in the very last turn', () => {
    const cancel = startDeadline(100, onExpired)
    setTimeout(cancel, 100)
    clock.runAll()
    expect(onExpired.callCount).to.equal(0)
  })

  it('can be cancelled twice, and after it has expired', () => {
    const cancel = startDeadline(100, onExpired)
    clock.runAll()
    cancel()
    cancel()
    expect(onExpired.callCount).to.equal(1)
  })
})
