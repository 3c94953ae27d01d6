import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import type { Compression } from '../../lib/protocol/records/compression.js'
import { turns } from '../network/support/doubles.js'
import { gate } from '../pool/support/fake-sync-producer.js'
import { attemptsOf, batch, gzip, makeDispatch, NOT_LEADER, TOO_LARGE } from './support/leader-dispatch.js'

describe('LeaderDispatch', () => {
  describe('when messages expire before their request ends', () => {
    it('does not write them, and writes the others of their batch', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      const writable = gate()
      pool.untilWritable = () => writable.opened
      const [first, second] = [batch('t/0: a b'), batch('t/1: c')]
      const done = dispatch.dispatch(0, [first, second])
      await turns()
      for (const message of [first.messages[0]!, second.messages[0]!]) message.isSettled = true
      writable.open()
      await done
      expect(pool.wire).to.deep.equal(['0: t/0=b'])
      expect(keeper.delivered).to.deep.equal(['t/0@0: b'])
    })

    it('sends no request at all where no message is left', async () => {
      const { dispatch, pool } = makeDispatch()
      const sent = batch('t/0: a b')
      for (const message of sent.messages) message.isSettled = true
      Object.defineProperty(pool, 'produceVersion', { get: () => expect.fail('asked') })
      await dispatch.dispatch(0, [sent])
      expect(pool.wire).to.deep.equal([])
    })

    it('does not write messages that expire during compression', async () => {
      const written = gate()
      const compression: Compression = {
        ...gzip,
        compress: async (plain) => {
          await written.opened
          return gzipSync(plain)
        },
      }
      const { dispatch, pool } = makeDispatch({ compression })
      const sent = batch('t/0: a b')
      const done = dispatch.dispatch(0, [sent])
      await turns()
      sent.messages[1]!.isSettled = true
      written.open()
      await done
      expect(pool.wire).to.deep.equal(['0: t/0=a'])
    })

    it('reports for each message whether it is in flight', async () => {
      const { dispatch, pool } = makeDispatch()
      const [writable, answered] = [gate(), gate()]
      pool.untilWritable = () => writable.opened
      pool.before = () => answered.opened
      const sent = batch('t/0: a b')
      const inFlight = (): boolean[] => sent.messages.map(({ isInFlight }) => isInFlight)
      const done = dispatch.dispatch(0, [sent])
      await turns()
      expect(inFlight()).to.deep.equal([false, false])
      writable.open()
      await turns()
      expect(inFlight()).to.deep.equal([true, true])
      answered.open()
      await done
      expect(inFlight()).to.deep.equal([false, false])
    })

    it('does not look for any where no message has a time limit', async () => {
      const { dispatch, pool } = makeDispatch()
      const answered = gate()
      pool.before = () => answered.opened
      const sent = batch('t/0: a')
      const done = dispatch.dispatch(0, [sent], false)
      await turns()
      expect(sent.messages[0]!.isInFlight).to.equal(false)
      answered.open()
      await done
      expect(sent.messages[0]!.isSettled).to.equal(true)
    })

    for (const acks of [1, 0]) {
      it(`ignores the late end of their request, and gives the others theirs, acks ${acks}`, async () => {
        const { dispatch, keeper, pool } = makeDispatch({ acks })
        const answered = gate()
        pool.before = () => answered.opened
        const sent = batch('t/0: a b c d')
        const done = dispatch.dispatch(0, [sent])
        await turns()
        for (const i of [0, 2]) sent.messages[i]!.isSettled = true
        answered.open()
        await done
        expect(keeper.delivered).to.deep.equal(
          acks === 0 ? ['t/0@-1: b', 't/0@-1: d'] : ['t/0@1: b', 't/0@3: d'],
        )
        expect(keeper.failures).to.deep.equal([])
      })
    }

    for (const code of [NOT_LEADER, TOO_LARGE, 17]) {
      it(`notes the refusal of their partition for the others only: error ${code}`, async () => {
        const { dispatch, keeper, pool, logger } = makeDispatch()
        const answered = gate()
        pool.before = () => answered.opened
        pool.refuse = () => code
        const [all, some] = [batch('t/0: a b'), batch('t/1: c d')]
        const done = dispatch.dispatch(0, [all, some])
        await turns()
        for (const message of [...all.messages, some.messages[0]!]) message.isSettled = true
        answered.open()
        await done
        expect(attemptsOf(all).flat()).to.deep.equal([])
        expect(Object.keys(keeper.failed)).to.deep.equal(code === NOT_LEADER ? [] : ['d'])
        expect(attemptsOf(some).map(({ length }) => length)).to.deep.equal([0, 1])
        expect(logger.lines.filter(({ text }) => /\b0 messages/.test(text))).to.deep.equal([])
      })
    }
  })
})
