/**
 * The states of a producer's transactions, as one table: from which state which others are reached. Kafka's
 * PREPARED_TRANSACTION is left out: two-phase commit (KIP-939) needs a request that no release lists.
 *
 * @see Kafka's TransactionManager 4.3
 */
import { IllegalStateError } from './errors.js'

export type TransactionState =
  /** No producer id was asked for, or the asking was refused. */
  | 'UNINITIALIZED'
  /** A producer id or a new epoch has been asked for. */
  | 'INITIALIZING'
  /** A transaction may begin; without transactions, records may be sent. */
  | 'READY'
  | 'IN_TRANSACTION'
  | 'COMMITTING_TRANSACTION'
  | 'ABORTING_TRANSACTION'
  /** The transaction has failed, and only aborting it is left. */
  | 'ABORTABLE_ERROR'
  /** The producer has failed, and only closing it is left. */
  | 'FATAL_ERROR'

const moves: Readonly<Record<TransactionState, readonly TransactionState[]>> = {
  UNINITIALIZED: ['INITIALIZING', 'FATAL_ERROR'],
  INITIALIZING: ['READY', 'ABORTABLE_ERROR', 'FATAL_ERROR'],
  READY: ['IN_TRANSACTION', 'UNINITIALIZED', 'FATAL_ERROR'],
  IN_TRANSACTION: ['COMMITTING_TRANSACTION', 'ABORTING_TRANSACTION', 'ABORTABLE_ERROR', 'FATAL_ERROR'],
  COMMITTING_TRANSACTION: ['READY', 'INITIALIZING', 'ABORTABLE_ERROR', 'FATAL_ERROR'],
  ABORTING_TRANSACTION: ['READY', 'INITIALIZING', 'FATAL_ERROR'],
  ABORTABLE_ERROR: ['ABORTING_TRANSACTION', 'ABORTABLE_ERROR', 'UNINITIALIZED', 'FATAL_ERROR'],
  FATAL_ERROR: ['FATAL_ERROR'],
}

/** What a caller may do in a state, for the texts of errors. */
const advice: Readonly<Record<TransactionState, string>> = {
  UNINITIALIZED: 'await initTransactions() first',
  INITIALIZING: 'await initTransactions() first',
  READY: 'call beginTransaction() first',
  IN_TRANSACTION: 'commit or abort the open transaction first',
  COMMITTING_TRANSACTION: 'await commitTransaction() first',
  ABORTING_TRANSACTION: 'await abortTransaction() first',
  ABORTABLE_ERROR: 'abort the transaction',
  FATAL_ERROR: 'close the producer',
}

export function mayMove(from: TransactionState, to: TransactionState): boolean {
  return moves[from].includes(to)
}

/** @param operation - for the error. @throws {IllegalStateError} where the table has no such move. */
export function moved(from: TransactionState, to: TransactionState, operation: string): TransactionState {
  if (mayMove(from, to)) return to
  throw illegal(from, operation)
}

export function illegal(state: TransactionState, operation: string): IllegalStateError {
  return new IllegalStateError(`${operation} is not allowed in state ${state}: ${advice[state]}`)
}
