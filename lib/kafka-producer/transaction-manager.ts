/**
 * The producer's id, and its transactions (*policy*): what each call does, which request is sent next, and what its answer
 * means. Does no input or output, and has no clock: whoever sends asks for the next request and reports how it ended, and
 * callers wait for the {@link TransactionalResult} of their calls, which they mark as seen.
 *
 * A call fails at once where the state does not allow it, or where something has failed before. What was illegal leaves
 * nothing behind: ask {@link TransactionManager.checkSend} before a record is queued.
 *
 * @see KIP-98, KIP-360, KIP-447, KIP-588, KIP-890; Kafka's TransactionManager 4.3; docs/reference/wire-protocol.md#transactions
 */
import { BrokerError, type KafkaError, UnsupportedVersionError } from '../errors.js'
import { NO_PRODUCER } from '../produce/producer-identity.js'
import type { ProducerSequences } from '../produce/producer-sequences.js'
import { IllegalStateError, TransactionAbortedError } from './errors.js'
import type { OutgoingRequest } from './request-queue.js'
import { TransactionExchange } from './transaction-exchange.js'
import { TransactionProgress } from './transaction-progress.js'
import {
  addOffsets,
  type ConsumerGroup,
  commitOffsets,
  end,
  initTransactional,
  type Requester,
  type TransactionOffset,
  type TransactionRequest,
} from './transaction-requests.js'
import { illegal, type TransactionState } from './transaction-state.js'
import { TransactionalResult } from './transactional-result.js'

/** The newest Produce in a transaction where the cluster does not have transaction version 2 (KIP-890). */
const LAST_PRODUCE_OF_VERSION_1 = 11
/** Answers to produce requests that are about the producer and not about its records, and end it. */
const fatalForProducer: ReadonlySet<number> = new Set([
  31, // CLUSTER_AUTHORIZATION_FAILED
  35, // UNSUPPORTED_VERSION
  53, // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  90, // PRODUCER_FENCED
])

export interface TransactionManagerOptions {
  /** Null for idempotence without transactions. */
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
  readonly retryBackoffMs: number
}

export class TransactionManager {
  readonly #transactionalId: string | null
  readonly #transactionTimeoutMs: number
  readonly #progress: TransactionProgress
  readonly #exchange: TransactionExchange

  constructor({ transactionalId, transactionTimeoutMs, retryBackoffMs }: TransactionManagerOptions) {
    this.#transactionalId = transactionalId
    this.#transactionTimeoutMs = transactionTimeoutMs
    const { isTransactional } = this
    this.#progress = new TransactionProgress({ isTransactional, retryBackoffMs })
    this.#exchange = new TransactionExchange({ progress: this.#progress, isTransactional, retryBackoffMs })
  }

  /** The numbers of batches, which are the caller's to ask for and report on. */
  get sequences(): ProducerSequences {
    return this.#progress.sequences
  }

  get isTransactional(): boolean {
    return this.#transactionalId !== null
  }

  get state(): TransactionState {
    return this.#progress.status.state
  }

  /** The newest version of Produce that batches may be written with. */
  get newestProduceVersion(): number {
    return this.isTransactional && !this.#progress.isVersion2
      ? LAST_PRODUCE_OF_VERSION_1
      : Number.POSITIVE_INFINITY
  }

  /** With what records end that have not been written: null while they may be. After FATAL_ERROR that goes for all records. */
  get unsentRecordsError(): KafkaError | null {
    if (this.state === 'ABORTING_TRANSACTION') return new TransactionAbortedError()
    return this.#progress.status.error
  }

  /** The transaction is being committed: nothing lingers. */
  get isCompleting(): boolean {
    return this.state === 'COMMITTING_TRANSACTION' || this.state === 'ABORTING_TRANSACTION'
  }

  /** There is a transaction that `close` has to abort. */
  get isOpen(): boolean {
    return this.state === 'IN_TRANSACTION' || this.state === 'ABORTABLE_ERROR'
  }

  /** Asks for a producer id; earlier transactions of the transactional id are finished by it. @throws {IllegalStateError} */
  initTransactions(): TransactionalResult {
    const operation = 'initTransactions'
    const id = this.#required(operation)
    const repeated = this.#progress.status.repeated(operation)
    if (repeated) return repeated
    this.#progress.status.checkNoError(operation)
    this.#progress.status.enter('INITIALIZING', operation)
    const result = this.#progress.status.begin(operation)
    this.#progress.queue.add(initTransactional(id, this.#transactionTimeoutMs, NO_PRODUCER, result))
    return result
  }

  /** @throws {IllegalStateError} outside of READY. @throws {KafkaError} after a failure. */
  beginTransaction(): void {
    const operation = 'beginTransaction'
    this.#required(operation)
    this.#progress.status.checkNothingPending(operation)
    this.#progress.status.checkNoError(operation)
    this.#progress.status.enter('IN_TRANSACTION', operation)
  }

  /** Whether a record may be queued now. @throws {IllegalStateError} @throws {KafkaError} after a failure. */
  checkSend(): void {
    this.#progress.status.checkNoError('send')
    if (this.isTransactional) this.#checkInTransaction('send')
  }

