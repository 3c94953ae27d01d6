import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectionError, type KafkaError, PartitionerError } from '../../lib/errors.js'
import type { MessageFailure } from '../../lib/failure.js'
import { type OutcomeListener, Outcomes } from '../../lib/handler/outcomes.js'
import type { PendingMessage } from '../../lib/handler/pending-message.js'
import type { Stored } from '../../lib/produce/read-answer.js'
import { batchOf, pendingOf, textsOf } from './support/pending-messages.js'

function makeOutcomes() {
  const onDelivered = sinon.fake<Parameters<OutcomeListener['onDelivered']>>()
  const onFailed = sinon.fake<[readonly MessageFailure[]]>()
  return { outcomes: new Outcomes({ onDelivered, onFailed }), onDelivered, onFailed }
}

/** Stored at this offset by a broker that keeps the time of the messages. */
function at(baseOffset: bigint): Stored {
  return { baseOffset, timestampMs: null }
}

function makeWaiter() {
  return { delivered: sinon.fake(), failed: sinon.fake() }
}

describe('Outcomes', () => {
  it('gives each waiter the offset of its message, counted from the first of the batch', () => {
    const waiter = makeWaiter()
    const messages = ['a', 'b', 'c'].map((value) => pendingOf(value, { waiter }))
    makeOutcomes().outcomes.delivered(batchOf('t', 4, ...messages), at(2n ** 53n), 'b:1')
    expect(waiter.delivered.args).to.deep.equal([
      [messages[0], 9007199254740992n, 'b:1', null],
      [messages[1], 9007199254740993n, 'b:1', null],
      [messages[2], 9007199254740994n, 'b:1', null],
    ])
  })

  it('gives offset 0 to the first message of a partition', () => {
    const waiter = makeWaiter()
    makeOutcomes().outcomes.delivered(batchOf('t', 0, pendingOf('a', { waiter })), at(0n), 'b:1')
    expect(waiter.delivered.firstCall.args[1]).to.equal(0n)
  })

  it('gives offset −1 to every message where the broker reports no offset', () => {
    const waiter = makeWaiter()
    const messages = [pendingOf('a', { waiter }), pendingOf('b', { waiter })]
    makeOutcomes().outcomes.delivered(batchOf('t', 0, ...messages), at(-1n), 'b:1')
    expect(waiter.delivered.args.map(([, offset]) => offset)).to.deep.equal([-1n, -1n])
  })

  it('gives each waiter the timestamp of the broker, where it has one', () => {
    const waiter = makeWaiter()
    const stored = { baseOffset: 5n, timestampMs: 1_700_000_000_123 }
    makeOutcomes().outcomes.delivered(batchOf('t', 0, pendingOf('a', { waiter })), stored, 'b:1')
    expect(waiter.delivered.firstCall.args[3]).to.equal(1_700_000_000_123)
  })

  it('reports a delivery once per batch, after all its messages were settled', () => {
    const { outcomes, onDelivered } = makeOutcomes()
    const batch = batchOf('t', 0, pendingOf('a'), pendingOf('b'))
    outcomes.delivered(batch, at(7n), 'b:1')
    expect(onDelivered.args).to.deep.equal([[batch, at(7n), 'b:1']])
    expect(batch.messages.every(({ isSettled }) => isSettled)).to.equal(true)
  })

  it('reports a failure with all details of the message', () => {
    const { outcomes, onFailed } = makeOutcomes()
    const waiter = makeWaiter()
    const pending = pendingOf('a', { waiter })
    pending.partition = 3
    const attempt = { atMs: 1, error: new ConnectionError('reset', { persistence: 'possibly-persisted' }) }
    pending.addAttempt(attempt)
    outcomes.failed([pending], () => attempt.error)
    const failure: MessageFailure = {
      message: pending.message,
      topic: 't',
      partition: 3,
      cause: attempt.error,
      persistence: 'possibly-persisted',
      attempts: [attempt],
      attemptCount: 1,
    }
    expect(waiter.failed.args).to.deep.equal([[failure, pending]])
    expect(onFailed.args).to.deep.equal([[[failure], [pending]]])
    expect(pending.isSettled).to.equal(true)
  })

  it('gives each message its own cause', () => {
    const { outcomes, onFailed } = makeOutcomes()
    const messages = [pendingOf('a'), pendingOf('b')]
    const causes = new Map<unknown, KafkaError>(
      messages.map((pending) => [pending, new PartitionerError('no')]),
    )
    outcomes.failed(messages, (pending) => causes.get(pending)!)
    expect(onFailed.firstCall.args[0].map(({ cause }) => cause)).to.deep.equal([...causes.values()])
  })

  it('reports nothing where nothing failed', () => {
    const { outcomes, onFailed } = makeOutcomes()
    outcomes.failed([], () => new ConnectionError('no'))
    expect(onFailed.callCount).to.equal(0)
  })

  it('settles a message without a waiter', () => {
    const { outcomes, onDelivered, onFailed } = makeOutcomes()
    outcomes.delivered(batchOf('t', 0, pendingOf('a')), at(0n), 'b:1')
    outcomes.failed([pendingOf('b')], () => new ConnectionError('no'))
    expect([onDelivered.callCount, onFailed.callCount]).to.deep.equal([1, 1])
  })

  describe('for settled messages', () => {
    function settled(value: string) {
      const waiter = makeWaiter()
      const pending = pendingOf(value, { waiter })
      pending.isSettled = true
      return { pending, waiter }
    }

    it('reports no delivery of settled messages, and gives the others of the batch their own offsets', () => {
      const { outcomes, onDelivered } = makeOutcomes()
      const [early, between] = [settled('a'), settled('d')]
      const waiter = makeWaiter()
      const [b, c, e] = ['b', 'c', 'e'].map((value) => pendingOf(value, { waiter })) as [
        PendingMessage,
        PendingMessage,
        PendingMessage,
      ]
      outcomes.delivered(batchOf('t', 0, early.pending, b, c, between.pending, e), at(10n), 'b:1')
      expect(waiter.delivered.args.map(([pending, offset]) => [pending, offset])).to.deep.equal([
        [b, 11n],
        [c, 12n],
        [e, 14n],
      ])
      expect(
        onDelivered.args.map(([batch, { baseOffset }]) => [textsOf(batch.messages), baseOffset]),
      ).to.deep.equal([
        [['b', 'c'], 11n],
        [['e'], 14n],
      ])
      expect([early, between].some((one) => one.waiter.delivered.called)).to.equal(false)
    })

    it('reports no failure', () => {
      const { outcomes, onFailed } = makeOutcomes()
      const { pending, waiter } = settled('a')
      const other = pendingOf('b')
      outcomes.failed([pending, other], () => new ConnectionError('no'))
      outcomes.failed([pending], () => new ConnectionError('no'))
      expect(onFailed.args.map(([failures]) => failures.map(({ message }) => message))).to.deep.equal([
        [other.message],
      ])
      expect(waiter.failed.called).to.equal(false)
    })
  })
})
