import { expect } from 'chai'
import { IllegalStateError } from '../../lib/kafka-producer/errors.js'
import { mayMove, moved, type TransactionState } from '../../lib/kafka-producer/transaction-state.js'

const all: readonly TransactionState[] = [
  'UNINITIALIZED',
  'INITIALIZING',
  'READY',
  'IN_TRANSACTION',
  'COMMITTING_TRANSACTION',
  'ABORTING_TRANSACTION',
  'ABORTABLE_ERROR',
  'FATAL_ERROR',
]

/** Kafka's table, the other way round: a state, and from where it is reached. */
const reachedFrom: readonly [to: TransactionState, from: readonly TransactionState[]][] = [
  ['UNINITIALIZED', ['READY', 'ABORTABLE_ERROR']],
  ['INITIALIZING', ['UNINITIALIZED', 'COMMITTING_TRANSACTION', 'ABORTING_TRANSACTION']],
  ['READY', ['INITIALIZING', 'COMMITTING_TRANSACTION', 'ABORTING_TRANSACTION']],
  ['IN_TRANSACTION', ['READY']],
  ['COMMITTING_TRANSACTION', ['IN_TRANSACTION']],
  ['ABORTING_TRANSACTION', ['IN_TRANSACTION', 'ABORTABLE_ERROR']],
  ['ABORTABLE_ERROR', ['INITIALIZING', 'IN_TRANSACTION', 'COMMITTING_TRANSACTION', 'ABORTABLE_ERROR']],
  ['FATAL_ERROR', all],
]

describe('the states of transactions', () => {
  for (const [to, from] of reachedFrom) {
    it(`let ${to} be reached from ${from.join(', ')} only`, () => {
      expect(all.filter((one) => mayMove(one, to))).to.deep.equal(from)
    })
  }

  it('give the new state for a move that is allowed', () => {
    expect(moved('READY', 'IN_TRANSACTION', 'beginTransaction')).to.equal('IN_TRANSACTION')
  })

  it('name the call, the state and what to do first for one that is not', () => {
    expect(() => moved('READY', 'COMMITTING_TRANSACTION', 'commitTransaction')).to.throw(
      IllegalStateError,
      'commitTransaction is not allowed in state READY: call beginTransaction() first',
    )
  })
})
