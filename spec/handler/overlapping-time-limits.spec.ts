import { expect } from 'chai'
import sinon from 'sinon'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import { counted, makeDispatch, message, textsOfRuns } from './support/overlapping-dispatch.js'

describe('OverlappingDispatch', () => {
  describe('delivery.timeout.ms', () => {
    let clock: sinon.SinonFakeTimers
    beforeEach(() => {
      clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    })

    const until = (ms: number, ...texts: string[]): PendingMessage[] =>
      texts.map((text) => message(text, performance.now() + ms))

    it('expires a waiting message without its run, and sends the messages behind it', async () => {
      const { overlapping, runs, ended, expired } = makeDispatch()
      void overlapping.dispatch(until(1000, 'a@0'))
      void overlapping.dispatch(until(10, 'b')).then(() => expired.push('b has completed'))
      void overlapping.dispatch(until(1000, 'c@1'))
      clock.tick(9)
      expect([expired, textsOfRuns(runs)]).to.deep.equal([[], [['a']]])
      clock.tick(1)
      expect([expired, textsOfRuns(runs)]).to.deep.equal([['b'], [['a'], ['c']]])
      await ended()
      expect(expired).to.deep.equal(['b', 'b has completed'])
    })

    it('sets a timer for the next deadline when one has passed', () => {
      const { overlapping, expired, send } = makeDispatch()
      void overlapping.dispatch(until(1000, 'a@0'))
      void overlapping.dispatch(until(10, 'b@0'))
      void overlapping.dispatch(until(20, 'c@0'))
      send('without a limit@0')
      clock.tick(20)
      expect(expired).to.deep.equal(['b', 'c'])
    })

    it('ends the call of a message that expires in flight, and keeps its partition until the request has ended', async () => {
      const { runs, send, ended } = makeDispatch()
      send('a@0')
      send('b@0')
      const [first] = runs[0]!.messages
      first!.isInFlight = true
      first!.isSettled = true
      runs[0]!.progress()
      expect(await ended()).to.deep.equal(['a@0'])
      expect(textsOfRuns(runs)).to.deep.equal([['a']])
      first!.isInFlight = false
      await runs[0]!.settle()
      expect(textsOfRuns(runs)).to.deep.equal([['a'], ['b']])
      expect(await ended()).to.deep.equal([])
    })

    it('needs the same number of steps for each message, however many wait', () => {
      const { overlapping, expired, send } = makeDispatch()
      send('a@0')
      const reads = { count: 0 }
      const count = 1000
      for (let i = 0; i < count; i++) {
        void overlapping.dispatch(
          until(10 + i, `${i}@0`).map((pending) => counted(pending, 'deadlineMs', reads)),
        )
      }
      clock.tick(10 + count)
      expect(expired).to.have.length(count)
      expect(reads.count).to.be.at.most(10 * count)
    })

    it('expires the due messages of a call, though others wait longer or are in flight', async () => {
      const { overlapping, runs, expired, ended, send } = makeDispatch()
      send('first@0')
      const call = [...until(10, 'a@0', 'b@1'), ...until(20, 'c@0', 'd@0')]
      void overlapping.dispatch(call).then(() => expired.push('the call has completed'))
      clock.tick(10)
      expect(expired).to.deep.equal(['a'])
      await runs[1]!.settle()
      clock.tick(10)
      expect(expired).to.deep.equal(['a', 'c', 'd'])
      await ended()
      expect(expired.at(-1)).to.equal('the call has completed')
    })

    it('does not fire early with a limit longer than any timer', () => {
      const { overlapping, expired, send } = makeDispatch()
      send('a@0')
      void overlapping.dispatch(until(2 ** 31 + 10, 'b@0'))
      clock.tick(2 ** 31 + 9)
      expect(expired).to.deep.equal([])
      clock.tick(1)
      expect(expired).to.deep.equal(['b'])
    })

    it('sets no timer for messages in flight or without a limit', async () => {
      const { overlapping, runs, send } = makeDispatch()
      void overlapping.dispatch(until(10, 'a@0'))
      send('b@0')
      expect(clock.countTimers()).to.equal(0)
      void overlapping.dispatch(until(10, 'c@1'))
      void overlapping.dispatch(until(10, 'd@1'))
      expect(clock.countTimers()).to.equal(1)
      await runs[0]!.settle()
      await runs[1]!.settle()
      expect(clock.countTimers()).to.equal(0)
    })
  })
})
