import { expect } from 'chai'
import sinon from 'sinon'
import { CycleSequence } from '../../lib/handler/cycle-sequence.js'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import { turns } from '../network/support/doubles.js'
import { pendingOf, textsOf } from './support/pending-messages.js'

describe('CycleSequence', () => {
  let clock: sinon.SinonFakeTimers
  let sequence: CycleSequence
  /** What has happened, in its order. */
  let events: string[]
  /** Ends the cycles under way, the oldest first. */
  let ends: (() => void)[]

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    events = []
    ends = []
    sequence = new CycleSequence({
      run: async (messages, limits) => {
        limits?.check()
        events.push(`${textsOf(messages.filter(({ isSettled }) => !isSettled)).join(' ')} goes`)
        await new Promise<void>((resolve) => ends.push(resolve))
        for (const message of messages) message.isSettled = true
        limits?.end()
      },
      expire: (messages) => {
        for (const message of messages) message.isSettled = true
        events.push(`${textsOf(messages).join(' ')} expires`)
      },
    })
  })

  /** @param limitMs - 0 for none. */
  function dispatch(text: string, limitMs = 0): void {
    const deadlineMs = limitMs > 0 ? performance.now() + limitMs : 0
    const messages: PendingMessage[] = text.split(' ').map((value) => pendingOf(value, { deadlineMs }))
    void sequence.dispatch(messages).then(() => events.push(`${text} ends`))
  }

  async function tick(milliseconds: number): Promise<void> {
    clock.tick(milliseconds)
    await turns(3)
  }

  for (const limitMs of [0, 100]) {
    it(`ends a call with its cycle, with a time limit of ${limitMs}`, async () => {
      dispatch('a b', limitMs)
      await tick(50)
      expect(events).to.deep.equal(['a b goes'])
      ends[0]!()
      await tick(0)
      expect(events).to.deep.equal(['a b goes', 'a b ends'])
      expect(clock.countTimers()).to.equal(0)
    })
  }

  it('ends a call when all of its messages have expired, and begins the next cycle after its own', async () => {
    dispatch('a', 100)
    await tick(100)
    expect(events.splice(0)).to.deep.equal(['a goes', 'a expires', 'a ends'])
    dispatch('b', 100)
    await tick(50)
    expect(events).to.deep.equal([])
    ends[0]!()
    await tick(0)
    expect(events.splice(0)).to.deep.equal(['b goes'])
    ends[1]!()
    await tick(0)
    expect(events).to.deep.equal(['b ends'])
  })

  it('expires messages that wait for the end of a cycle, without a cycle for them', async () => {
    dispatch('a', 100)
    await tick(100)
    for (const text of ['b', 'c']) {
      dispatch(text, 100)
      await tick(100)
    }
    expect(events.splice(0)).to.deep.equal([
      'a goes',
      'a expires',
      'a ends',
      'b expires',
      'b ends',
      'c expires',
      'c ends',
    ])
    dispatch('d', 100)
    ends[0]!()
    await tick(0)
    expect(events).to.deep.equal(['d goes'])
    ends[1]!()
    await tick(0)
  })

  it('lets a call without time limits wait for the end of a cycle, too', async () => {
    dispatch('a', 100)
    await tick(100)
    dispatch('b')
    await tick(1000)
    expect(events.splice(0)).to.deep.equal(['a goes', 'a expires', 'a ends'])
    ends[0]!()
    await tick(0)
    expect(events).to.deep.equal(['b goes'])
    ends[1]!()
    await tick(0)
  })
})
