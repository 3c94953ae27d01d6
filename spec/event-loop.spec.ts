import { expect } from 'chai'
import sinon from 'sinon'
import { EventLoopYield } from '../lib/event-loop.js'

describe('EventLoopYield', () => {
  let clock: sinon.SinonFakeTimers
  let eventLoop: EventLoopYield

  beforeEach(() => {
    clock = sinon.useFakeTimers()
    eventLoop = new EventLoopYield()
  })

  afterEach(() => {
    sinon.restore()
    clock.restore()
  })

  /** Time that passes without a turn of the event loop, as in a loop of microtasks. */
  function busy(milliseconds: number): void {
    const now = performance.now() + milliseconds
    sinon.stub(performance, 'now').returns(now)
  }

  it('does not delay work that has just begun, and leaves no timer', () => {
    expect(eventLoop.due()).to.equal(null)
    expect(clock.countTimers()).to.equal(0)
  })

  it('requests a turn after 2 ms and awaits it after 2 ms more', () => {
    busy(2)
    expect(eventLoop.due()).to.equal(null)
    sinon.restore()
    busy(4)
    expect(eventLoop.due()).to.be.instanceOf(Promise)
  })

  it('shares one turn among all callers, and continues after it', async () => {
    busy(2)
    eventLoop.due()
    sinon.restore()
    busy(4)
    const turns = [eventLoop.due(), eventLoop.due()]
    expect(turns[0]).to.equal(turns[1])
    await clock.runAllAsync()
    await turns[0]
    expect(eventLoop.due()).to.equal(null)
  })

  it('makes everybody wait once a turn is overdue, without a look at the clock, and nobody after it', async () => {
    busy(2)
    eventLoop.due()
    expect(eventLoop.overdue).to.equal(null)
    sinon.restore()
    busy(4)
    const turn = eventLoop.due()
    expect(turn).to.be.instanceOf(Promise)
    expect(eventLoop.overdue).to.equal(turn)
    await clock.runAllAsync()
    expect(eventLoop.overdue).to.equal(null)
  })

  it('awaits nothing where the event loop has turned by itself', async () => {
    busy(2)
    eventLoop.due()
    await clock.runAllAsync()
    sinon.restore()
    busy(3)
    expect(eventLoop.due()).to.equal(null)
  })
})
