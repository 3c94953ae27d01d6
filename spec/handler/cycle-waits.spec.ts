import { expect } from 'chai'
import sinon from 'sinon'
import { CycleWaits } from '../../lib/handler/cycle-waits.js'
import { TimeLimits } from '../../lib/handler/time-limits.js'
import { pause } from '../../lib/timers.js'
import { pendingOf } from './support/pending-messages.js'

describe('CycleWaits', () => {
  let clock: sinon.SinonFakeTimers
  let waits: CycleWaits

  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: 1_000_000 })
    waits = new CycleWaits()
  })

  afterEach(() => clock.restore())

  /** Of messages that expire in this number of milliseconds, 0 for never. */
  function limitsOf(...limitsMs: number[]): TimeLimits {
    const messages = limitsMs.map((ms) => pendingOf('m', { deadlineMs: ms > 0 ? performance.now() + ms : 0 }))
    const limits = TimeLimits.of(messages, (over) => {
      for (const pending of over) pending.isSettled = true
    })!
    limits.check()
    return limits
  }

  /** How many milliseconds from now the wait ends. */
  async function lengthOf(wait: Promise<void>): Promise<number> {
    const startMs = performance.now()
    const over = wait.then(() => performance.now() - startMs)
    await clock.runAllAsync()
    return over
  }

  it('backs off for the given time', async () => {
    expect(await lengthOf(waits.backOff(100, null))).to.equal(100)
    expect(await lengthOf(waits.backOff(100, limitsOf(500)))).to.equal(100)
  })

  it('continues a back-off while a message is open', async () => {
    expect(await lengthOf(waits.backOff(100, limitsOf(30, 0)))).to.equal(100)
    expect(await lengthOf(waits.backOff(100, limitsOf(30, 120)))).to.equal(100)
  })

  it('does not back off without messages, and leaves no timer', async () => {
    const over = waits.backOff(100, limitsOf(30, 20))
    await clock.tickAsync(31)
    await over
    expect(clock.countTimers()).to.equal(0)
  })

  it('ends the current and later back-offs when it is ended', async () => {
    setTimeout(() => waits.end(), 40)
    expect(await lengthOf(Promise.all([waits.backOff(100, null), waits.backOff(90, null)]).then())).to.equal(
      40,
    )
    expect(await lengthOf(waits.backOff(100, null))).to.equal(0)
  })

  it('waits for an answer, without a timer of its own where no message has a time limit', async () => {
    const wait = waits.forAnswer(pause(60, new AbortController().signal), null)
    expect(clock.countTimers()).to.equal(1)
    expect(await lengthOf(wait)).to.equal(60)
  })

  it('waits for an answer no longer than the last time limit', async () => {
    expect(await lengthOf(waits.forAnswer(new Promise(() => {}), limitsOf(50, 20)))).to.be.within(50, 52)
  })
})
