import { expect } from 'chai'
import { ConnectionError, DecodeError, EncodeError, RequestTimeoutError } from '../../lib/errors.js'
import { answering } from './support/fake-pool.js'
import {
  attemptsOf,
  batch,
  makeDispatch,
  NOT_LEADER,
  UNKNOWN_TOPIC,
  unsettled,
} from './support/leader-dispatch.js'

describe('LeaderDispatch', () => {
  it('sends all batches of a leader in one request, partitions of a topic together', async () => {
    const { dispatch, pool } = makeDispatch({ acks: -1, requestTimeoutMs: 777 })
    await dispatch.dispatch(3, [batch('t/0: a b'), batch('u/0: c'), batch('t/1: d')])
    expect(pool.wire).to.deep.equal(['3: t/0=a,b t/1=d u/0=c'])
    expect(pool.requests[0]).to.include({ broker: 3, acks: -1, timeoutMs: 777 })
  })

  it('delivers each batch with its offset and the broker’s name', async () => {
    const { dispatch, keeper } = makeDispatch()
    await dispatch.dispatch(0, [batch('t/0: a b'), batch('t/1: c')])
    await dispatch.dispatch(0, [batch('t/0: d')])
    expect(keeper.delivered).to.deep.equal(['t/0@0: a,b', 't/1@0: c', 't/0@2: d'])
  })

  it('delivers with offset −1 when the bytes are written with acks 0', async () => {
    const { dispatch, keeper, pool } = makeDispatch({ acks: 0 })
    await dispatch.dispatch(0, [batch('t/0: a'), batch('t/1: b')])
    expect(keeper.delivered).to.deep.equal(['t/0@-1: a', 't/1@-1: b'])
    expect(pool.requests[0]!.acks).to.equal(0)
  })

  // Catches a producer that resolves before the response.
  it('delivers no message before the answer', async () => {
    const { dispatch, keeper, pool } = makeDispatch()
    let answer!: () => void
    pool.after = (_, response) =>
      new Promise((resolve) => {
        answer = () => resolve(response)
      })
    const sent = batch('t/0: a')
    const done = dispatch.dispatch(0, [sent])
    await new Promise((resolve) => setImmediate(resolve))
    expect([keeper.delivered, sent.messages[0]!.isSettled]).to.deep.equal([[], false])
    answer()
    await done
    expect(keeper.delivered).to.deep.equal(['t/0@0: a'])
  })

  it('prepares records anew for the next connection where the first has ended meanwhile, without a failed attempt', async () => {
    const { dispatch, pool, keeper } = makeDispatch()
    pool.isOpen = () => pool.connectionsGiven > 1
    const sent = batch('t/0: a')
    await dispatch.dispatch(0, [sent])
    expect([pool.connectionsGiven, pool.wire]).to.deep.equal([2, ['0: t/0=a']])
    expect(keeper.delivered).to.deep.equal(['t/0@0: a'])
    expect(attemptsOf(sent)).to.deep.equal([[]])
  })

  it('prepares records anew once and no more: a connection that has ended again fails the attempt', async () => {
    const { dispatch, pool } = makeDispatch()
    pool.isOpen = () => false
    pool.before = () => {
      throw new ConnectionError('the connection to b0:9092 is closed')
    }
    const sent = batch('t/0: a')
    await dispatch.dispatch(0, [sent])
    expect(pool.connectionsGiven).to.equal(2)
    expect(attemptsOf(sent)).to.deep.equal([['the connection to b0:9092 is closed']])
  })

  describe('when a partition is refused', () => {
    // Catches a producer that ignores code 6, or resends partitions that succeeded.
    it('delivers, retries and fails per partition of one answer', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.refuse = ({ partition }) => [0, NOT_LEADER, 17][partition]
      const batches = [batch('t/0: a'), batch('t/1: b'), batch('t/2: c')]
      await dispatch.dispatch(0, batches)
      expect(keeper.delivered).to.deep.equal(['t/0@0: a'])
      expect(Object.keys(keeper.failed)).to.deep.equal(['c'])
      expect(unsettled(...batches)).to.deep.equal([...batches[1]!.messages])
    })

    it('notes the attempt: when, where and why', async () => {
      const { dispatch, pool } = makeDispatch()
      pool.refuse = () => NOT_LEADER
      const sent = batch('t/1: a b')
      const before = Date.now()
      await dispatch.dispatch(4, [sent])
      const [attempt] = sent.messages[0]!.attempts
      expect(attempt!.atMs).to.be.within(before, Date.now())
      expect(attempt!.broker).to.equal('b4:9092')
      expect(attempt!.error).to.include({ errorCode: NOT_LEADER, topic: 't', partition: 1, retriable: true })
      expect(sent.messages[1]!.attempts).to.deep.equal([attempt])
    })

    it('fails messages with a non-retriable code at once, with the attempt noted', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.refuse = () => 29
      await dispatch.dispatch(0, [batch('t/0: a b')])
      expect(keeper.failures).to.have.length(2)
      expect(keeper.failures[0]!.cause).to.include({ errorCode: 29, retriable: false })
      expect(keeper.failures[0]!.attempts).to.have.length(1)
      expect(keeper.failures[0]!.persistence).to.equal('not-persisted')
    })

    for (const [code, acks, persistence] of [
      [7, -1, 'possibly-persisted'],
      [6, -1, 'possibly-persisted'],
      [6, 1, 'not-persisted'],
      [19, -1, 'not-persisted'],
      [20, -1, 'possibly-persisted'],
      [999, 1, 'possibly-persisted'],
    ] as const) {
      it(`reports messages after code ${code} with acks ${acks} as ${persistence}`, async () => {
        const { dispatch, pool } = makeDispatch({ acks })
        pool.refuse = () => code
        const sent = batch('t/0: a')
        await dispatch.dispatch(0, [sent])
        expect(sent.messages[0]!.persistence).to.equal(persistence)
      })
    }

    it('logs the failure once per partition, at WARN and without payload', async () => {
      const { dispatch, logger, pool } = makeDispatch()
      pool.refuse = () => UNKNOWN_TOPIC
      await dispatch.dispatch(0, [batch('t/0: secret-a secret-b'), batch('t/1: secret-c')])
      expect(logger.lines.map(({ level }) => level)).to.deep.equal(['warn', 'warn'])
      expect(logger.at('warn')[0]).to.match(/\b2 messages\b.*: b0:9092 answered UNKNOWN_TOPIC/)
      expect(logger.at('warn').join()).not.to.contain('secret')
    })
  })

  describe('when an answer does not fit', () => {
    // Catches a producer that counts a missing partition as success, or matches by order.
    it('retries a missing partition as possibly-persisted, and delivers the others', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.after = (_, { topics }) =>
        answering(topics.map(({ name, partitions }) => ({ name, partitions: partitions.slice(1) })))
      const batches = [batch('t/0: a'), batch('t/1: b')]
      await dispatch.dispatch(0, batches)
      expect(keeper.delivered).to.deep.equal(['t/1@0: b'])
      const [left] = unsettled(...batches)
      expect(left!.attempts[0]!.error).to.be.instanceOf(DecodeError)
      expect(left!.attempts[0]!.error.message).to.equal('b0:9092 left t/0 out of its produce answer')
      expect(left!.persistence).to.equal('possibly-persisted')
      expect(pool.disconnected).to.deep.equal([])
    })

    it('matches answers by topic and partition, not by their order', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.refuse = ({ partition }) => (partition === 1 ? NOT_LEADER : undefined)
      pool.after = (_, { topics }) =>
        answering(
          [...topics]
            .reverse()
            .map(({ name, partitions }) => ({ name, partitions: [...partitions].reverse() })),
        )
      const batches = [batch('t/0: a'), batch('t/1: b'), batch('u/0: c')]
      await dispatch.dispatch(0, batches)
      expect(keeper.delivered).to.deep.equal(['t/0@0: a', 'u/0@0: c'])
      expect(attemptsOf(batches[1]!)[0]).to.have.length(1)
    })

    it('ignores unexpected partitions with a warning', async () => {
      const { dispatch, keeper, logger, pool } = makeDispatch()
      pool.after = (_, { topics }) =>
        answering([
          ...topics,
          { name: 'alien\u001b', partitions: [{ index: 9, errorCode: 6, baseOffset: 0n }] },
        ])
      await dispatch.dispatch(0, [batch('t/0: a')])
      expect(keeper.delivered).to.deep.equal(['t/0@0: a'])
      expect(logger.at('warn')).to.deep.equal([
        'b0:9092 answered for alien\\u{1b}/9, which it was not asked for',
      ])
    })

    it('does not take an unexpected answer for a missing one', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.after = () => answering([{ name: 't', partitions: [{ index: 1, errorCode: 0, baseOffset: 5n }] }])
      const sent = batch('t/0: a')
      await dispatch.dispatch(0, [sent])
      expect(keeper.delivered).to.deep.equal([])
      expect(unsettled(sent)).to.have.length(1)
    })

    it('accepts the same answer twice as one', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.after = (_, { topics }) => answering([...topics, ...topics])
      await dispatch.dispatch(0, [batch('t/0: a')])
      expect(keeper.delivered).to.deep.equal(['t/0@0: a'])
    })

    it('closes the connection after two different answers for one partition, with all messages possibly-persisted', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.after = (_, { topics }) =>
        answering([...topics, { name: 't', partitions: [{ index: 0, errorCode: 6, baseOffset: -1n }] }])
      const batches = [batch('t/0: a'), batch('t/1: b')]
      await dispatch.dispatch(0, batches)
      expect(keeper.delivered).to.deep.equal([])
      expect(unsettled(...batches).map(({ persistence }) => persistence)).to.deep.equal([
        'possibly-persisted',
        'possibly-persisted',
      ])
      expect(pool.disconnected[0]).to.be.instanceOf(DecodeError)
      expect(pool.disconnected[0]!.message).to.equal(
        'b0:9092: two different answers for t/0 in one produce response',
      )
    })
  })

  describe('when the request fails', () => {
    it('notes the attempt on every message, with its persistence', async () => {
      for (const [error, persistence] of [
        [new ConnectionError('refused'), 'not-persisted'],
        [new RequestTimeoutError('late', { persistence: 'possibly-persisted' }), 'possibly-persisted'],
      ] as const) {
        const { dispatch, keeper, logger, pool } = makeDispatch()
        pool.before = () => {
          throw error
        }
        const batches = [batch('t/0: a b'), batch('t/1: c')]
        await dispatch.dispatch(0, batches)
        expect(unsettled(...batches)).to.have.length(3)
        expect(attemptsOf(...batches)).to.deep.equal([[error.message], [error.message], [error.message]])
        expect(unsettled(...batches)[0]!.persistence).to.equal(persistence)
        expect(keeper.failures).to.deep.equal([])
        expect(logger.at('warn')).to.have.length(1)
        expect(logger.at('warn')[0]).to.contain('3 messages').and.contain(error.message)
      }
    })

    it('notes the attempt as not-persisted when the pool has no such broker', async () => {
      const { dispatch, pool } = makeDispatch()
      pool.unknown.add(5)
      const sent = batch('t/0: a')
      await dispatch.dispatch(5, [sent])
      expect(attemptsOf(sent)).to.deep.equal([['broker 5 cannot be reached: no metadata names its address']])
      expect(sent.messages[0]!.persistence).to.equal('not-persisted')
      expect(sent.messages[0]!.attempts[0]).not.to.have.property('broker')
    })

    it('fails all messages of a request that cannot be encoded', async () => {
      const { dispatch, keeper, pool } = makeDispatch()
      pool.before = () => {
        throw new EncodeError('too long')
      }
      await dispatch.dispatch(0, [batch('t/0: a'), batch('t/1: b')])
      expect(keeper.failed).to.deep.equal({ a: 'too long', b: 'too long' })
    })
  })
})
