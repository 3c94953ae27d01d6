import { expect } from 'chai'
import { ConfigError, EncodeError } from '../../lib/errors.js'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import type { KeyedMessage } from '../../lib/keyed-message.js'
import {
  BACKOFF_MS,
  makeHandler,
  message,
  messages,
  NOT_LEADER,
  useFakeTime,
} from './support/event-handlers.js'
import { pendingOf, textOf } from './support/pending-messages.js'

describe('DefaultEventHandler', () => {
  const { ended, failureOf } = useFakeTime()

  it('resolves handle() when every message is stored', async () => {
    const { handler, pool } = makeHandler()
    await ended(handler.handle([message('a@0'), message('b@1'), message('u/c')]))
    expect(pool.stored).to.deep.equal({ 't/0': ['a'], 't/1': ['b'], 'u/0': ['c'] })
  })

  it('makes no request where handle() is given no message', async () => {
    const { handler, pool, source } = makeHandler()
    await handler.handle([])
    expect([pool.requests, source.asked]).to.deep.equal([[], []])
  })

  it('DefaultEventHandler refuses enableIdempotence with acks other than -1', () => {
    expect(() => makeHandler({ enableIdempotence: true, acks: 1 })).to.throw(ConfigError, /needs acks -1/)
    expect(() => makeHandler({ enableIdempotence: true, acks: -1 })).not.to.throw()
  })

  it('accepts plain objects in handle()', async () => {
    const { handler, pool } = makeHandler()
    await ended(handler.handle([{ topic: 't', key: 1, message: 'a' } as unknown as KeyedMessage]))
    expect(pool.stored).to.deep.equal({ 't/1': ['a'] })
  })

  it('rejects handle() with one entry per failed message, in the order of the call', async () => {
    const { handler, pool } = makeHandler({ maxRetries: 1 })
    pool.refuse = (_, { broker }) => [NOT_LEADER, 17][broker]
    const error = await failureOf(
      handler.handle([message('a@0'), message('b@1'), message('u/c'), message('d@0'), message('bad@-1')]),
    )
    expect(
      error.failures.map(({ message: { message: value }, cause }) => `${value}: ${cause.code}`),
    ).to.deep.equal([
      'a: KAFKA_BROKER_NOT_LEADER_OR_FOLLOWER',
      'b: KAFKA_BROKER_INVALID_TOPIC_EXCEPTION',
      'd: KAFKA_BROKER_NOT_LEADER_OR_FOLLOWER',
      'bad: KAFKA_PARTITIONER',
    ])
    expect(error.message).to.match(/^4 of 5 messages failed/)
    expect(pool.stored).to.deep.equal({ 'u/0': ['c'] })
  })

  it('keeps the first and the last four failed attempts of a message, each shared by all messages that failed in it', async () => {
    for (const failing of ['leader', 'answer']) {
      const topics = failing === 'leader' ? { t: [null] } : { t: [0] }
      const { handler, pool, listener } = makeHandler({ maxRetries: 40 }, topics)
      pool.refuse = () => NOT_LEADER
      await ended(handler.dispatch(messages('a@0', 'b@0', 'c')))
      expect(listener.failures.map(({ attemptCount }) => attemptCount)).to.deep.equal([41, 41, 41])
      const [one, another] = listener.failures.map(({ attempts }) => attempts)
      expect(one).to.have.length(5)
      for (const [i, attempt] of one!.entries()) expect(another![i], failing).to.equal(attempt)
    }
  })

  it('reports topic, partition, cause, persistence and attempts of each failure', async () => {
    const { handler, pool } = makeHandler({ maxRetries: 1 })
    pool.refuse = () => NOT_LEADER
    const sent = message('a@1')
    const [failure] = (await failureOf(handler.handle([sent]))).failures
    expect(failure).to.include({ message: sent, topic: 't', partition: 1, persistence: 'not-persisted' })
    expect(failure!.cause).to.include({ errorCode: NOT_LEADER })
    expect(failure!.attempts.map(({ broker, error }) => [broker, error.code])).to.deep.equal([
      ['b1:9092', 'KAFKA_BROKER_NOT_LEADER_OR_FOLLOWER'],
      ['b1:9092', 'KAFKA_BROKER_NOT_LEADER_OR_FOLLOWER'],
    ])
    expect(failure!.attempts[1]!.atMs - failure!.attempts[0]!.atMs).to.equal(BACKOFF_MS)
  })

  it('serializes a message without sending it', () => {
    const { handler } = makeHandler()
    const pending = pendingOf('a', { key: 7 })
    expect(handler.serialize(pending)).to.equal(null)
    expect([pending.key, pending.value]).to.deep.equal(['7', 'a'])
    expect(handler.serialize(pendingOf(7))).to.be.instanceOf(EncodeError)
  })

  it('settles each message exactly once, whatever its outcome', async () => {
    const { handler, pool } = makeHandler({ maxRetries: 2 })
    pool.refuse = ({ partition, texts }) => {
      if (texts.some((text) => text.startsWith('x'))) return texts.length > 1 ? 10 : 17
      return partition === 1 && pool.requests.length < 4 ? NOT_LEADER : undefined
    }
    const settled: string[] = []
    const waiter = {
      delivered: (pending: PendingMessage) => void settled.push(textOf(pending)),
      failed: ({ message: { message: value } }: { message: KeyedMessage }) =>
        void settled.push(String(value)),
    }
    const texts = ['a@0', 'x1@0', 'b@1', 'x2@1', 'nosuch/c', 'bad@-1', 'd@0', 'e']
    await ended(
      handler.dispatch(
        texts.map((text) => {
          const { topic, key, message: value } = message(text)
          return pendingOf(value, { topic, key, waiter })
        }),
      ),
    )
    expect(settled.sort()).to.deep.equal(['a', 'b', 'bad', 'c', 'd', 'e', 'x1', 'x2'])
  })
})