  /** A record for the partition was queued. */
  addPartition(topic: string, partition: number): void {
    if (!this.isTransactional) return
    if (this.#progress.isVersion2) {
      this.#progress.partitions.addAtOnce(topic, partition)
      this.#progress.markStarted()
    } else {
      this.#progress.partitions.want(topic, partition)
    }
  }

  /** Whether batches of the partition may be written. */
  mayWriteTo(topic: string, partition: number): boolean {
    if (this.state === 'FATAL_ERROR') return false
    return !this.isTransactional || this.#progress.partitions.isAdded(topic, partition)
  }

  /** Makes offsets valid together with the transaction; none is no request. @throws {IllegalStateError} */
  sendOffsets(offsets: readonly TransactionOffset[], group: ConsumerGroup): TransactionalResult {
    const operation = 'sendOffsetsToTransaction'
    this.#required(operation)
    this.#progress.status.checkNoError(operation)
    this.#checkInTransaction(operation)
    const result = new TransactionalResult(operation)
    if (offsets.length === 0) {
      result.end()
      return result
    }
    const commit = commitOffsets(this.#requester, group, offsets, result)
    if (this.#progress.isVersion2) this.#progress.markStarted()
    this.#progress.queue.add(
      this.#progress.isVersion2 ? commit : addOffsets(this.#requester, group.groupId, commit),
    )
    return result
  }

  /** @throws {IllegalStateError} @throws {KafkaError} after a failure. */
  commitTransaction(): TransactionalResult {
    return this.#complete('commitTransaction', true)
  }

  /** @throws {IllegalStateError} @throws {KafkaError} after a failure that ended the producer. */
  abortTransaction(): TransactionalResult {
    return this.#complete('abortTransaction', false)
  }

  /** The coordinator is connected, and takes InitProducerId up to this version. */
  coordinatorReady(initProducerIdVersion: number): void {
    this.#progress.coordinatorReady(initProducerIdVersion)
  }

  /** The level of the feature transaction.version in the newest answer to ApiVersions; it counts from the next transaction on. */
  learnTransactionVersion(level: number): void {
    this.#progress.learnVersion(level)
  }

  /**
   * What to send now: one request at a time. Call it before batches are written.
   *
   * @param hasIncompleteBatches - batches of the transaction are queued or in flight: it does not end before they have.
   */
  nextRequest(hasIncompleteBatches: boolean): OutgoingRequest | null {
    return this.#exchange.next(hasIncompleteBatches, this.#requester)
  }

  /**
   * @param version - of the request as it was sent.
   * @returns what queued records have to fail with, though the producer goes on; mostly null.
   */
  answered(request: TransactionRequest, version: number, response: unknown): KafkaError | null {
    return this.#exchange.answered(request, version, response)
  }

  /**
   * A request had no answer. One that may be repeated is, after its coordinator was looked for again; another ends the producer,
   * unless a broker refused the login.
   *
   * @returns what queued records have to fail with, if they do.
   */
  unanswered(request: TransactionRequest, error: KafkaError): KafkaError | null {
    return this.#exchange.unanswered(request, error)
  }

  /**
   * A record failed, in a batch or before it was queued: its transaction has to be aborted. Not for records that end with
   * {@link unsentRecordsError}, whose failure is known here.
   */
  recordFailed(error: KafkaError): void {
    const isFatal =
      error instanceof UnsupportedVersionError ||
      (error instanceof BrokerError && fatalForProducer.has(error.errorCode))
    if (isFatal) this.#progress.failFatally(error)
    else if (this.isTransactional && this.state !== 'ABORTING_TRANSACTION') this.#progress.recordFailed(error)
  }

  /** The producer is closed without waiting: every call that waits ends with the error. */
  close(error: KafkaError): void {
    this.#progress.failFatally(error)
  }

  get #requester(): Requester {
    const { producerId, epoch } = this.sequences.identity
    return {
      transactionalId: this.#transactionalId!,
      producerId,
      epoch,
      isVersion2: this.#progress.isVersion2,
    }
  }

  #required(operation: string): string {
    if (this.#transactionalId !== null) return this.#transactionalId
    throw new IllegalStateError(`${operation} needs the setting transactional.id`)
  }

  #checkInTransaction(operation: string): void {
    this.#progress.status.checkNothingPending(operation)
    if (this.state !== 'IN_TRANSACTION') throw illegal(this.state, operation)
  }

  #complete(operation: string, isCommitted: boolean): TransactionalResult {
    const id = this.#required(operation)
    const repeated = this.#progress.status.repeated(operation)
    if (repeated) return repeated
    if (isCommitted || this.state !== 'ABORTABLE_ERROR') this.#progress.status.checkNoError(operation)
    this.#progress.status.enter(isCommitted ? 'COMMITTING_TRANSACTION' : 'ABORTING_TRANSACTION', operation)
    if (!isCommitted) this.#progress.partitions.dropNew()
    this.#progress.prepareEnd()
    const result = this.#progress.status.begin(operation)
    this.#progress.queue.add(end(this.#requester, isCommitted, this.#progress.isEpochDue ? null : result))
    if (this.#progress.isEpochDue) {
      const { identity } = this.sequences
      this.#progress.queue.add(initTransactional(id, this.#transactionTimeoutMs, identity, result))
    }
    return result
  }
}
