import { expect } from 'chai'
import { EncodeError, PartitionerError } from '../../lib/errors.js'
import { makeHandler, messages, useFakeTime } from './support/event-handlers.js'
import { pendingOf } from './support/pending-messages.js'

describe('DefaultEventHandler', () => {
  const { ended } = useFakeTime()

  // docs/decisions/0000-classic-producer.md#d1; upstream: AsyncProducerTest.testIncompatibleEncoder.
  it('fails a message that cannot be encoded, and sends its neighbours', async () => {
    const { handler, listener, logger, pool } = makeHandler()
    const bad = pendingOf(Buffer.from('secret'))
    await ended(handler.dispatch([...messages('a@0'), bad, ...messages('b@0')]))
    expect(pool.wire).to.deep.equal(['0: t/0=a,b'])
    expect(listener.failures).to.have.length(1)
    expect(listener.failures[0]!.cause).to.be.instanceOf(EncodeError)
    expect(listener.failures[0]!.attempts).to.deep.equal([])
    expect(logger.at('error')).to.have.length(1)
    expect(logger.at('error')[0]).to.contain('1 message ').and.not.contain('secret')
  })

  it('does not report a message that cannot be encoded as serialized', async () => {
    const { handler, listener } = makeHandler()
    await ended(handler.dispatch([...messages('a@0'), pendingOf(7), ...messages('b@0')]))
    expect(listener.serialized).to.deep.equal([['a', 'b']])
  })

  it('logs messages that no partition can be found for at ERROR, with their count and the first reason', async () => {
    const { handler, logger } = makeHandler()
    await ended(handler.dispatch(messages('a@0', 'bad@-1', 'worse@-3')))
    expect(logger.at('warn')).to.deep.equal([])
    expect(logger.at('error')).to.have.length(1)
    expect(logger.at('error')[0])
      .to.match(/^2 messages /)
      .and.contain('the partitioner answered -1 for a message to t, where 0 to 1 exist')
  })

  it('requests no metadata where no message could be encoded', async () => {
    const { handler, source } = makeHandler()
    await handler.dispatch([pendingOf(7)])
    expect(source.asked).to.deep.equal([])
  })

  it('fails a message that the partitioner refuses, without a retry', async () => {
    const { handler, listener, pool } = makeHandler()
    await ended(handler.dispatch(messages('a@0', 'bad@-1', 'b@1')))
    expect(pool.stored).to.deep.equal({ 't/0': ['a'], 't/1': ['b'] })
    expect(listener.retries).to.deep.equal([])
    expect(listener.failures.map(({ cause }) => cause.name)).to.deep.equal(['PartitionerError'])
    expect(listener.failures[0]!.cause).to.be.instanceOf(PartitionerError)
  })

  it('retries a message for an unknown topic alone, then fails it with the broker’s error', async () => {
    const { handler, listener, pool } = makeHandler({ maxRetries: 1 })
    await ended(handler.dispatch(messages('a@0', 'nosuch/bad', 'b@0')))
    expect(pool.wire).to.deep.equal(['0: t/0=a,b'])
    expect(listener.failed.bad).to.match(/^topic nosuch is not available: UNKNOWN_TOPIC_OR_PARTITION \(3\)/)
    expect(listener.failures[0]!.attempts).to.have.length(2)
  })

  it('fails a message for a topic that may not be written to, without a retry', async () => {
    const { handler, listener, source } = makeHandler({}, { t: [0], closed: 29 })
    await ended(handler.dispatch(messages('a', 'closed/bad')))
    expect(listener.failures[0]!.cause).to.include({ errorCode: 29 })
    expect(source.asked).to.deep.equal([['t', 'closed']])
  })

  it('fails a message that is too large, and sends its neighbours without a retry', async () => {
    const { handler, listener, pool } = makeHandler()
    pool.refuse = ({ texts }) => (texts.includes('x') ? 10 : undefined)
    await ended(handler.dispatch(messages('a@0', 'x@0', 'b@0')))
    expect(pool.stored).to.deep.equal({ 't/0': ['a', 'b'] })
    expect(Object.keys(listener.failed)).to.deep.equal(['x'])
    expect(listener.retries).to.deep.equal([])
  })
})
