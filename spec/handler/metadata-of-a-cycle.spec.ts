import { expect } from 'chai'
import sinon from 'sinon'
import {
  makeHandler,
  message,
  NOT_LEADER,
  reasonsOf,
  requestTimes,
  useFakeTime,
} from './support/event-handlers.js'

describe('DefaultEventHandler', () => {
  const { ended, failureOf, tick } = useFakeTime()

  it('requests metadata of all unknown topics in one request before the first attempt', async () => {
    const { handler, source } = makeHandler({ refreshIntervalMs: -1 })
    await ended(handler.handle(['a@0', 'u/b', 'c@1'].map(message)))
    expect(source.asked).to.deep.equal([['t', 'u']])
  })

  it('requests no metadata of known topics with a negative interval', async () => {
    const { handler, source } = makeHandler({ refreshIntervalMs: -1 })
    await ended(handler.handle([message('a@0')]))
    await tick(10_000_000)
    await ended(handler.handle([message('a@0'), message('u/b')]))
    expect(source.asked).to.deep.equal([['t'], ['u']])
  })

  it('requests metadata at the first send, then at the first send after each interval', async () => {
    const { handler, source } = makeHandler({ refreshIntervalMs: 5000 })
    await ended(handler.handle([message('a@0')]))
    await tick(4000)
    await ended(handler.handle([message('b@0')]))
    expect(source.asked).to.have.length(1)
    await tick(60_000)
    expect(source.asked).to.have.length(1)
    await ended(handler.handle([message('c@0')]))
    expect(source.asked).to.have.length(2)
  })

  it('refreshes metadata of known topics without holding up messages', async () => {
    const { handler, pool, source } = makeHandler({ refreshIntervalMs: 5000 })
    await ended(handler.handle([message('a@0')]))
    await tick(6000)
    let answer!: () => void
    source.before = () =>
      new Promise<void>((resolve) => {
        answer = resolve
      })
    await ended(handler.handle([message('b@0')]))
    expect(pool.stored).to.deep.equal({ 't/0': ['a', 'b'] })
    expect(source.asked).to.have.length(2)
    answer()
    await tick(1)
  })

  it('waits for metadata where one of the topics is unknown', async () => {
    const { handler, pool, source } = makeHandler()
    await ended(handler.handle([message('a@0')]))
    source.before = () => new Promise((resolve) => setTimeout(resolve, 500))
    const times = requestTimes(pool)
    await ended(handler.handle(['b@0', 'u/c'].map(message)))
    expect(times.every((ms) => ms >= 500)).to.equal(true)
  })

  it('refreshes the topics used since the previous refresh', async () => {
    const { handler, source } = makeHandler({ refreshIntervalMs: 5000 }, { t: [0], u: [0], v: [0] })
    await ended(handler.handle([message('a')]))
    await tick(1000)
    await ended(handler.handle([message('u/b')]))
    await tick(5000)
    await ended(handler.handle([message('v/c')]))
    await tick(6000)
    await ended(handler.handle([message('a')]))
    await tick(10)
    expect(source.asked).to.deep.equal([['t'], ['u'], ['u', 'v'], ['t']])
  })

  it('requests metadata before every attempt, and once per retry, with an interval of 0', async () => {
    const { handler, pool, source } = makeHandler({ refreshIntervalMs: 0, maxRetries: 2 })
    pool.refuse = () => NOT_LEADER
    await failureOf(handler.handle([message('a@0')]))
    await tick(10)
    expect(source.asked).to.have.length(3)
  })

  it('waits for the next interval after a periodic refresh that failed', async () => {
    const { handler, logger, pool, source } = makeHandler({ refreshIntervalMs: 5000 })
    await ended(handler.handle([message('a@0')]))
    await tick(6000)
    source.isReachable = false
    await ended(handler.handle([message('b@0')]))
    await tick(1000)
    await ended(handler.handle([message('c@0')]))
    await tick(1000)
    expect(source.asked).to.have.length(2)
    expect(pool.stored).to.deep.equal({ 't/0': ['a', 'b', 'c'] })
    expect(reasonsOf(logger.at('warn'))).to.deep.equal(['no broker answers'])
    expect(logger.at('error')).to.deep.equal([])
  })

  it('fails messages with the reason why metadata is unavailable, and logs it once per attempt', async () => {
    const { handler, logger, source } = makeHandler({ maxRetries: 1 })
    source.isReachable = false
    const error = await failureOf(handler.handle([message('a@0')]))
    expect(error.failures[0]).to.include({ persistence: 'not-persisted', partition: -1 })
    expect(error.failures[0]!.cause.message).to.equal('no broker answers')
    const refreshes = logger.at('warn').filter((line) => line.startsWith('metadata could not be refreshed'))
    expect(reasonsOf(refreshes)).to.deep.equal(Array(2).fill('no broker answers'))
    expect(reasonsOf(logger.at('error'))).to.deep.equal(['no broker answers'])
    expect(logger.at('error')[0]).to.match(/^1 message to t\b.*\b2 attempts\b/)
  })

  it('keeps the partition of messages without a key from one call to the next', async () => {
    const random = sinon.fake.returns(0.9)
    const { handler, pool } = makeHandler({ random })
    await ended(handler.handle([message('a')]))
    await ended(handler.handle([message('b')]))
    expect(pool.stored).to.deep.equal({ 't/1': ['a', 'b'] })
    expect(random.callCount).to.equal(1)
  })

  it('chooses a new partition for messages without a key at each periodic refresh, even one that fails', async () => {
    const chances = [0.9, 0, 0.9]
    const { handler, pool, source } = makeHandler({
      refreshIntervalMs: 5000,
      random: () => chances.shift()!,
    })
    await ended(handler.handle([message('a')]))
    await tick(6000)
    await ended(handler.handle([message('b')]))
    await tick(6000)
    source.isReachable = false
    await ended(handler.handle([message('c')]))
    await tick(10)
    expect(pool.stored).to.deep.equal({ 't/1': ['a', 'c'], 't/0': ['b'] })
  })

  it('keeps the partition of messages without a key where metadata of another topic is requested', async () => {
    const random = sinon.fake.returns(0.9)
    const { handler, pool } = makeHandler({ random })
    await ended(handler.handle([message('a')]))
    await ended(handler.handle([message('u/b')]))
    await ended(handler.handle([message('c')]))
    expect(pool.stored['t/1']).to.deep.equal(['a', 'c'])
  })
})
