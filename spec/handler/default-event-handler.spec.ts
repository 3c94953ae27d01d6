import { expect } from 'chai'
import sinon from 'sinon'
import {
  ConnectionError,
  DeliveryTimeoutError,
  EncodeError,
  type KafkaError,
  PartitionerError,
  RequestTimeoutError,
} from '../../lib/errors.js'
import { FailedToSendMessageError } from '../../lib/failure.js'
import { BrokerPartitionInfo } from '../../lib/handler/broker-partition-info.js'
import type { RetryEvent } from '../../lib/handler/cycle-listener.js'
import {
  DefaultEventHandler,
  type DefaultEventHandlerOptions,
} from '../../lib/handler/default-event-handler.js'
import { StringEncoder } from '../../lib/handler/encoders/string-encoder.js'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import { KeyedMessage } from '../../lib/keyed-message.js'
import { FakeClusterSource } from './support/fake-cluster-source.js'
import { FakePool } from './support/fake-pool.js'
import { LogKeeper } from './support/log-keeper.js'
import { OutcomeKeeper } from './support/outcome-keeper.js'
import { pendingOf, textOf, textsOf } from './support/pending-messages.js'

const NOT_LEADER = 6
const BACKOFF_MS = 100
const TOPICS = { t: [0, 1], u: [2] }

class Listener extends OutcomeKeeper {
  readonly retries: RetryEvent[] = []
  /** Values of the messages of each cycle that could be serialized. */
  readonly serialized: string[][] = []
  attemptsFailed = 0

  onSerialized(messages: readonly PendingMessage[]): void {
    this.serialized.push(textsOf(messages))
  }

  onAttemptFailed(): void {
    this.attemptsFailed++
  }

  onRetry(event: RetryEvent): void {
    this.retries.push(event)
  }
}

function makeHandler(
  options: Partial<DefaultEventHandlerOptions> = {},
  topics: FakeClusterSource['topics'] = TOPICS,
) {
  const pool = new FakePool()
  const source = new FakeClusterSource({ ...topics })
  const listener = new Listener()
  const logger = new LogKeeper()
  const encoder = new StringEncoder({ serializerEncoding: 'UTF8' })
  const info = new BrokerPartitionInfo({
    source,
    logger,
    random: () => 0,
    onLeaders: (leaders) => pool.update(leaders),
  })
  const handler = new DefaultEventHandler({
    pool: pool.asPool,
    brokerPartitionInfo: info,
    partitioner: { partition: (key, count) => Number(key) % count },
    encoders: { key: { toBytes: (key) => String(key) }, value: encoder },
    logger,
    listener,
    maxRetries: 3,
    retryBackoffMs: BACKOFF_MS,
    refreshIntervalMs: 600_000,
    random: () => 0,
    acks: 1,
    requestTimeoutMs: 10_000,
    compression: null,
    compressedTopics: new Set(),
    ...options,
  })
  return { handler, pool, source, listener, logger, info }
}

/** `a@1` is value a with key 1 in topic t; `u/a@1` the same in topic u; without @ it has no key. */
function message(text: string): KeyedMessage<number, string> {
  const [, topic = 't', value, key] = /^(?:(\w+)\/)?([^@]+)(?:@(-?\d+))?$/.exec(text)!
  return new KeyedMessage(topic, key === undefined ? null : Number(key), value!)
}

function messages(...texts: string[]): PendingMessage[] {
  return texts.map((text) => {
    const { topic, key, message: value } = message(text)
    return pendingOf(value, { topic, key })
  })
}

