import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectionError, DeliveryTimeoutError } from '../../lib/errors.js'
import { makeHandler, message, messages, NOT_LEADER, useFakeTime } from './support/event-handlers.js'

describe('DefaultEventHandler', () => {
  const { ended, tick, countTimers } = useFakeTime()

  const reason = new DeliveryTimeoutError('close gave up')

  it('fails messages in flight on abort() by closing their connection, without another attempt', async () => {
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
    await tick(20)
    handler.abort(reason)
    await ended(done)
    expect(pool.closedFor).to.equal(reason)
    expect(pool.requests).to.have.length(1)
    expect(listener.failures).to.have.length(1)
    expect(listener.failures[0]).to.include({ cause: reason, persistence: 'possibly-persisted' })
  })

  it('ends a back-off on abort()', async () => {
    const { handler, listener, pool, source } = makeHandler({ retryBackoffMs: 50_000 })
    pool.refuse = () => NOT_LEADER
    const done = handler.dispatch(messages('a@0'))
    await tick(20)
    handler.abort(reason)
    const start = performance.now()
    await ended(done)
    expect(performance.now() - start).to.be.at.most(2)
    expect(source.asked, 'no refresh for what is given up').to.have.length(1)
    expect(listener.failures[0]).to.include({ cause: reason, persistence: 'not-persisted' })
    expect(countTimers()).to.equal(0)
  })

  it('sends nothing after abort() during a wait for metadata', async () => {
    const { handler, listener, logger, pool, source } = makeHandler()
    source.before = () => new Promise((resolve) => setTimeout(resolve, 500))
    const done = handler.dispatch(messages('a@0'))
    await tick(20)
    handler.abort(reason)
    source.isReachable = false
    await ended(done)
    expect(pool.requests).to.deep.equal([])
    expect(listener.failures[0]).to.include({ cause: reason })
    expect(logger.at('error')).to.deep.equal([])
  })

  it('fails all messages after abort() with the reason of the first abort()', async () => {
    const { handler, listener, source } = makeHandler()
    handler.abort(reason)
    handler.abort(new DeliveryTimeoutError('a second one'))
    await handler.dispatch(messages('a@0', 'b@0'))
    expect(listener.failed).to.deep.equal({ a: 'close gave up', b: 'close gave up' })
    expect(source.asked).to.deep.equal([])
  })

  it('confirms every connection on confirm()', async () => {
    const { handler, pool } = makeHandler({ acks: 0 })
    await ended(handler.handle([message('a@0'), message('u/b')]))
    await handler.confirm()
    expect(pool.confirmations).to.equal(1)
  })

  it('rejects confirm() with the error of a connection', async () => {
    const { handler, pool } = makeHandler({ acks: 0 })
    await ended(handler.handle([message('a@0')]))
    const broken = new ConnectionError('broken')
    sinon.stub(pool, 'members').returns([{ confirm: async () => Promise.reject(broken) }])
    expect(await handler.confirm().catch((error) => error)).to.equal(broken)
  })

  it('closes all connections once, however often close() is called', () => {
    const { handler, pool } = makeHandler()
    const close = sinon.spy(pool, 'close')
    expect(handler.close()).to.equal(handler.close())
    expect(close.callCount).to.equal(1)
  })

  it('does not log a refresh that close() ends', async () => {
    const { handler, logger, source } = makeHandler({ refreshIntervalMs: 5000 })
    await ended(handler.handle([message('a@0')]))
    await tick(6000)
    source.before = () => new Promise((resolve) => setTimeout(resolve, 500))
    await ended(handler.handle([message('b@0')]))
    source.isReachable = false
    await handler.close()
    await tick(1000)
    expect(logger.at('error')).to.deep.equal([])
  })
})
