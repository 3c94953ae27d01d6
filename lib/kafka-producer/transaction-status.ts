/**
 * The state of a producer's transactions, what has failed, and the call that is still waited for. Every call asks here
 * first whether it is allowed.
 *
 * @see transaction-state.ts for the table; Kafka's TransactionManager 4.3
 */
import type { KafkaError } from '../errors.js'
import {
  IllegalStateError,
  InvalidProducerEpochError,
  ProducerFencedError,
  TransactionFailedError,
} from './errors.js'
import { illegal, mayMove, moved, type TransactionState } from './transaction-state.js'
import { TransactionalResult } from './transactional-result.js'

export class TransactionStatus {
  #state: TransactionState = 'UNINITIALIZED'
  #error: KafkaError | null = null
  #pending: TransactionalResult | null = null

  get state(): TransactionState {
    return this.#state
  }

  /** What has failed, in the states ABORTABLE_ERROR and FATAL_ERROR. */
  get error(): KafkaError | null {
    return this.#error
  }

  /** A move that a call makes. @throws {IllegalStateError} */
  enter(to: TransactionState, operation: string): void {
    this.#state = moved(this.#state, to, operation)
  }

  /** A move that an answer makes. One that the table does not have ends the producer. */
  reach(to: TransactionState): void {
    if (mayMove(this.#state, to)) {
      this.#state = to
      this.#error = null
    } else {
      this.fail('FATAL_ERROR', illegal(this.#state, `a move to ${to}`))
    }
  }

  /** @returns whether the state allows that failure. */
  fail(to: 'ABORTABLE_ERROR' | 'FATAL_ERROR', error: KafkaError): boolean {
    if (!mayMove(this.#state, to)) return false
    this.#state = to
    this.#error = error
    return true
  }

  /** Notes a call as waited for until its caller has seen how it ended. */
  begin(operation: string): TransactionalResult {
    this.#pending = new TransactionalResult(operation)
    return this.#pending
  }

  /**
   * The result of the same call made before, if its caller has not seen it: it stopped waiting.
   *
   * @throws {IllegalStateError} if that was another call.
   */
  repeated(operation: string): TransactionalResult | null {
    const pending = this.#unseen
    if (pending && pending.operation !== operation) throw this.#waitsFor(pending, operation)
    return pending
  }

  /** @throws {IllegalStateError} while the end of another call was not seen. */
  checkNothingPending(operation: string): void {
    const pending = this.#unseen
    if (pending) throw this.#waitsFor(pending, operation)
  }

  /**
   * @throws what fenced the producer, as it is; another failure as the cause of a TransactionFailedError.
   */
  checkNoError(operation: string): void {
    const error = this.#error
    if (!error) return
    if (error instanceof ProducerFencedError) throw new ProducerFencedError(error.message)
    if (error instanceof InvalidProducerEpochError) throw new InvalidProducerEpochError(error.message)
    const advice = this.#state === 'FATAL_ERROR' ? 'close the producer' : 'abort the transaction'
    const text = `${operation} is not possible after an error: ${advice}; the cause says what failed`
    throw new TransactionFailedError(text, { cause: error })
  }

  /** Ends the call that is waited for, if it has not ended. */
  endPending(error: KafkaError): void {
    this.#pending?.end(error)
  }

  get #unseen(): TransactionalResult | null {
    if (this.#pending?.isSeen) this.#pending = null
    return this.#pending
  }

  #waitsFor(pending: TransactionalResult, operation: string): IllegalStateError {
    return new IllegalStateError(
      `${operation} is not allowed before ${pending.operation}() has ended: call it again to wait for it`,
    )
  }
}
