import { expect } from 'chai'
import { DeliveryTimeoutError, RequestTimeoutError } from '../../lib/errors.js'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import {
  makeHandler,
  message,
  messages,
  NOT_LEADER,
  requestTimes,
  useFakeTime,
} from './support/event-handlers.js'
import { pendingOf } from './support/pending-messages.js'

describe('DefaultEventHandler', () => {
  const { ended, tick } = useFakeTime()

  function limited(text: string, milliseconds: number): PendingMessage {
    const { topic, key, message: value } = message(text)
    return pendingOf(value, { topic, key, deadlineMs: performance.now() + milliseconds })
  }

  it('fails a message that expired before the first attempt, and no other', async () => {
    const { handler, listener, pool } = makeHandler()
    const late = limited('late@0', 50)
    await tick(60)
    await ended(handler.dispatch([late, ...messages('a@0')]))
    expect(pool.wire).to.deep.equal(['0: t/0=a'])
    expect(listener.failures[0]!.cause).to.be.instanceOf(DeliveryTimeoutError)
    expect(listener.failures[0]).to.include({ persistence: 'not-persisted' })
    expect(listener.failed).to.deep.equal({ late: 'no delivery within delivery.timeout.ms' })
  })

  it('fails a message that expires during the back-off without another attempt, with the last failure as cause', async () => {
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

  it('fails a message at its deadline though the back-off lasts longer', async () => {
    const { handler, listener, pool, source } = makeHandler({ maxRetries: 10, retryBackoffMs: 50_000 })
    pool.refuse = () => NOT_LEADER
    const start = performance.now()
    await ended(handler.dispatch([limited('a@0', 250)]))
    expect(Object.keys(listener.failed)).to.deep.equal(['a'])
    expect(performance.now() - start).to.be.at.most(260)
    expect(source.asked, 'no refresh for nobody').to.have.length(1)
  })

  it('keeps the back-off of other messages where one expires', async () => {
    const { handler, pool } = makeHandler({ maxRetries: 1, retryBackoffMs: 1000 })
    pool.refuse = () => (pool.requests.length === 1 ? NOT_LEADER : undefined)
    const times = requestTimes(pool)
    await ended(handler.dispatch([limited('late@0', 250), ...messages('a@0')]))
    expect(pool.wire).to.deep.equal(['0: t/0=late,a', '0: t/0=a'])
    expect(times[1]! - times[0]!).to.equal(1000)
  })

  it('fails a message at its deadline though a metadata request lasts longer, and sends the others', async () => {
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

  it('does not send a message that expires while its cycle waits for metadata', async () => {
    const { handler, listener, pool, source } = makeHandler()
    source.before = () => new Promise((resolve) => setTimeout(resolve, 500))
    await ended(handler.dispatch([limited('late@0', 250), ...messages('a@0')]))
    expect(pool.wire).to.deep.equal(['0: t/0=a'])
    expect(Object.keys(listener.failed)).to.deep.equal(['late'])
  })

  it('fails an expired message as possibly-persisted where an attempt was ambiguous', async () => {
    const { handler, listener, pool } = makeHandler({ maxRetries: 1000 })
    pool.before = () => {
      throw new RequestTimeoutError('late', { persistence: 'possibly-persisted' })
    }
    await ended(handler.dispatch([limited('a@0', 150)]))
    expect(listener.failures[0]).to.include({ persistence: 'possibly-persisted' })
  })

  for (const acks of [-1, 1, 0]) {
    it(`fails a message that expires in flight as possibly-persisted at its deadline, with acks ${acks}`, async () => {
      const { handler, listener, pool } = makeHandler({ acks })
      pool.before = () => new Promise((resolve) => setTimeout(resolve, 5000))
      const start = performance.now()
      await ended(handler.dispatch([limited('a@0', 250)]))
      expect(performance.now() - start).to.be.within(250, 260)
      expect(listener.failures[0]).to.include({ persistence: 'possibly-persisted' })
      expect(listener.failed).to.deep.equal({
        a: 'no delivery within delivery.timeout.ms: the broker has not answered yet',
      })
      await tick(5000)
      expect(listener.delivered).to.deep.equal([])
    })
  }

  it('never writes a message that expires before its request can be written, and fails it as not-persisted', async () => {
    const { handler, listener, pool } = makeHandler()
    pool.untilWritable = () => new Promise((resolve) => setTimeout(resolve, 5000))
    await ended(handler.dispatch([limited('a@0', 250)]))
    expect(listener.failures[0]).to.include({ persistence: 'not-persisted' })
    await tick(5000)
    expect(pool.wire).to.deep.equal([])
  })

  it('starts the next cycle when the request of an expired message has ended', async () => {
    const { handler, pool } = makeHandler()
    pool.before = () => new Promise((resolve) => setTimeout(resolve, 1000))
    await ended(handler.dispatch([limited('a@0', 250)]))
    const times = requestTimes(pool)
    await ended(handler.dispatch(messages('b@0')))
    expect(times).to.have.length(1)
    expect(times[0]).to.be.within(740, 750)
  })
})
