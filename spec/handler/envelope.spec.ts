import { expect } from 'chai'
import { ConnectionError, EncodeError } from '../../lib/errors.js'
import { Envelope } from '../../lib/handler/envelope.js'
import { KeyedMessage } from '../../lib/keyed-message.js'
import { envelopeOf } from './support/envelopes.js'

const definite = { atMs: 1, error: new ConnectionError('refused') }
const ambiguous = { atMs: 2, error: new ConnectionError('reset', { persistence: 'possibly-persisted' }) }

describe('Envelope', () => {
  it('begins without bytes, partition, attempts and outcome', () => {
    expect(envelopeOf('v')).to.include({
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
    expect(envelopeOf('v').attempts).to.deep.equal([])
  })

  it('has no time limit where none is given', () => {
    expect(new Envelope(new KeyedMessage('t', 'v'), null).deadlineMs).to.equal(0)
  })

  it('keeps its attempts, oldest first', () => {
    const envelope = envelopeOf('v')
    envelope.addAttempt(definite)
    envelope.addAttempt(ambiguous)
    expect(envelope.attempts).to.deep.equal([definite, ambiguous])
  })

  it('keeps the first attempt, the last four and a count, however many there are', () => {
    const envelope = envelopeOf('v')
    const lengths = new Set<number>()
    for (let atMs = 1; atMs <= 10_000; atMs++) {
      envelope.addAttempt({ ...definite, atMs })
      lengths.add(envelope.attempts.length)
      expect(envelope.attemptCount).to.equal(atMs)
    }
    expect([...lengths]).to.deep.equal([1, 2, 3, 4, 5])
    expect(envelope.attempts.map(({ atMs }) => atMs)).to.deep.equal([1, 9997, 9998, 9999, 10_000])
  })

  it('shares no list of attempts with another message', () => {
    const one = envelopeOf('v')
    one.addAttempt(definite)
    expect(envelopeOf('v').attempts).to.deep.equal([])
  })

  it('is not stored as long as every attempt says so', () => {
    const envelope = envelopeOf('v')
    envelope.addAttempt(definite)
    envelope.addAttempt({ atMs: 3, error: new EncodeError('no') })
    expect(envelope.persistence).to.equal('not-persisted')
  })

  it('may be stored from the first ambiguous attempt on, also when a later one was definite', () => {
    const envelope = envelopeOf('v')
    envelope.addAttempt(ambiguous)
    envelope.addAttempt(definite)
    expect(envelope).to.include({ isAmbiguous: true, persistence: 'possibly-persisted' })
  })
})
