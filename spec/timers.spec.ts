import { expect } from 'chai'
import sinon from 'sinon'
import { pause } from '../lib/timers.js'

describe('pause', () => {
  let clock: sinon.SinonFakeTimers
  let controller: AbortController

  beforeEach(() => {
    clock = sinon.useFakeTimers()
    controller = new AbortController()
  })

  afterEach(() => clock.restore())

  async function overAfter(milliseconds: number): Promise<number> {
    const over = pause(milliseconds, controller.signal).then(() => clock.now)
    await clock.runAllAsync()
    return over
  }

  it('lasts for the given time', async () => {
    expect(await overAfter(50)).to.equal(50)
  })

  it('ends when its signal aborts, and leaves no timer', async () => {
    setTimeout(() => controller.abort(), 20)
    expect(await overAfter(50)).to.equal(20)
    expect(clock.countTimers()).to.equal(0)
  })

  it('does not begin where its signal is aborted already', async () => {
    controller.abort()
    expect(await overAfter(50)).to.equal(0)
  })
})
