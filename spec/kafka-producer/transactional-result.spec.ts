import { expect } from 'chai'
import { KafkaError } from '../../lib/errors.js'
import { TransactionalResult } from '../../lib/kafka-producer/transactional-result.js'

describe('TransactionalResult', () => {
  it('calls its listeners once, those that come late at once', () => {
    const result = new TransactionalResult('commitTransaction')
    const calls: string[] = []
    result.onDone(() => calls.push('early'))
    result.end()
    result.end(new KafkaError('KAFKA_X', 'too late'))
    result.onDone(() => calls.push('late'))
    expect([calls, result.error]).to.deep.equal([['early', 'late'], null])
  })

  it('is done when its listeners are called, so that they may look and call again', () => {
    const result = new TransactionalResult('commitTransaction')
    let isDone = false
    result.onDone(() => result.onDone(() => (isDone = result.isDone)))
    result.end()
    expect(isDone).to.equal(true)
  })

  it('has the error that ended it', () => {
    const error = new KafkaError('KAFKA_X', 'why')
    const result = new TransactionalResult('commitTransaction')
    result.end(error)
    expect([result.isDone, result.error]).to.deep.equal([true, error])
  })

  it('cannot be seen before it is done', () => {
    const result = new TransactionalResult('commitTransaction')
    result.markSeen()
    expect(result.isSeen).to.equal(false)
    result.end()
    expect(result.isSeen).to.equal(false)
    result.markSeen()
    expect(result.isSeen).to.equal(true)
  })
})
