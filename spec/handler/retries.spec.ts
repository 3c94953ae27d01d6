import { expect } from 'chai'
import { AuthenticationError, ConnectionError, type KafkaError } from '../../lib/errors.js'
import {
  BACKOFF_MS,
  makeHandler,
  message,
  messages,
  NOT_LEADER,
  reasonsOf,
  requestTimes,
  useFakeTime,
} from './support/event-handlers.js'

describe('DefaultEventHandler', () => {
  const { ended, failureOf, tick } = useFakeTime()

  // Upstream: AsyncProducerTest.testFailedSendRetryLogic.
  it('sends everything again after a broken connection, and one partition after its error code', async () => {
    const { handler, pool } = makeHandler({}, { t: [0, 0] })
    pool.before = () => {
      if (pool.requests.length === 1) throw new ConnectionError('broken')
    }
    pool.refuse = ({ partition }) => (pool.requests.length === 2 && partition === 0 ? NOT_LEADER : undefined)
    await ended(handler.handle(['a@0', 'b@0', 'c@1', 'd@1'].map(message)))
    expect(pool.wire).to.deep.equal(['0: t/0=a,b t/1=c,d', '0: t/0=a,b t/1=c,d', '0: t/0=a,b'])
    expect(pool.stored).to.deep.equal({ 't/0': ['a', 'b'], 't/1': ['c', 'd'] })
  })

  it('does not try again what a broker did not let in, and says that it is not stored', async () => {
    const { handler, listener, pool } = makeHandler({ maxRetries: 3 })
    pool.before = () => {
      throw new AuthenticationError('no such user', { broker: 'b:1', mechanism: 'PLAIN' })
    }
    const { failures } = await failureOf(handler.handle([message('a@0'), message('b@1')]))
    expect(listener.retries).to.have.length(0)
    expect(failures.map(({ cause, persistence }) => [cause.code, persistence])).to.deep.equal([
      ['KAFKA_AUTHENTICATION', 'not-persisted'],
      ['KAFKA_AUTHENTICATION', 'not-persisted'],
    ])
  })

  it('keeps in doubt what may be stored by an earlier attempt, where the broker does not let the next one in', async () => {
    const { handler, pool } = makeHandler({ maxRetries: 3 })
    let attempts = 0
    pool.before = () => {
      if (++attempts > 1) throw new AuthenticationError('revoked', { broker: 'b:1' })
      throw new ConnectionError('broken', { persistence: 'possibly-persisted' })
    }
    const { failures } = await failureOf(handler.handle([message('a@0')]))
    expect(failures[0]).to.include({ persistence: 'possibly-persisted', attemptCount: 2 })
  })

  for (const maxRetries of [0, 1, 3, 10]) {
    it(`makes ${maxRetries + 1} attempts with message.send.max.retries=${maxRetries}`, async () => {
      const { handler, listener, pool } = makeHandler({ maxRetries })
      pool.refuse = () => NOT_LEADER
      const { failures } = await failureOf(handler.handle([message('a@0')]))
      expect(pool.requests).to.have.length(maxRetries + 1)
      expect(failures[0]!.attemptCount).to.equal(maxRetries + 1)
      expect(listener.retries).to.have.length(maxRetries)
    })
  }

  it('makes no attempt with message.send.max.retries=−1, and fails with an error that names the setting', async () => {
    const { handler, pool, source } = makeHandler({ maxRetries: -1 })
    const error = await failureOf(handler.handle([message('a@0')]))
    expect([pool.requests, source.asked]).to.deep.equal([[], []])
    expect(error.failures[0]!.cause.message).to.contain('message.send.max.retries is negative')
    expect(error.failures[0]).to.include({ persistence: 'not-persisted', partition: -1 })
  })

  it('waits retry.backoff.ms before each retry, and not after the last', async () => {
    const { handler, pool } = makeHandler({ maxRetries: 3 })
    pool.refuse = () => NOT_LEADER
    const times = requestTimes(pool)
    const start = performance.now()
    await failureOf(handler.handle([message('a@0')]))
    expect(times[0]).to.be.at.most(1)
    expect(times.map((ms) => ms - times[0]!)).to.deep.equal([0, 100, 200, 300])
    expect(performance.now() - start).to.be.at.most(303)
  })

  it('retries without a pause with retry.backoff.ms=0', async () => {
    const { handler, pool } = makeHandler({ maxRetries: 3, retryBackoffMs: 0 })
    pool.refuse = () => NOT_LEADER
    const times = requestTimes(pool)
    await failureOf(handler.handle([message('a@0')]))
    expect(times).to.have.length(4)
    expect(times.at(-1)).to.be.at.most(10)
  })

  // Catches a producer that retries without a metadata refresh.
  it('refreshes the topics of unsettled messages, and no others, before a retry', async () => {
    const { handler, pool, source } = makeHandler()
    pool.refuse = ({ topic }) => (topic === 'u' && pool.requests.length <= 3 ? NOT_LEADER : undefined)
    await ended(handler.handle(['a@0', 'b@1', 'u/c'].map(message)))
    expect(source.asked).to.deep.equal([['t', 'u'], ['u']])
  })

  it('sends a retry to the new leader', async () => {
    const { handler, pool, source } = makeHandler()
    pool.refuse = (_, { broker }) => {
      source.topics.t = [3, 1]
      return broker === 0 ? NOT_LEADER : undefined
    }
    await ended(handler.handle([message('a@0'), message('b@0')]))
    expect(pool.wire).to.deep.equal(['0: t/0=a,b', '3: t/0=a,b'])
  })

  it('requests metadata after the back-off, not before', async () => {
    const { handler, pool, source } = makeHandler()
    pool.refuse = () => (pool.requests.length === 1 ? NOT_LEADER : undefined)
    const done = handler.handle([message('a@0')])
    await tick(BACKOFF_MS - 1)
    expect(source.asked).to.have.length(1)
    await ended(done)
    expect(source.asked).to.have.length(2)
  })

  it('requests no metadata after the last attempt', async () => {
    const { handler, pool, source } = makeHandler({ maxRetries: 2 })
    pool.refuse = () => NOT_LEADER
    await failureOf(handler.handle([message('a@0')]))
    expect(source.asked).to.have.length(3)
  })

  it('retries with the known leaders where the refresh fails', async () => {
    const { handler, logger, pool, source } = makeHandler()
    pool.refuse = () => {
      source.isReachable = false
      return pool.requests.length < 3 ? NOT_LEADER : undefined
    }
    await ended(handler.handle([message('a@0')]))
    expect(pool.wire).to.deep.equal(['0: t/0=a', '0: t/0=a', '0: t/0=a'])
    const refreshes = logger.at('warn').filter((line) => line.startsWith('metadata could not be refreshed'))
    expect(reasonsOf(refreshes)).to.deep.equal(['no broker answers', 'no broker answers'])
    expect(logger.at('error')).to.deep.equal([])
  })

  it('keeps the order of a partition through a retry', async () => {
    const { handler, pool } = makeHandler({ maxRetries: 5 })
    pool.refuse = ({ partition }) => (pool.requests.length <= 4 && partition === 0 ? NOT_LEADER : undefined)
    await ended(handler.handle(['a@0', 'b@1', 'c@0', 'd@1', 'e@0'].map(message)))
    expect(pool.stored).to.deep.equal({ 't/0': ['a', 'c', 'e'], 't/1': ['b', 'd'] })
  })

  it('chooses another partition for messages without a key that are certainly not stored', async () => {
    const chances = [0, 0.9]
    const { handler, pool } = makeHandler({ random: () => chances.shift()! })
    pool.refuse = (_, { broker }) => (broker === 0 ? NOT_LEADER : undefined)
    await ended(handler.handle([message('a'), message('b')]))
    expect(pool.wire).to.deep.equal(['0: t/0=a,b', '1: t/1=a,b'])
  })

  it('keeps the partition of messages without a key that may be stored', async () => {
    const chances = [0, 0.9]
    const { handler, pool } = makeHandler({ random: () => chances.shift()! })
    pool.before = () => {
      if (pool.requests.length === 1)
        throw new ConnectionError('reset', { persistence: 'possibly-persisted' })
    }
    await ended(handler.handle([message('a'), message('b')]))
    expect(pool.wire).to.deep.equal(['0: t/0=a,b', '0: t/0=a,b'])
  })

  it('retries until a topic that is being created has a leader', async () => {
    const { handler, pool, source } = makeHandler({}, { fresh: 5 })
    source.before = () => {
      if (source.asked.length === 3) source.topics.fresh = [1]
    }
    await ended(handler.handle([message('fresh/a')]))
    expect(pool.stored).to.deep.equal({ 'fresh/0': ['a'] })
    expect(source.asked).to.deep.equal([['fresh'], ['fresh'], ['fresh']])
  })

  it('retries a keyed message without a leader while its neighbours are stored', async () => {
    const { handler, pool, source } = makeHandler({}, { t: [0, null] })
    source.before = () => {
      if (source.asked.length === 2) source.topics.t = [0, 3]
    }
    await ended(handler.handle(['a@0', 'b@1', 'c@0'].map(message)))
    expect(pool.wire).to.deep.equal(['0: t/0=a,c', '3: t/1=b'])
  })

  it('reports a retry with its counts before the back-off', async () => {
    const { handler, listener, pool } = makeHandler({ maxRetries: 2 })
    pool.refuse = ({ partition }) => (partition === 0 ? NOT_LEADER : undefined)
    const done = failureOf(handler.handle(['a@0', 'b@1', 'c@0'].map(message)))
    expect(await done).to.be.instanceOf(Error)
    expect(listener.retries).to.deep.equal([
      { attempts: 1, remaining: 2, messages: 2, topics: ['t'], backoffMs: BACKOFF_MS },
      { attempts: 2, remaining: 1, messages: 2, topics: ['t'], backoffMs: BACKOFF_MS },
    ])
  })

  it('reports each attempt that left unsettled messages, the last one included', async () => {
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

  it('logs a retry at INFO with the number of attempts left', async () => {
    const { handler, logger, pool } = makeHandler({ maxRetries: 1 })
    pool.refuse = () => NOT_LEADER
    await failureOf(handler.handle([message('a@0')]))
    expect(logger.at('info')).to.have.length(1)
    expect(logger.at('info')[0]).to.match(/\b1 message\b.*\b100 ms\b.*\b1 attempt\b/)
  })

  it('writes to the leaders of a cycle in parallel', async () => {
    const { handler, pool } = makeHandler()
    let release!: () => void
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    pool.before = ({ broker }) => (broker === 0 ? held : undefined)
    const done = handler.handle(['a@0', 'b@1', 'u/c'].map(message))
    await tick(10)
    expect(pool.wire).to.have.members(['0: t/0=a', '1: t/1=b', '2: u/0=c'])
    expect(pool.stored).to.deep.equal({ 't/1': ['b'], 'u/0': ['c'] })
    release()
    await ended(done)
  })

  it('reports the messages of a leader as delivered without waiting for another leader', async () => {
    const { handler, listener, pool } = makeHandler()
    pool.before = ({ broker }) =>
      broker === 0 ? new Promise((resolve) => setTimeout(resolve, 5000)) : undefined
    const done = handler.handle(['a@0', 'b@1'].map(message))
    await tick(10)
    expect(listener.delivered).to.deep.equal(['t/1@0: b'])
    await ended(done)
  })

  const lost = new ConnectionError('reset', { persistence: 'possibly-persisted' })
  const refused = new ConnectionError('refused')

  for (const [title, errors, persistence] of [
    [
      'fails a message as possibly-persisted when a definite failure follows an ambiguous one',
      [lost, refused],
      'possibly-persisted',
    ],
    [
      'fails a message as possibly-persisted when an ambiguous failure follows a definite one',
      [refused, lost],
      'possibly-persisted',
    ],
    [
      'fails a message as not-persisted when all its failures were definite',
      [refused, refused],
      'not-persisted',
    ],
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

  it('delivers a message after an ambiguous attempt when a later attempt is acknowledged', async () => {
    const { handler, listener, pool } = makeHandler()
    pool.before = () => {
      if (pool.requests.length === 1) throw lost
    }
    await ended(handler.handle([message('a@0')]))
    expect(listener.failures).to.deep.equal([])
  })

  it('fails a message as possibly-persisted when a later attempt is rejected permanently', async () => {
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
