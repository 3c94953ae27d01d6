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

  it('shows a plain message as an instance, made once', () => {
    const plain = { topic: 't', key: 'k', partKey: 'p', message: 'v' }
    const pending = new PendingMessage(plain, null)
    const { message } = pending
    expect(message).to.be.instanceOf(KeyedMessage)
    expect(message).to.include({ topic: 't', key: 'k', partitionKey: 'p', message: 'v', timestampMs: null })
    expect(pending.message).to.equal(message)
    expect([pending.givenKey, pending.givenValue, pending.partitionKey]).to.deep.equal(['k', 'v', 'p'])
  })

  it('shows what was given, not the bytes that it became', () => {
    const pending = new PendingMessage({ topic: 't', key: 7, message: { a: 1 } }, null)
    pending.setBytes('7', '{"a":1}')
    expect(pending).to.include({ key: '7', value: '{"a":1}', isSerialized: true })
    expect([pending.message.key, pending.message.message]).to.deep.equal([7, { a: 1 }])
  })

  it('shows what was given where that is what goes to the wire', () => {
    const value = Buffer.from('v')
    const pending = new PendingMessage({ topic: 't', message: value }, null)
    pending.setBytes(null, value)
    expect(pending.message.message).to.equal(value)
    expect(pending.message.hasKey).to.equal(false)
  })

  it('keeps the instance that was given', () => {
    const message = new KeyedMessage('t', 'v')
    const pending = new PendingMessage(message, null)
    pending.setBytes(null, 'bytes')
    expect(pending.message).to.equal(message)
  })

  it('reads each field of a plain message once', () => {
    const reads: string[] = []
    const plain = new Proxy(
      { topic: 't', key: 'k', message: 'v', headers: { a: 'b' }, timestampMs: 5 },
      {
        get: (target, name) => {
          reads.push(String(name))
          return Reflect.get(target, name)
        },
      },
    )
    const pending = new PendingMessage(plain, null)
    expect(reads.filter((name) => name !== 'constructor')).to.have.members([...new Set(reads)])
    expect(pending.headers).to.deep.equal([['a', 'b']])
    expect(pending.timestampMs).to.equal(5)
  })

  it('has the time at which it was accepted, or what the message says', () => {
    const accepted = { timestampMs: 3, acceptedMs: 2, deadlineMs: 4 }
    const [own, given] = [null, 5].map(
      (timestampMs) => new PendingMessage({ topic: 't', message: 'v', timestampMs }, null, accepted),
    )
    expect(own).to.include({ timestampMs: 3, deadlineMs: 4 })
    expect(own!.accepted).to.equal(accepted)
    expect(given).to.include({ timestampMs: 5, deadlineMs: 4 })
    expect(given!.accepted.acceptedMs).to.equal(2)
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
