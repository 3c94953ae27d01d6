import { expect } from 'chai'
import sinon from 'sinon'
import { AcceptanceClock } from '../../lib/producer/acceptance-clock.js'

describe('AcceptanceClock', () => {
  let nowMs: number
  beforeEach(() => {
    nowMs = 1000
    sinon.stub(Date, 'now').callsFake(() => nowMs)
    sinon.stub(performance, 'now').callsFake(() => nowMs - 1000)
  })

  it('gives the messages of one turn the same answer, with one look at the clock', () => {
    const clock = new AcceptanceClock(0)
    const first = clock.now()
    nowMs = 1001
    expect(clock.now()).to.equal(first)
    expect(first).to.deep.equal({ timestampMs: 1000, acceptedMs: 0, deadlineMs: 0 })
    expect((Date.now as unknown as sinon.SinonStub).callCount).to.equal(1)
  })

  it('looks again in the next turn, whatever has woken it', async () => {
    for (const turn of [setImmediate, (callback: () => void) => setTimeout(callback, 0)]) {
      const clock = new AcceptanceClock(0)
      clock.now()
      nowMs++
      await new Promise<void>((resolve) => turn(resolve))
      expect(clock.now().timestampMs).to.equal(nowMs)
    }
  })

  it('looks again after 256 messages of a long turn', () => {
    const clock = new AcceptanceClock(0)
    for (let i = 0; i < 256; i++) {
      expect(clock.now().timestampMs).to.equal(1000)
      nowMs = 2000
    }
    expect(clock.now().timestampMs).to.equal(2000)
  })

  it('counts the time limit from its look, on the monotonic clock', () => {
    expect(new AcceptanceClock(500).now()).to.deep.equal({
      timestampMs: 1000,
      acceptedMs: 0,
      deadlineMs: 500,
    })
  })
})
