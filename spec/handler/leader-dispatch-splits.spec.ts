import { expect } from 'chai'
import { ConnectionError } from '../../lib/errors.js'
import { MAX_PLAIN_REQUEST_BYTES } from '../../lib/produce/split-batches.js'
import { turns } from '../network/support/doubles.js'
import type { FakePool } from './support/fake-pool.js'
import {
  attemptsOf,
  batch,
  makeDispatch,
  NOT_LEADER,
  TOO_LARGE,
  unsettled,
} from './support/leader-dispatch.js'
import { batchOf, serialized } from './support/pending-messages.js'

describe('LeaderDispatch', () => {
  describe('when a set is too large', () => {
    /** Refuses sets with a message whose name begins with x. */
    const refuseGuilty: FakePool['refuse'] = ({ texts }) =>
      texts.some((text) => text.startsWith('x')) ? TOO_LARGE : undefined

    it('halves it until only the rejected message fails, and stores the others in order', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.refuse = refuseGuilty
      await dispatch.dispatch(0, [batch('t/0: a b x c d')])
      expect(pool.wire).to.deep.equal([
        '0: t/0=a,b,x,c,d',
        '0: t/0=a,b,x',
        '0: t/0=a,b',
        '0: t/0=x',
        '0: t/0=c,d',
      ])
      expect(pool.stored).to.deep.equal({ 't/0': ['a', 'b', 'c', 'd'] })
      expect(keeper.delivered).to.deep.equal(['t/0@0: a,b', 't/0@2: c,d'])
      expect(keeper.failures.map(({ cause }) => cause)[0]).to.include({
        errorCode: TOO_LARGE,
        retriable: false,
      })
      expect(Object.keys(keeper.failed)).to.deep.equal(['x'])
    })

    it('does not count the splitting as an attempt of the other messages', async () => {
      const { dispatch, pool } = makeDispatch()
      pool.refuse = refuseGuilty
      const sent = batch('t/0: a x')
      await dispatch.dispatch(0, [sent])
      expect(attemptsOf(sent).map((attempts) => attempts.length)).to.deep.equal([0, 1])
    })

    it('fails each rejected message with its own error where all are rejected', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.refuse = () => TOO_LARGE
      await dispatch.dispatch(0, [batch('t/0: a b c')])
      expect(Object.keys(keeper.failed)).to.deep.equal(['a', 'b', 'c'])
    })

    it('splits on RECORD_LIST_TOO_LARGE, too', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.refuse = ({ texts }) => (texts.length > 1 ? 18 : undefined)
      await dispatch.dispatch(0, [batch('t/0: a b c')])
      expect(keeper.delivered).to.deep.equal(['t/0@0: a', 't/0@1: b', 't/0@2: c'])
    })

    it('settles other partitions of the request before it sends again', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.refuse = refuseGuilty
      await dispatch.dispatch(0, [batch('t/0: a x'), batch('t/1: b')])
      expect(pool.wire).to.deep.equal(['0: t/0=a,x t/1=b', '0: t/0=a', '0: t/0=x'])
      expect(keeper.delivered).to.deep.equal(['t/1@0: b', 't/0@0: a'])
    })

    it('holds the second half back when the first must be retried, so that it is not overtaken', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.refuse = ({ texts }) =>
        texts.length > 2 ? TOO_LARGE : texts.includes('a') ? NOT_LEADER : undefined
      const sent = batch('t/0: a b c d')
      await dispatch.dispatch(0, [sent])
      expect(pool.wire).to.deep.equal(['0: t/0=a,b,c,d', '0: t/0=a,b'])
      expect(keeper.delivered).to.deep.equal([])
      expect(unsettled(sent)).to.have.length(4)
    })

    it('notes the reason on messages that were held back, as not-persisted', async () => {
      const { dispatch, pool } = makeDispatch({ acks: -1 })
      pool.refuse = ({ texts }) => (texts.length > 1 ? TOO_LARGE : NOT_LEADER)
      const sent = batch('t/0: a b')
      await dispatch.dispatch(0, [sent])
      const [first, second] = sent.messages
      expect(first!.persistence).to.equal('possibly-persisted')
      expect(second!.persistence).to.equal('not-persisted')
      expect(second!.attempts).to.have.length(1)
      expect(second!.attempts[0]!.error).to.include({
        code: 'KAFKA_BROKER_NOT_LEADER_OR_FOLLOWER',
        retriable: true,
        persistence: 'not-persisted',
        topic: 't',
        partition: 0,
        cause: first!.attempts[0]!.error,
      })
      expect(second!.attempts[0]!.error.message).to.match(
        /^not sent because earlier messages of t\/0 are to be tried again: b0:9092 answered NOT_LEADER/,
      )
    })

    it('continues behind a message that failed without a retry', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.refuse = refuseGuilty
      await dispatch.dispatch(0, [batch('t/0: x a b c')])
      expect(pool.stored).to.deep.equal({ 't/0': ['a', 'b', 'c'] })
      expect(Object.keys(keeper.failed)).to.deep.equal(['x'])
    })

    it('retries the rest when the connection breaks in the middle, with the right persistence', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.refuse = ({ texts }) => (texts.length > 2 ? TOO_LARGE : undefined)
      pool.before = ({ sets }) => {
        if (sets[0]!.texts.includes('c') && sets[0]!.texts.length === 2) {
          throw new ConnectionError('reset', { persistence: 'possibly-persisted' })
        }
      }
      const batches = [batch('t/0: a b c d'), batch('t/1: e')]
      await dispatch.dispatch(0, batches)
      expect(keeper.delivered).to.deep.equal(['t/1@0: e', 't/0@0: a,b'])
      expect(unsettled(...batches).map(({ persistence }) => persistence)).to.deep.equal([
        'possibly-persisted',
        'possibly-persisted',
      ])
    })

    it('logs that a batch is split', async () => {
      const { dispatch, logger, pool } = makeDispatch()
      pool.refuse = refuseGuilty
      await dispatch.dispatch(0, [batch('t/0: a x')])
      expect(logger.at('warn')).to.have.length(2)
      const reason =
        'b0:9092 answered MESSAGE_TOO_LARGE (10) for t/0: a message or compressed set is larger than'
      expect(logger.at('warn')[0]).to.contain(reason).and.contain('2 messages')
      expect(logger.at('warn')[1]).to.contain(reason).and.contain('1 message ')
    })
  })

  describe('when batches are too large for one request', () => {
    const large = (name: string) => serialized(name.padEnd(MAX_PLAIN_REQUEST_BYTES * 0.6, '.'))

    function shortened({ wire }: FakePool): string[] {
      return wire.map((request) => request.replace(/\.+/g, ''))
    }

    it('sends several requests, one after the other', async () => {
      const { dispatch, pool } = makeDispatch()
      await dispatch.dispatch(0, [batchOf('t', 0, large('a'), large('b')), batchOf('t', 1, serialized('c'))])
      expect(shortened(pool)).to.deep.equal(['0: t/0=a', '0: t/0=b t/1=c'])
    })

    it('makes each request while the one before is under way', async () => {
      const { dispatch, pool, keeper } = makeDispatch()
      pool.keepsConnections = true
      const sent = [batchOf('t', 0, large('a'), large('b'), large('c'))]
      const encodedAtAnswer: number[] = []
      pool.after = async (_, response) => {
        await turns(2)
        encodedAtAnswer.push(pool.encodedAhead)
        return response
      }
      await dispatch.dispatch(0, sent)
      expect(shortened(pool)).to.deep.equal(['0: t/0=a', '0: t/0=b', '0: t/0=c'])
      expect([encodedAtAnswer, pool.sentAhead]).to.deep.equal([[1, 2, 2], 2])
      expect(keeper.delivered).to.have.length(3)
    })

    it('holds later pieces of a partition back when an earlier one must be retried, and continues with others', async () => {
      const { dispatch, pool, keeper } = makeDispatch()
      pool.refuse = ({ texts }) => (texts[0]!.startsWith('a') ? NOT_LEADER : undefined)
      const held = batchOf('t', 0, large('a'), large('b'))
      await dispatch.dispatch(0, [held, batchOf('t', 1, serialized('c'))])
      expect(shortened(pool)).to.deep.equal(['0: t/0=a', '0: t/1=c'])
      expect(keeper.delivered).to.deep.equal(['t/1@0: c'])
      expect(held.messages[1]!.attempts[0]!.error.message).to.match(
        /^not sent because earlier messages of t\/0/,
      )
    })

    it('lets later pieces of a partition go when the time limit of the earlier ones had passed meanwhile', async () => {
      const { dispatch, pool, keeper } = makeDispatch()
      const sent = batchOf('t', 0, large('a'), large('b'))
      pool.refuse = ({ texts }) =>
        texts[0]!.startsWith('a') ? NOT_LEADER : texts.length > 1 ? TOO_LARGE : undefined
      pool.before = ({ sets }) => {
        if (sets[0]!.texts[0] === 'y') sent.messages[0]!.isSettled = true
      }
      await dispatch.dispatch(0, [batch('t/1: x y'), sent])
      expect(shortened(pool)).to.deep.equal(['0: t/1=x,y t/0=a', '0: t/1=x', '0: t/1=y', '0: t/0=b'])
      expect(keeper.failures).to.deep.equal([])
    })
  })
})