describe('DefaultEventHandler', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: 1_000_000 })
  })

  /** Lets time pass until the promise settles; nothing here takes more than a minute. */
  async function ended<T>(promise: Promise<T>): Promise<T> {
    let isOver = false
    const over = promise.finally(() => {
      isOver = true
    })
    over.catch(() => {})
    for (let ms = 0; !isOver; ms += 1) {
      if (ms > 60_000) throw new Error('not over after a minute')
      await clock.tickAsync(1)
    }
    return over
  }

  async function failureOf(promise: Promise<unknown>): Promise<FailedToSendMessageError> {
    const error = await ended(
      promise.then(
        () => new Error('it succeeded'),
        (thrown) => thrown,
      ),
    )
    expect(error).to.be.instanceOf(FailedToSendMessageError)
    return error as FailedToSendMessageError
  }

  /** Milliseconds from now at which each request arrives. */
  function requestTimes(pool: FakePool): number[] {
    const start = performance.now()
    const times: number[] = []
    const { before } = pool
    pool.before = (request) => {
      times.push(Math.round(performance.now() - start))
      return before(request)
    }
    return times
  }

  describe('handle', () => {
    it('resolves when every message is stored', async () => {
      const { handler, pool } = makeHandler()
      await ended(handler.handle([message('a@0'), message('b@1'), message('u/c')]))
      expect(pool.stored).to.deep.equal({ 't/0': ['a'], 't/1': ['b'], 'u/0': ['c'] })
    })

    it('does nothing for no messages, not even a refresh', async () => {
      const { handler, pool, source } = makeHandler()
      await handler.handle([])
      expect([pool.requests, source.asked]).to.deep.equal([[], []])
    })

    it('takes plain objects', async () => {
      const { handler, pool } = makeHandler()
      await ended(handler.handle([{ topic: 't', key: 1, message: 'a' } as unknown as KeyedMessage]))
      expect(pool.stored).to.deep.equal({ 't/1': ['a'] })
    })

    it('rejects with one entry per failed message, in the order of the call, whichever failed first', async () => {
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

    it('keeps as many failed attempts of a message after 40 retries as after five, each of them once', async () => {
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

    it('names for each failure topic, partition, cause, persistence and attempts', async () => {
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
  })

  describe('one bad message', () => {
    // docs/decisions/0000-classic-producer.md#d1; upstream: AsyncProducerTest.testIncompatibleEncoder.
    it('that cannot be encoded fails alone and first; its neighbours go', async () => {
      const { handler, listener, logger, pool } = makeHandler()
      const bad = pendingOf(Buffer.from('secret'))
      await ended(handler.dispatch([...messages('a@0'), bad, ...messages('b@0')]))
      expect(pool.wire).to.deep.equal(['0: t/0=a,b'])
      expect(listener.failures).to.have.length(1)
      expect(listener.failures[0]!.cause).to.be.instanceOf(EncodeError)
      expect(listener.failures[0]!.attempts).to.deep.equal([])
      expect(logger.at('error')).to.deep.equal(['1 messages could not be serialized and were given up'])
    })

    it('is not among those of which is told that they were serialized', async () => {
      const { handler, listener } = makeHandler()
      await ended(handler.dispatch([...messages('a@0'), pendingOf(7), ...messages('b@0')]))
      expect(listener.serialized).to.deep.equal([['a', 'b']])
    })

    it('that no partition can be found for leaves an ERROR line with counts and the first reason', async () => {
      const { handler, logger } = makeHandler()
      await ended(handler.dispatch(messages('a@0', 'bad@-1', 'worse@-3')))
      expect(logger.at('warn')).to.deep.equal([])
      expect(logger.at('error')).to.deep.equal([
        '2 messages could not be assigned to a partition and were given up; the first: ' +
          'the partitioner answered -1 for a message to t, where 0 to 1 exist',
      ])
    })

    it('leaves nothing to be done where it is the only one: no refresh', async () => {
      const { handler, source } = makeHandler()
      await handler.dispatch([pendingOf(7)])
      expect(source.asked).to.deep.equal([])
    })

    it('that the partitioner refuses fails at once, without a retry', async () => {
      const { handler, listener, pool } = makeHandler()
      await ended(handler.dispatch(messages('a@0', 'bad@-1', 'b@1')))
      expect(pool.stored).to.deep.equal({ 't/0': ['a'], 't/1': ['b'] })
      expect(listener.retries).to.deep.equal([])
      expect(listener.failures.map(({ cause }) => cause.name)).to.deep.equal(['PartitionerError'])
      expect(listener.failures[0]!.cause).to.be.instanceOf(PartitionerError)
    })

    it('for an unknown topic is retried alone, then fails with what the broker says', async () => {
      const { handler, listener, pool } = makeHandler({ maxRetries: 1 })
      await ended(handler.dispatch(messages('a@0', 'nosuch/bad', 'b@0')))
      expect(pool.wire).to.deep.equal(['0: t/0=a,b'])
      expect(listener.failed.bad).to.match(/^topic nosuch is not available: UNKNOWN_TOPIC_OR_PARTITION \(3\)/)
      expect(listener.failures[0]!.attempts).to.have.length(2)
    })

    it('for a topic that may not be written to fails at once', async () => {
      const { handler, listener, source } = makeHandler({}, { t: [0], closed: 29 })
      await ended(handler.dispatch(messages('a', 'closed/bad')))
      expect(listener.failures[0]!.cause).to.include({ errorCode: 29 })
      expect(source.asked).to.deep.equal([['t', 'closed']])
    })

    it('that is too large fails alone, at once', async () => {
      const { handler, listener, pool } = makeHandler()
      pool.refuse = ({ texts }) => (texts.includes('x') ? 10 : undefined)
      await ended(handler.dispatch(messages('a@0', 'x@0', 'b@0')))
      expect(pool.stored).to.deep.equal({ 't/0': ['a', 'b'] })
      expect(Object.keys(listener.failed)).to.deep.equal(['x'])
      expect(listener.retries).to.deep.equal([])
    })
  })

  describe('a retry', () => {
    // Upstream: AsyncProducerTest.testFailedSendRetryLogic.
    it('sends only what failed: all after a broken connection, one partition after its error code', async () => {
      const { handler, pool } = makeHandler({}, { t: [0, 0] })
      pool.before = () => {
        if (pool.requests.length === 1) throw new ConnectionError('broken')
      }
      pool.refuse = ({ partition }) =>
        pool.requests.length === 2 && partition === 0 ? NOT_LEADER : undefined
      await ended(handler.handle(['a@0', 'b@0', 'c@1', 'd@1'].map(message)))
      expect(pool.wire).to.deep.equal(['0: t/0=a,b t/1=c,d', '0: t/0=a,b t/1=c,d', '0: t/0=a,b'])
      expect(pool.stored).to.deep.equal({ 't/0': ['a', 'b'], 't/1': ['c', 'd'] })
    })

    for (const maxRetries of [0, 1, 3, 10]) {
      it(`is made ${maxRetries} times with message.send.max.retries=${maxRetries}, so there are ${maxRetries + 1} attempts`, async () => {
        const { handler, listener, pool } = makeHandler({ maxRetries })
        pool.refuse = () => NOT_LEADER
        const { failures } = await failureOf(handler.handle([message('a@0')]))
        expect(pool.requests).to.have.length(maxRetries + 1)
        expect(failures[0]!.attemptCount).to.equal(maxRetries + 1)
        expect(listener.retries).to.have.length(maxRetries)
      })
    }

    it('is not made at all with −1, nor anything else: the error says why', async () => {
      const { handler, pool, source } = makeHandler({ maxRetries: -1 })
      const error = await failureOf(handler.handle([message('a@0')]))
      expect([pool.requests, source.asked]).to.deep.equal([[], []])
      expect(error.failures[0]!.cause.message).to.contain('message.send.max.retries is negative')
      expect(error.failures[0]).to.include({ persistence: 'not-persisted', partition: -1 })
    })

    it('waits retry.backoff.ms before each, and not after the last', async () => {
      const { handler, pool } = makeHandler({ maxRetries: 3 })
      pool.refuse = () => NOT_LEADER
      const times = requestTimes(pool)
      const start = performance.now()
      await failureOf(handler.handle([message('a@0')]))
      expect(times[0]).to.be.at.most(1)
      expect(times.map((ms) => ms - times[0]!)).to.deep.equal([0, 100, 200, 300])
      expect(performance.now() - start).to.be.at.most(303)
    })

    it('comes without a pause with retry.backoff.ms=0', async () => {
      const { handler, pool } = makeHandler({ maxRetries: 3, retryBackoffMs: 0 })
      pool.refuse = () => NOT_LEADER
      const times = requestTimes(pool)
      await failureOf(handler.handle([message('a@0')]))
      expect(times).to.have.length(4)
      expect(times.at(-1)).to.be.at.most(10)
    })

    // Catches a producer that retries without a metadata refresh.
    it('follows a refresh of the topics that are left, and of no others', async () => {
      const { handler, pool, source } = makeHandler()
      pool.refuse = ({ topic }) => (topic === 'u' && pool.requests.length <= 3 ? NOT_LEADER : undefined)
      await ended(handler.handle(['a@0', 'b@1', 'u/c'].map(message)))
      expect(source.asked).to.deep.equal([['t', 'u'], ['u']])
    })

    it('goes to the new leader', async () => {
      const { handler, pool, source } = makeHandler()
      pool.refuse = (_, { broker }) => {
        source.topics.t = [3, 1]
        return broker === 0 ? NOT_LEADER : undefined
      }
      await ended(handler.handle([message('a@0'), message('b@0')]))
      expect(pool.wire).to.deep.equal(['0: t/0=a,b', '3: t/0=a,b'])
    })

    it('asks for metadata after the back-off, not before', async () => {
      const { handler, pool, source } = makeHandler()
      pool.refuse = () => (pool.requests.length === 1 ? NOT_LEADER : undefined)
      const done = handler.handle([message('a@0')])
      await clock.tickAsync(BACKOFF_MS - 1)
      expect(source.asked).to.have.length(1)
      await ended(done)
      expect(source.asked).to.have.length(2)
    })

    it('does not ask for metadata after the last attempt', async () => {
      const { handler, pool, source } = makeHandler({ maxRetries: 2 })
      pool.refuse = () => NOT_LEADER
      await failureOf(handler.handle([message('a@0')]))
      expect(source.asked).to.have.length(3)
    })

    it('goes on with what is known where the refresh fails', async () => {
      const { handler, logger, pool, source } = makeHandler()
      pool.refuse = () => {
        source.isReachable = false
        return pool.requests.length < 3 ? NOT_LEADER : undefined
      }
      await ended(handler.handle([message('a@0')]))
      expect(pool.wire).to.deep.equal(['0: t/0=a', '0: t/0=a', '0: t/0=a'])
      expect(logger.at('error')).to.deep.equal([
        'metadata could not be refreshed: no broker answers',
        'metadata could not be refreshed: no broker answers',
      ])
    })

    it('keeps the order of a partition', async () => {
      const { handler, pool } = makeHandler({ maxRetries: 5 })
      pool.refuse = ({ partition }) => (pool.requests.length <= 4 && partition === 0 ? NOT_LEADER : undefined)
      await ended(handler.handle(['a@0', 'b@1', 'c@0', 'd@1', 'e@0'].map(message)))
      expect(pool.stored).to.deep.equal({ 't/0': ['a', 'c', 'e'], 't/1': ['b', 'd'] })
    })

    it('lets messages without a key go elsewhere when they were certainly not stored', async () => {
      const chances = [0, 0.9]
      const { handler, pool } = makeHandler({ random: () => chances.shift()! })
      pool.refuse = (_, { broker }) => (broker === 0 ? NOT_LEADER : undefined)
      await ended(handler.handle([message('a'), message('b')]))
      expect(pool.wire).to.deep.equal(['0: t/0=a,b', '1: t/1=a,b'])
    })

    it('leaves messages without a key where they may be stored already', async () => {
      const chances = [0, 0.9]
      const { handler, pool } = makeHandler({ random: () => chances.shift()! })
      pool.before = () => {
        if (pool.requests.length === 1)
          throw new ConnectionError('reset', { persistence: 'possibly-persisted' })
      }
      await ended(handler.handle([message('a'), message('b')]))
      expect(pool.wire).to.deep.equal(['0: t/0=a,b', '0: t/0=a,b'])
    })

    it('finds a topic that is being created', async () => {
      const { handler, pool, source } = makeHandler({}, { fresh: 5 })
      source.before = () => {
        if (source.asked.length === 3) source.topics.fresh = [1]
      }
      await ended(handler.handle([message('fresh/a')]))
      expect(pool.stored).to.deep.equal({ 'fresh/0': ['a'] })
      expect(source.asked).to.deep.equal([['fresh'], ['fresh'], ['fresh']])
    })

    it('waits for the leader of a keyed message while its neighbours go', async () => {
      const { handler, pool, source } = makeHandler({}, { t: [0, null] })
      source.before = () => {
        if (source.asked.length === 2) source.topics.t = [0, 3]
      }
      await ended(handler.handle(['a@0', 'b@1', 'c@0'].map(message)))
      expect(pool.wire).to.deep.equal(['0: t/0=a,c', '3: t/1=b'])
    })

    it('is announced with counts, before the pause', async () => {
      const { handler, listener, pool } = makeHandler({ maxRetries: 2 })
      pool.refuse = ({ partition }) => (partition === 0 ? NOT_LEADER : undefined)
      const done = failureOf(handler.handle(['a@0', 'b@1', 'c@0'].map(message)))
      expect(await done).to.be.instanceOf(Error)
      expect(listener.retries).to.deep.equal([
        { attempts: 1, remaining: 2, messages: 2, topics: ['t'], backoffMs: BACKOFF_MS },
        { attempts: 2, remaining: 1, messages: 2, topics: ['t'], backoffMs: BACKOFF_MS },
      ])
    })

    it('counts the attempts that left something to be done, the last one included', async () => {
      for (const [failing, counted] of [
        [0, 0],
        [1, 1],
        [99, 3],
      ] as const) {
        const { handler, listener, pool } = makeHandler({ maxRetries: 2 })
        pool.refuse = () => (pool.requests.length <= failing ? NOT_LEADER : undefined)
        await ended(handler.dispatch(messages('a@0')))
        expect(listener.attemptsFailed, `${failing} failing`).to.equal(counted)
      }
    })

    it('is logged at INFO with what remains', async () => {
      const { handler, logger, pool } = makeHandler({ maxRetries: 1 })
      pool.refuse = () => NOT_LEADER
      await failureOf(handler.handle([message('a@0')]))
      expect(logger.at('info')).to.deep.equal(['1 messages are tried again in 100 ms, 1 attempts are left'])
    })
  })

  describe('the leaders of a cycle', () => {
    it('are written to in parallel', async () => {
      const { handler, pool } = makeHandler()
      let release!: () => void
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      pool.before = ({ broker }) => (broker === 0 ? held : undefined)
      const done = handler.handle(['a@0', 'b@1', 'u/c'].map(message))
      await clock.tickAsync(10)
      expect(pool.wire).to.have.members(['0: t/0=a', '1: t/1=b', '2: u/0=c'])
      expect(pool.stored).to.deep.equal({ 't/1': ['b'], 'u/0': ['c'] })
      release()
      await ended(done)
    })

    it('deliver what they stored without waiting for each other', async () => {
      const { handler, listener, pool } = makeHandler()
      pool.before = ({ broker }) =>
        broker === 0 ? new Promise((resolve) => setTimeout(resolve, 5000)) : undefined
      const done = handler.handle(['a@0', 'b@1'].map(message))
      await clock.tickAsync(10)
      expect(listener.delivered).to.deep.equal(['t/1@0: b'])
      await ended(done)
    })
  })

  describe('what is known of a message that failed', () => {
    const lost = new ConnectionError('reset', { persistence: 'possibly-persisted' })
    const refused = new ConnectionError('refused')

    for (const [title, errors, persistence] of [
      [
        'stays possibly-persisted when a definite failure follows an ambiguous one',
        [lost, refused],
        'possibly-persisted',
      ],
      ['becomes possibly-persisted when an ambiguous one follows', [refused, lost], 'possibly-persisted'],
      ['is not-persisted when all were definite', [refused, refused], 'not-persisted'],
    ] as [string, KafkaError[], string][]) {
      it(title, async () => {
        const { handler, pool } = makeHandler({ maxRetries: errors.length - 1 })
        const left = [...errors]
        pool.before = () => {
          throw left.shift()!
        }
        const error = await failureOf(handler.handle([message('a@0')]))
        expect(error.failures[0]!.persistence).to.equal(persistence)
        expect(error.persistence).to.equal(persistence)
        expect(error.failures[0]!.cause).to.equal(errors.at(-1))
      })
    }

    it('matters no more when a later attempt is acknowledged', async () => {
      const { handler, listener, pool } = makeHandler()
      pool.before = () => {
        if (pool.requests.length === 1) throw lost
      }
      await ended(handler.handle([message('a@0')]))
      expect(listener.failures).to.deep.equal([])
    })

    it('stays possibly-persisted when a later attempt is refused for ever', async () => {
      const { handler, pool } = makeHandler()
      pool.before = () => {
        if (pool.requests.length === 1) throw lost
      }
      pool.refuse = () => 29
      const error = await failureOf(handler.handle([message('a@0')]))
      expect(error.failures[0]).to.include({ persistence: 'possibly-persisted' })
      expect(error.failures[0]!.cause.code).to.equal('KAFKA_BROKER_TOPIC_AUTHORIZATION_FAILED')
    })
  })

  describe('metadata', () => {
    it('of unknown topics is asked for once, for all of them, before the first attempt', async () => {
      const { handler, source } = makeHandler({ refreshIntervalMs: -1 })
      await ended(handler.handle(['a@0', 'u/b', 'c@1'].map(message)))
      expect(source.asked).to.deep.equal([['t', 'u']])
    })

    it('of known topics is not asked for with a negative interval', async () => {
      const { handler, source } = makeHandler({ refreshIntervalMs: -1 })
      await ended(handler.handle([message('a@0')]))
      await clock.tickAsync(10_000_000)
      await ended(handler.handle([message('a@0'), message('u/b')]))
      expect(source.asked).to.deep.equal([['t'], ['u']])
    })

    it('is asked for at the first send and then when more than the interval has passed, on the way of a send', async () => {
      const { handler, source } = makeHandler({ refreshIntervalMs: 5000 })
      await ended(handler.handle([message('a@0')]))
      await clock.tickAsync(4000)
      await ended(handler.handle([message('b@0')]))
      expect(source.asked).to.have.length(1)
      await clock.tickAsync(60_000)
      expect(source.asked).to.have.length(1)
      await ended(handler.handle([message('c@0')]))
      expect(source.asked).to.have.length(2)
    })

    it('that is due runs beside the traffic where the topics are known', async () => {
      const { handler, pool, source } = makeHandler({ refreshIntervalMs: 5000 })
      await ended(handler.handle([message('a@0')]))
      await clock.tickAsync(6000)
      let answer!: () => void
      source.before = () =>
        new Promise<void>((resolve) => {
          answer = resolve
        })
      await ended(handler.handle([message('b@0')]))
      expect(pool.stored).to.deep.equal({ 't/0': ['a', 'b'] })
      expect(source.asked).to.have.length(2)
      answer()
      await clock.tickAsync(1)
    })

    it('is waited for where a topic is unknown, though another one is known', async () => {
      const { handler, pool, source } = makeHandler()
      await ended(handler.handle([message('a@0')]))
      source.before = () => new Promise((resolve) => setTimeout(resolve, 500))
      const times = requestTimes(pool)
      await ended(handler.handle(['b@0', 'u/c'].map(message)))
      expect(times.every((ms) => ms >= 500)).to.equal(true)
    })

    it('covers the topics used since the previous refresh', async () => {
      const { handler, source } = makeHandler({ refreshIntervalMs: 5000 }, { t: [0], u: [0], v: [0] })
      await ended(handler.handle([message('a')]))
      await clock.tickAsync(1000)
      await ended(handler.handle([message('u/b')]))
      await clock.tickAsync(5000)
      await ended(handler.handle([message('v/c')]))
      await clock.tickAsync(6000)
      await ended(handler.handle([message('a')]))
      await clock.tickAsync(10)
      expect(source.asked).to.deep.equal([['t'], ['u'], ['u', 'v'], ['t']])
    })

    it('is asked for before every attempt with an interval of 0, the pause’s own included', async () => {
      const { handler, pool, source } = makeHandler({ refreshIntervalMs: 0, maxRetries: 2 })
      pool.refuse = () => NOT_LEADER
      await failureOf(handler.handle([message('a@0')]))
      await clock.tickAsync(10)
      expect(source.asked).to.have.length(3)
    })

    it('that failed to come when it was due is not asked for again before the next interval', async () => {
      const { handler, logger, pool, source } = makeHandler({ refreshIntervalMs: 5000 })
      await ended(handler.handle([message('a@0')]))
      await clock.tickAsync(6000)
      source.isReachable = false
      await ended(handler.handle([message('b@0')]))
      await clock.tickAsync(1000)
      await ended(handler.handle([message('c@0')]))
      await clock.tickAsync(1000)
      expect(source.asked).to.have.length(2)
      expect(pool.stored).to.deep.equal({ 't/0': ['a', 'b', 'c'] })
      expect(logger.at('error')).to.deep.equal(['metadata could not be refreshed: no broker answers'])
    })

    it('that cannot be had fails the messages with the reason, and the reason is logged once per attempt', async () => {
      const { handler, logger, source } = makeHandler({ maxRetries: 1 })
      source.isReachable = false
      const error = await failureOf(handler.handle([message('a@0')]))
      expect(error.failures[0]).to.include({ persistence: 'not-persisted', partition: -1 })
      expect(error.failures[0]!.cause.message).to.equal('no broker answers')
      expect(logger.at('error')).to.deep.equal([
        'metadata could not be refreshed: no broker answers',
        'metadata could not be refreshed: no broker answers',
        '1 messages to t were given up after 2 attempts; the first: no broker answers',
      ])
    })

    it('lets messages without a key stay on their partition from one call to the next', async () => {
      const random = sinon.fake.returns(0.9)
      const { handler, pool } = makeHandler({ random })
      await ended(handler.handle([message('a')]))
      await ended(handler.handle([message('b')]))
      expect(pool.stored).to.deep.equal({ 't/1': ['a', 'b'] })
      expect(random.callCount).to.equal(1)
    })

    it('makes them choose anew when it is due, also where it fails', async () => {
      const chances = [0.9, 0, 0.9]
      const { handler, pool, source } = makeHandler({
        refreshIntervalMs: 5000,
        random: () => chances.shift()!,
      })
      await ended(handler.handle([message('a')]))
      await clock.tickAsync(6000)
      await ended(handler.handle([message('b')]))
      await clock.tickAsync(6000)
      source.isReachable = false
      await ended(handler.handle([message('c')]))
      await clock.tickAsync(10)
      expect(pool.stored).to.deep.equal({ 't/1': ['a', 'c'], 't/0': ['b'] })
    })

    it('of a topic that is missed makes nobody choose anew', async () => {
      const random = sinon.fake.returns(0.9)
      const { handler, pool } = makeHandler({ random })
      await ended(handler.handle([message('a')]))
      await ended(handler.handle([message('u/b')]))
      await ended(handler.handle([message('c')]))
      expect(pool.stored['t/1']).to.deep.equal(['a', 'c'])
    })
  })

  describe('a time limit (delivery.timeout.ms)', () => {
    function limited(text: string, milliseconds: number): PendingMessage {
      const { topic, key, message: value } = message(text)
      return pendingOf(value, { topic, key, deadlineMs: performance.now() + milliseconds })
    }

    it('that is over before the first attempt fails the message unsent, and that message only', async () => {
      const { handler, listener, pool } = makeHandler()
      const late = limited('late@0', 50)
      await clock.tickAsync(60)
      await ended(handler.dispatch([late, ...messages('a@0')]))
      expect(pool.wire).to.deep.equal(['0: t/0=a'])
      expect(listener.failures[0]!.cause).to.be.instanceOf(DeliveryTimeoutError)
      expect(listener.failures[0]).to.include({ persistence: 'not-persisted' })
      expect(listener.failed).to.deep.equal({ late: 'no delivery within delivery.timeout.ms' })
    })

    it('that ends during the back-off fails the message without another attempt, with the last failure as cause', async () => {
      const { handler, listener, pool } = makeHandler({ maxRetries: 1000 })
      pool.refuse = () => NOT_LEADER
      await ended(handler.dispatch([limited('a@0', 250)]))
      expect(pool.requests).to.have.length(3)
      const [failure] = listener.failures
      expect(failure!.cause).to.be.instanceOf(DeliveryTimeoutError)
      expect(failure!.cause.message).to.match(
        /^no delivery within delivery.timeout.ms: b0:9092 answered NOT_LEADER/,
      )
      expect(failure!.cause.cause).to.equal(failure!.attempts.at(-1)!.error)
    })

    it('does not wait out a back-off that is longer', async () => {
      const { handler, listener, pool, source } = makeHandler({ maxRetries: 10, retryBackoffMs: 50_000 })
      pool.refuse = () => NOT_LEADER
      const start = performance.now()
      await ended(handler.dispatch([limited('a@0', 250)]))
      expect(Object.keys(listener.failed)).to.deep.equal(['a'])
      expect(performance.now() - start).to.be.at.most(260)
      expect(source.asked, 'no refresh for nobody').to.have.length(1)
    })

    it('wakes nobody else early: the others wait their back-off', async () => {
      const { handler, pool } = makeHandler({ maxRetries: 1, retryBackoffMs: 1000 })
      pool.refuse = () => (pool.requests.length === 1 ? NOT_LEADER : undefined)
      const times = requestTimes(pool)
      await ended(handler.dispatch([limited('late@0', 250), ...messages('a@0')]))
      expect(pool.wire).to.deep.equal(['0: t/0=late,a', '0: t/0=a'])
      expect(times[1]! - times[0]!).to.equal(1000)
    })

    it('does not wait out a metadata request that takes longer; the others do', async () => {
      const { handler, listener, pool, source } = makeHandler()
      source.before = () => new Promise((resolve) => setTimeout(resolve, 5000))
      const start = performance.now()
      let failedAfterMs = 0
      listener.onFailed = ((report) => (failures: Parameters<typeof report>[0]) => {
        failedAfterMs = performance.now() - start
        report(failures)
      })(listener.onFailed.bind(listener))
      await ended(handler.dispatch([limited('late@0', 250), ...messages('a@0')]))
      expect(Object.keys(listener.failed)).to.deep.equal(['late'])
      expect(failedAfterMs).to.be.within(250, 260)
      expect(pool.wire).to.deep.equal(['0: t/0=a'])
    })

    it('that ends while metadata is waited for fails the message unsent', async () => {
      const { handler, listener, pool, source } = makeHandler()
      source.before = () => new Promise((resolve) => setTimeout(resolve, 500))
      await ended(handler.dispatch([limited('late@0', 250), ...messages('a@0')]))
      expect(pool.wire).to.deep.equal(['0: t/0=a'])
      expect(Object.keys(listener.failed)).to.deep.equal(['late'])
    })

    it('says possibly-persisted where an attempt was ambiguous', async () => {
      const { handler, listener, pool } = makeHandler({ maxRetries: 1000 })
      pool.before = () => {
        throw new RequestTimeoutError('late', { persistence: 'possibly-persisted' })
      }
      await ended(handler.dispatch([limited('a@0', 150)]))
      expect(listener.failures[0]).to.include({ persistence: 'possibly-persisted' })
    })

    for (const acks of [-1, 1, 0]) {
      it(`that ends in flight fails the message as possibly-persisted and ends the call, acks ${acks}`, async () => {
        const { handler, listener, pool } = makeHandler({ acks })
        pool.before = () => new Promise((resolve) => setTimeout(resolve, 5000))
        const start = performance.now()
        await ended(handler.dispatch([limited('a@0', 250)]))
        expect(performance.now() - start).to.be.within(250, 260)
        expect(listener.failures[0]).to.include({ persistence: 'possibly-persisted' })
        expect(listener.failed).to.deep.equal({
          a: 'no delivery within delivery.timeout.ms: the broker has not answered yet',
        })
        await clock.tickAsync(5000)
        expect(listener.delivered).to.deep.equal([])
      })
    }

    it('that ends before its request can be written fails the message as not-persisted, and it is never written', async () => {
      const { handler, listener, pool } = makeHandler()
      pool.untilWritable = () => new Promise((resolve) => setTimeout(resolve, 5000))
      await ended(handler.dispatch([limited('a@0', 250)]))
      expect(listener.failures[0]).to.include({ persistence: 'not-persisted' })
      await clock.tickAsync(5000)
      expect(pool.wire).to.deep.equal([])
    })

    it('that ends in flight keeps the next cycle waiting until the request has ended', async () => {
      const { handler, pool } = makeHandler()
      pool.before = () => new Promise((resolve) => setTimeout(resolve, 1000))
      await ended(handler.dispatch([limited('a@0', 250)]))
      const times = requestTimes(pool)
      await ended(handler.dispatch(messages('b@0')))
      expect(times).to.have.length(1)
      expect(times[0]).to.be.within(740, 750)
    })
  })

  describe('abort', () => {
    const reason = new DeliveryTimeoutError('close gave up')

    it('fails what is in flight by closing its connection, and makes no other attempt', async () => {
      const { handler, listener, pool } = makeHandler()
      pool.before = () =>
        new Promise((_, reject) => {
          const check = setInterval(() => {
            if (pool.closedFor === null) return
            clearInterval(check)
            reject(new ConnectionError('closed', { persistence: 'possibly-persisted' }))
          }, 5)
        })
      const done = handler.dispatch(messages('a@0'))
      await clock.tickAsync(20)
      handler.abort(reason)
      await ended(done)
      expect(pool.closedFor).to.equal(reason)
      expect(pool.requests).to.have.length(1)
      expect(listener.failures).to.have.length(1)
      expect(listener.failures[0]).to.include({ cause: reason, persistence: 'possibly-persisted' })
    })

    it('ends a back-off at once', async () => {
      const { handler, listener, pool, source } = makeHandler({ retryBackoffMs: 50_000 })
      pool.refuse = () => NOT_LEADER
      const done = handler.dispatch(messages('a@0'))
      await clock.tickAsync(20)
      handler.abort(reason)
      const start = performance.now()
      await ended(done)
      expect(performance.now() - start).to.be.at.most(2)
      expect(source.asked, 'no refresh for what is given up').to.have.length(1)
      expect(listener.failures[0]).to.include({ cause: reason, persistence: 'not-persisted' })
      expect(clock.countTimers()).to.equal(0)
    })

    it('during the wait for metadata sends nothing any more', async () => {
      const { handler, listener, logger, pool, source } = makeHandler()
      source.before = () => new Promise((resolve) => setTimeout(resolve, 500))
      const done = handler.dispatch(messages('a@0'))
      await clock.tickAsync(20)
      handler.abort(reason)
      source.isReachable = false
      await ended(done)
      expect(pool.requests).to.deep.equal([])
      expect(listener.failures[0]).to.include({ cause: reason })
      expect(logger.at('error')).to.deep.equal([])
    })

    it('fails whatever comes after it, at once and with the same reason', async () => {
      const { handler, listener, source } = makeHandler()
      handler.abort(reason)
      handler.abort(new DeliveryTimeoutError('a second one'))
      await handler.dispatch(messages('a@0', 'b@0'))
      expect(listener.failed).to.deep.equal({ a: 'close gave up', b: 'close gave up' })
      expect(source.asked).to.deep.equal([])
    })
  })

  describe('confirm', () => {
    it('asks every connection', async () => {
      const { handler, pool } = makeHandler({ acks: 0 })
      await ended(handler.handle([message('a@0'), message('u/b')]))
      await handler.confirm()
      expect(pool.confirmations).to.equal(1)
    })

    it('fails when a connection does', async () => {
      const { handler, pool } = makeHandler({ acks: 0 })
      await ended(handler.handle([message('a@0')]))
      const broken = new ConnectionError('broken')
      sinon.stub(pool, 'members').returns([{ confirm: async () => Promise.reject(broken) }])
      expect(await handler.confirm().catch((error) => error)).to.equal(broken)
    })
  })

  describe('close', () => {
    it('closes all connections, once', () => {
      const { handler, pool } = makeHandler()
      const close = sinon.spy(pool, 'close')
      expect(handler.close()).to.equal(handler.close())
      expect(close.callCount).to.equal(1)
    })

    it('makes no noise about a refresh that it ends', async () => {
      const { handler, logger, source } = makeHandler({ refreshIntervalMs: 5000 })
      await ended(handler.handle([message('a@0')]))
      await clock.tickAsync(6000)
      source.before = () => new Promise((resolve) => setTimeout(resolve, 500))
      await ended(handler.handle([message('b@0')]))
      source.isReachable = false
      await handler.close()
      await clock.tickAsync(1000)
      expect(logger.at('error')).to.deep.equal([])
    })
  })

  it('serializes for callers that want to know before anything is sent', () => {
    const { handler } = makeHandler()
    const pending = pendingOf('a', { key: 7 })
    expect(handler.serialize(pending)).to.equal(null)
    expect([pending.key, pending.value]).to.deep.equal(['7', 'a'])
    expect(handler.serialize(pendingOf(7))).to.be.instanceOf(EncodeError)
  })

  it('settles each message exactly once, in whatever way it ends', async () => {
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
