import { expect } from 'chai'
import { ConnectionError, EncodeError } from '../../lib/errors.js'
import { PendingMessage } from '../../lib/handler/pending-message.js'
import { KeyedMessage } from '../../lib/keyed-message.js'
import { pendingOf } from './support/pending-messages.js'

const definite = { atMs: 1, error: new ConnectionError('refused') }
const ambiguous = { atMs: 2, error: new ConnectionError('reset', { persistence: 'possibly-persisted' }) }

describe('PendingMessage', () => {
  it('begins without bytes, partition, attempts and outcome', () => {
    expect(pendingOf('v')).to.include({
      key: null,
      value: null,
      isSerialized: false,
      partition: -1,
      isSettled: false,
      isAmbiguous: false,
      persistence: 'not-persisted',
      topic: 't',
      attemptCount: 0,
    })
    expect(pendingOf('v').attempts).to.deep.equal([])
  })

  it('has no time limit where none is given', () => {
    expect(new PendingMessage(new KeyedMessage('t', 'v'), null).deadlineMs).to.equal(0)
  })

  it('keeps its attempts, oldest first', () => {
    const message = pendingOf('v')
    message.addAttempt(definite)
    message.addAttempt(ambiguous)
    expect(message.attempts).to.deep.equal([definite, ambiguous])
  })

  it('keeps the first attempt, the last four and a count, however many there are', () => {
    const message = pendingOf('v')
    const lengths = new Set<number>()
    for (let atMs = 1; atMs <= 10_000; atMs++) {
      message.addAttempt({ ...definite, atMs })
      lengths.add(message.attempts.length)
      expect(message.attemptCount).to.equal(atMs)
    }
    expect([...lengths]).to.deep.equal([1, 2, 3, 4, 5])
    expect(message.attempts.map(({ atMs }) => atMs)).to.deep.equal([1, 9997, 9998, 9999, 10_000])
  })

  it('shares no list of attempts with another message', () => {
    const one = pendingOf('v')
    one.addAttempt(definite)
    expect(pendingOf('v').attempts).to.deep.equal([])
  })

  it('is not-persisted as long as every attempt was definite', () => {
    const message = pendingOf('v')
    message.addAttempt(definite)
    message.addAttempt({ atMs: 3, error: new EncodeError('no') })
    expect(message.persistence).to.equal('not-persisted')
  })

  it('is possibly-persisted from the first ambiguous attempt on, also when a later one was definite', () => {
    const message = pendingOf('v')
    message.addAttempt(ambiguous)
    message.addAttempt(definite)
    expect(message).to.include({ isAmbiguous: true, persistence: 'possibly-persisted' })
  })
})
