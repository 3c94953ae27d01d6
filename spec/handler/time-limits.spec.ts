import { expect } from 'chai'
import sinon from 'sinon'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import { TimeLimits } from '../../lib/handler/time-limits.js'
import { turns } from '../network/support/doubles.js'
import { pendingOf, textsOf } from './support/pending-messages.js'

describe('TimeLimits', () => {
  let clock: sinon.SinonFakeTimers
  let over: string[]

  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    over = []
  })

  /** `a: 50` has a time limit in 50 ms, `a` has none. */
  function messages(...texts: string[]): PendingMessage[] {
    return texts.map((text) => {
      const [value, ms] = text.split(': ')
      return pendingOf(value, { deadlineMs: ms === undefined ? 0 : performance.now() + Number(ms) })
    })
  }

  function limitsOf(pending: readonly PendingMessage[]): TimeLimits {
    const startMs = performance.now()
    const limits = TimeLimits.of(pending, (ended) => {
      for (const pending of ended) pending.isSettled = true
      over.push(`${performance.now() - startMs}: ${textsOf(ended).join(' ')}`)
    })!
    limits.check()
    return limits
  }

  /** Lets the event loop turn after each of these times. */
  async function tick(...milliseconds: number[]): Promise<void> {
    for (const ms of milliseconds) {
      clock.tick(ms)
      await turns(1)
    }
  }

  it('do not exist where no message has a deadline', () => {
    expect(TimeLimits.of(messages('a', 'b'), () => {})).to.equal(null)
  })

  it('fail messages at their deadlines, those of one moment together, with one timer at a time', async () => {
    limitsOf(messages('a: 10', 'b: 10', 'c', 'd: 30'))
    expect(clock.countTimers()).to.equal(1)
    await tick(10)
    expect(over).to.deep.equal(['10: a b'])
    await tick(20)
    expect(over).to.deep.equal(['10: a b', '30: d'])
    expect(clock.countTimers()).to.equal(0)
  })

  it('fail expired messages at the first look', () => {
    const sent = messages('a: 10', 'b: 30')
    clock.tick(20)
    limitsOf(sent)
    expect(over).to.deep.equal(['0: a'])
  })

  it('fail the earliest deadline first, in any order of messages', async () => {
    limitsOf(messages('a: 30', 'b: 10'))
    await tick(10, 20)
    expect(over).to.deep.equal(['10: b', '30: a'])
  })

  it('do not fail a settled message', async () => {
    const sent = messages('a: 10', 'b: 20')
    limitsOf(sent)
    sent[0]!.isSettled = true
    await tick(10, 10)
    expect(over).to.deep.equal(['20: b'])
  })

  it('let the event loop read arrived answers before they expire', async () => {
    const sent = messages('a: 10')
    limitsOf(sent)
    setTimeout(() => {
      sent[0]!.isSettled = true
    }, 10)
    await tick(10, 10)
    expect(over).to.deep.equal([])
  })

  it('leave no timer behind when the cycle has ended', async () => {
    const limits = limitsOf(messages('a: 10'))
    limits.end()
    expect(clock.countTimers()).to.equal(0)
    limits.check()
    expect(clock.countTimers()).to.equal(0)
  })

  it('accept the largest Java integer', async () => {
    limitsOf(messages(`a: ${2 ** 32}`))
    await tick(2 ** 31)
    expect(over).to.deep.equal([])
    await tick(2 ** 31)
    expect(over).to.deep.equal([`${2 ** 32}: a`])
  })

  describe('during a wait', () => {
    async function isDone(promise: Promise<void>): Promise<boolean> {
      let isOver = false
      void promise.then(() => {
        isOver = true
      })
      await turns(1)
      return isOver
    }

    it('end the wait with the last message, and later waits at once', async () => {
      const limits = limitsOf(messages('a: 10', 'b: 20'))
      const wait = limits.orNobodyLeft(new Promise(() => {}))
      await tick(10, 9)
      expect([await isDone(wait), limits.isNobodyLeft]).to.deep.equal([false, false])
      await tick(1)
      expect([await isDone(wait), limits.isNobodyLeft]).to.deep.equal([true, true])
      expect(await isDone(limits.orNobodyLeft(new Promise(() => {})))).to.equal(true)
    })

    it('end the wait when the last messages were settled otherwise, at the next look', async () => {
      const sent = messages('a: 10', 'b: 20')
      const limits = limitsOf(sent)
      const wait = limits.orNobodyLeft(new Promise(() => {}))
      for (const message of sent) message.isSettled = true
      limits.check()
      expect(await isDone(wait)).to.equal(true)
      expect(clock.countTimers()).to.equal(0)
    })

    it('do not end the wait while a message without a deadline is open', async () => {
      const limits = limitsOf(messages('a: 10', 'b'))
      const wait = limits.orNobodyLeft(new Promise(() => {}))
      await tick(10, 10)
      expect([await isDone(wait), limits.isNobodyLeft]).to.deep.equal([false, false])
    })
  })

  it('read each message a fixed number of times, however many deadlines pass one by one', async () => {
    const count = 1000
    const sent = messages(...Array.from({ length: count }, (_, i) => `${i}: ${i + 1}`))
    let looks = 0
    for (const message of sent) {
      let isSettled = false
      Object.defineProperty(message, 'isSettled', {
        get: () => {
          looks++
          return isSettled
        },
        set: (value: boolean) => {
          isSettled = value
        },
      })
    }
    limitsOf(sent)
    await tick(...sent.map(() => 1))
    expect(over).to.have.length(count)
    expect(looks).to.be.at.most(3 * count)
  })
})
