/**
 * How the transactions of a producer stand (*policy*): what the coordinator knows of the open one, whether another epoch is
 * due, which transaction version is in use; and how they fail and end. {@link TransactionManager} says when.
 *
 * @see KIP-360, KIP-890; Kafka's TransactionManager 4.3
 */
import type { KafkaError } from '../errors.js'
import { ProducerSequences } from '../produce/producer-sequences.js'
import type { EndTxnResponse, InitProducerIdResponse } from '../protocol/messages/index.js'
import { TransactionAbortableError, TransactionFailedError } from './errors.js'
import { RequestQueue } from './request-queue.js'
import { TransactionPartitions } from './transaction-partitions.js'
import type { TransactionRequest } from './transaction-requests.js'
import type { TransactionState } from './transaction-state.js'
import { TransactionStatus } from './transaction-status.js'

/** First InitProducerId that raises the epoch of a producer that names its present one (KIP-360). */
const FIRST_INIT_WITH_EPOCH = 3
/** Level of the feature transaction.version from which on partitions add themselves (KIP-890). */
const TRANSACTION_VERSION_2 = 2

/** States of a transaction that a failed record makes impossible. */
const failedByRecords: ReadonlySet<TransactionState> = new Set([
  'IN_TRANSACTION',
  'COMMITTING_TRANSACTION',
  'ABORTABLE_ERROR',
])

export interface TransactionProgressOptions {
  readonly isTransactional: boolean
  readonly retryBackoffMs: number
}

export class TransactionProgress {
  readonly sequences: ProducerSequences
  readonly status = new TransactionStatus()
  readonly partitions = new TransactionPartitions()
  readonly queue: RequestQueue
  readonly #isTransactional: boolean
  #isStarted = false
  #isEpochDue = false
  #canRaiseEpoch = false
  #learnedVersion = 0
  #isVersion2 = false

  constructor({ isTransactional, retryBackoffMs }: TransactionProgressOptions) {
    this.#isTransactional = isTransactional
    this.sequences = new ProducerSequences({ isTransactional })
    this.queue = new RequestQueue({ retryBackoffMs })
  }

  /** The coordinator knows that the transaction has partitions or offsets: it has to be ended. */
  get isStarted(): boolean {
    return this.#isStarted
  }

  /** InitProducerId has to raise the epoch when the transaction has ended. */
  get isEpochDue(): boolean {
    return this.#isEpochDue
  }

  /** Partitions and offsets add themselves, and the end of a transaction raises the epoch. */
  get isVersion2(): boolean {
    return this.#isVersion2
  }

  markStarted(): void {
    this.#isStarted = true
  }

  coordinatorReady(initProducerIdVersion: number): void {
    this.#canRaiseEpoch = initProducerIdVersion >= FIRST_INIT_WITH_EPOCH
  }

  learnVersion(level: number): void {
    this.#learnedVersion = level
  }

  /** A cluster that has got transaction version 2 meanwhile uses it from the next transaction on, with another epoch. */
  prepareEnd(): void {
    if (!this.#isVersion2 && this.#learnedVersion >= TRANSACTION_VERSION_2) this.#isEpochDue = true
  }

  /** A producer id was granted, or the next epoch. */
  granted({ producerId, producerEpoch: epoch }: InitProducerIdResponse): void {
    if (this.#isTransactional) this.sequences.restart({ producerId, epoch })
    else this.sequences.takeIdentity({ producerId, epoch })
    this.#isEpochDue = false
    this.#isVersion2 = this.#learnedVersion >= TRANSACTION_VERSION_2
    this.status.reach('READY')
  }

  /** The transaction has ended; without an answer, because the coordinator never knew of it. */
  ended(request: TransactionRequest, response?: EndTxnResponse): void {
    this.status.reach(this.#isEpochDue ? 'INITIALIZING' : 'READY')
    this.#isStarted = false
    if (this.#learnedVersion < TRANSACTION_VERSION_2) this.#isVersion2 = false
    this.partitions.clear()
    if (response && response.producerId >= 0n) {
      this.sequences.restart({ producerId: response.producerId, epoch: response.producerEpoch })
    }
    request.result?.end()
  }

  /** A record was not stored, or nobody knows: the transaction has to be aborted. One of an earlier transaction is no matter. */
  recordFailed(error: KafkaError): void {
    if (!failedByRecords.has(this.status.state)) return
    const cause = error.retriable
      ? new TransactionAbortableError('a record was not sent; abort the transaction', { cause: error })
      : error
    this.failAbortable(cause, null, true)
  }

  /** Records may be stored whose time limit has passed: only under another epoch are the numbers known again. */
  recordsLost(): void {
    const error = new TransactionFailedError(
      'the time of records ended before they were acknowledged; abort the transaction',
      { persistence: 'possibly-persisted' },
    )
    if (this.#hasNextEpoch) this.recordFailed(error)
    else this.failFatally(error)
  }

  /**
   * The transaction has to be aborted.
   *
   * @param request - the one that failed; null for a record.
   * @param needsEpoch - what was sent may be stored, or the coordinator has lost the producer: another epoch tells them apart.
   */
  failAbortable(error: KafkaError, request: TransactionRequest | null, needsEpoch: boolean): void {
    if (!this.status.fail('ABORTABLE_ERROR', error)) return
    if (needsEpoch && this.#canRaiseEpoch && !this.#isVersion2) this.#isEpochDue = true
    this.queue.clear(error, true)
    request?.result?.end(error)
  }

  /** As {@link failAbortable}, where only another epoch can help: fatal where there is none. */
  failUnlessNextEpoch(error: KafkaError, request: TransactionRequest): void {
    if (this.#hasNextEpoch) this.failAbortable(error, request, true)
    else this.failFatally(error, request)
  }

  /** The producer can do no more than be closed. */
  failFatally(error: KafkaError, request?: TransactionRequest): void {
    if (this.status.state === 'FATAL_ERROR') return
    this.status.fail('FATAL_ERROR', error)
    this.queue.close(error)
    request?.result?.end(error)
    this.status.endPending(error)
  }

  /** The producer id was refused: the call may be made again. */
  failToInitialize(error: KafkaError, request: TransactionRequest): void {
    this.status.fail('ABORTABLE_ERROR', error)
    this.status.reach('UNINITIALIZED')
    request.result?.end(error)
  }

  get #hasNextEpoch(): boolean {
    return this.#canRaiseEpoch || this.#isVersion2
  }
}
