import { expect } from 'chai'
import sinon from 'sinon'
import { ConnectionError, type KafkaError, PartitionerError } from '../../lib/errors.js'
import type { MessageFailure } from '../../lib/failure.js'
import type { Envelope } from '../../lib/handler/envelope.js'
import { type OutcomeListener, Outcomes, type Stored } from '../../lib/handler/outcomes.js'
import { batchOf, envelopeOf, textsOf } from './support/envelopes.js'

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
  it('tells each waiter the offset of its message, counted from the first of the batch', () => {
    const waiter = makeWaiter()
    const envelopes = ['a', 'b', 'c'].map((value) => envelopeOf(value, { waiter }))
    makeOutcomes().outcomes.delivered(batchOf('t', 4, ...envelopes), at(2n ** 53n), 'b:1')
    expect(waiter.delivered.args).to.deep.equal([
      [envelopes[0], 9007199254740992n, 'b:1', null],
      [envelopes[1], 9007199254740993n, 'b:1', null],
      [envelopes[2], 9007199254740994n, 'b:1', null],
    ])
  })

  it('tells 0 for the first message of a partition', () => {
    const waiter = makeWaiter()
    makeOutcomes().outcomes.delivered(batchOf('t', 0, envelopeOf('a', { waiter })), at(0n), 'b:1')
    expect(waiter.delivered.firstCall.args[1]).to.equal(0n)
  })

  it('tells −1 for every message where the broker names no offset', () => {
    const waiter = makeWaiter()
    const envelopes = [envelopeOf('a', { waiter }), envelopeOf('b', { waiter })]
    makeOutcomes().outcomes.delivered(batchOf('t', 0, ...envelopes), at(-1n), 'b:1')
    expect(waiter.delivered.args.map(([, offset]) => offset)).to.deep.equal([-1n, -1n])
  })

  it('tells each waiter the time at which the broker has stamped the batch, where it does', () => {
    const waiter = makeWaiter()
    const stored = { baseOffset: 5n, timestampMs: 1_700_000_000_123 }
    makeOutcomes().outcomes.delivered(batchOf('t', 0, envelopeOf('a', { waiter })), stored, 'b:1')
    expect(waiter.delivered.firstCall.args[3]).to.equal(1_700_000_000_123)
  })

  it('reports a delivery once per batch, after all its messages were settled', () => {
    const { outcomes, onDelivered } = makeOutcomes()
    const batch = batchOf('t', 0, envelopeOf('a'), envelopeOf('b'))
    outcomes.delivered(batch, at(7n), 'b:1')
    expect(onDelivered.args).to.deep.equal([[batch, at(7n), 'b:1']])
    expect(batch.envelopes.every(({ isSettled }) => isSettled)).to.equal(true)
  })

  it('reports a failure with everything known of the message', () => {
    const { outcomes, onFailed } = makeOutcomes()
    const waiter = makeWaiter()
    const envelope = envelopeOf('a', { waiter })
    envelope.partition = 3
    const attempt = { atMs: 1, error: new ConnectionError('reset', { persistence: 'possibly-persisted' }) }
    envelope.addAttempt(attempt)
    outcomes.failed([envelope], () => attempt.error)
    const failure: MessageFailure = {
      message: envelope.message,
      topic: 't',
      partition: 3,
      cause: attempt.error,
      persistence: 'possibly-persisted',
      attempts: [attempt],
      attemptCount: 1,
    }
    expect(waiter.failed.args).to.deep.equal([[failure, envelope]])
    expect(onFailed.args).to.deep.equal([[[failure]]])
    expect(envelope.isSettled).to.equal(true)
  })

  it('gives each message its own cause', () => {
    const { outcomes, onFailed } = makeOutcomes()
    const envelopes = [envelopeOf('a'), envelopeOf('b')]
    const causes = new Map<unknown, KafkaError>(
      envelopes.map((envelope) => [envelope, new PartitionerError('no')]),
    )
    outcomes.failed(envelopes, (envelope) => causes.get(envelope)!)
    expect(onFailed.firstCall.args[0].map(({ cause }) => cause)).to.deep.equal([...causes.values()])
  })

  it('reports nothing where nothing failed', () => {
    const { outcomes, onFailed } = makeOutcomes()
    outcomes.failed([], () => new ConnectionError('no'))
    expect(onFailed.callCount).to.equal(0)
  })

  it('does without a waiter', () => {
    const { outcomes, onDelivered, onFailed } = makeOutcomes()
    outcomes.delivered(batchOf('t', 0, envelopeOf('a')), at(0n), 'b:1')
    outcomes.failed([envelopeOf('b')], () => new ConnectionError('no'))
    expect([onDelivered.callCount, onFailed.callCount]).to.deep.equal([1, 1])
  })

  describe('of messages that have theirs already', () => {
    function settled(value: string) {
      const waiter = makeWaiter()
      const envelope = envelopeOf(value, { waiter })
      envelope.isSettled = true
      return { envelope, waiter }
    }

    it('reports no delivery, and tells the others of the batch their own offsets, piece by piece', () => {
      const { outcomes, onDelivered } = makeOutcomes()
      const [early, between] = [settled('a'), settled('d')]
      const waiter = makeWaiter()
      const [b, c, e] = ['b', 'c', 'e'].map((value) => envelopeOf(value, { waiter })) as [
        Envelope,
        Envelope,
        Envelope,
      ]
      outcomes.delivered(batchOf('t', 0, early.envelope, b, c, between.envelope, e), at(10n), 'b:1')
      expect(waiter.delivered.args.map(([envelope, offset]) => [envelope, offset])).to.deep.equal([
        [b, 11n],
        [c, 12n],
        [e, 14n],
      ])
      expect(
        onDelivered.args.map(([batch, { baseOffset }]) => [textsOf(batch.envelopes), baseOffset]),
      ).to.deep.equal([
        [['b', 'c'], 11n],
        [['e'], 14n],
      ])
      expect([early, between].some((one) => one.waiter.delivered.called)).to.equal(false)
    })

    it('reports no failure', () => {
      const { outcomes, onFailed } = makeOutcomes()
      const { envelope, waiter } = settled('a')
      const other = envelopeOf('b')
      outcomes.failed([envelope, other], () => new ConnectionError('no'))
      outcomes.failed([envelope], () => new ConnectionError('no'))
      expect(onFailed.args.map(([failures]) => failures.map(({ message }) => message))).to.deep.equal([
        [other.message],
      ])
      expect(waiter.failed.called).to.equal(false)
    })
  })
})
