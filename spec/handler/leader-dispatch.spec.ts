import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { ConnectionError, DecodeError, EncodeError, RequestTimeoutError } from '../../lib/errors.js'
import { LeaderDispatch, type LeaderDispatchOptions } from '../../lib/handler/leader-dispatch.js'
import type { PendingBatch } from '../../lib/handler/partition-and-collate.js'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import { MAX_PLAIN_REQUEST_BYTES } from '../../lib/produce/split-batches.js'
import type { Compression } from '../../lib/protocol/records/compression.js'
import { turns } from '../network/support/doubles.js'
import { gate } from '../pool/support/fake-sync-producer.js'
import { answering, FakePool } from './support/fake-pool.js'
import { LogKeeper } from './support/log-keeper.js'
import { OutcomeKeeper } from './support/outcome-keeper.js'
import { batchOf, serialized } from './support/pending-messages.js'

const TOO_LARGE = 10
const NOT_LEADER = 6
const UNKNOWN_TOPIC = 3

function makeDispatch(options: Partial<LeaderDispatchOptions> = {}) {
  const pool = new FakePool()
  const keeper = new OutcomeKeeper()
  const logger = new LogKeeper()
  const dispatch = new LeaderDispatch({
    pool: pool.asPool,
    outcomes: keeper.outcomes,
    logger,
    acks: 1,
    requestTimeoutMs: 1500,
    compression: null,
    compressedTopics: new Set(),
    ...options,
  })
  return { dispatch, pool, keeper, logger }
}

/** `t/0: a b c`. */
function batch(text: string): PendingBatch {
  const [place, texts] = text.split(': ') as [string, string]
  const [topic, partition] = place.split('/') as [string, string]
  return batchOf(topic, Number(partition), ...texts.split(' ').map((value) => serialized(value)))
}

/** Errors of all attempts of all messages. */
function attemptsOf(...batches: PendingBatch[]): (string | undefined)[][] {
  return batches.flatMap(({ messages }) =>
    messages.map(({ attempts }) => attempts.map(({ error }) => error.message)),
  )
}

function unsettled(...batches: PendingBatch[]): PendingMessage[] {
  return batches.flatMap(({ messages }) => messages.filter(({ isSettled }) => !isSettled))
}

const gzip: Compression = {
  id: 1,
  name: 'gzip',
  compress: async (plain) => gzipSync(plain),
  decompress: () => {
    throw new Error('not needed')
  },
}

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

    it('lets later pieces of a partition go when the time limit of the earlier ones was over meanwhile', async () => {
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
