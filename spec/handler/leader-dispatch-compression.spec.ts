import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { EncodeError } from '../../lib/errors.js'
import type { Compression } from '../../lib/protocol/records/compression.js'
import { batch, gzip, makeDispatch, TOO_LARGE } from './support/leader-dispatch.js'

describe('LeaderDispatch', () => {
  describe('with compression', () => {
    it('compresses each set as a whole', async () => {
      const { dispatch, pool } = makeDispatch({ compression: gzip })
      await dispatch.dispatch(0, [batch('t/0: a b'), batch('t/1: c')])
      expect(pool.requests[0]!.sets).to.deep.equal([
        { topic: 't', partition: 0, texts: ['a', 'b'], codec: 1 },
        { topic: 't', partition: 1, texts: ['c'], codec: 1 },
      ])
    })

    it('compresses only compressed.topics, where any are named', async () => {
      const { dispatch, pool } = makeDispatch({ compression: gzip, compressedTopics: new Set(['t']) })
      await dispatch.dispatch(0, [batch('t/0: a'), batch('u/0: b')])
      expect(pool.requests[0]!.sets.map(({ topic, codec }) => [topic, codec])).to.deep.equal([
        ['t', 1],
        ['u', 0],
      ])
    })

    // Upstream: KAFKA-1702. Catches a producer that drops the rest of the batch on an exception.
    it('fails only the batch that cannot be compressed and sends the rest', async () => {
      const failure = new Error('secret')
      const compression: Compression = {
        ...gzip,
        compress: async (plain) => {
          if (plain.includes('bad')) throw failure
          return gzipSync(plain)
        },
      }
      const { dispatch, keeper, pool } = makeDispatch({ compression })
      await dispatch.dispatch(0, [batch('t/0: a'), batch('t/1: bad b'), batch('t/2: c')])
      expect(pool.wire).to.deep.equal(['0: t/0=a t/2=c'])
      expect(keeper.failed).to.deep.equal({
        bad: '2 messages to t/1 cannot be compressed with gzip',
        b: '2 messages to t/1 cannot be compressed with gzip',
      })
      expect(keeper.failures[0]!.cause).to.include({
        topic: 't',
        partition: 1,
        cause: failure,
        retriable: false,
      })
      expect(keeper.failures[0]!.cause).to.be.instanceOf(EncodeError)
    })

    it('sends no request where no batch could be compressed', async () => {
      const compression: Compression = {
        ...gzip,
        compress: () => {
          throw new Error('at once')
        },
      }
      const { dispatch, keeper, pool } = makeDispatch({ compression })
      await dispatch.dispatch(0, [batch('t/0: a')])
      expect(pool.wire).to.deep.equal([])
      expect(Object.keys(keeper.failed)).to.deep.equal(['a'])
    })

    it('compresses each half again when the wrapper is too large', async () => {
      const { dispatch, pool } = makeDispatch({ compression: gzip })
      pool.refuse = ({ texts }) => (texts.length > 1 ? TOO_LARGE : undefined)
      await dispatch.dispatch(0, [batch('t/0: a b')])
      expect(pool.requests.map(({ sets }) => sets[0]!.codec)).to.deep.equal([1, 1, 1])
      expect(pool.stored).to.deep.equal({ 't/0': ['a', 'b'] })
    })
  })
})
