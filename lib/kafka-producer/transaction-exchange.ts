/**
 * What is sent next, and what its answer means (*policy*): between the queue of requests and the progress of the
 * transaction.
 *
 * @see Kafka's TransactionManager and Sender 4.3
 */
import { AuthenticationError, type KafkaError } from '../errors.js'
import type { EndTxnResponse, InitProducerIdResponse } from '../protocol/messages/index.js'
import type { Outcome, OutgoingRequest } from './request-queue.js'
import { errorOf } from './transaction-errors.js'
import type { TransactionProgress } from './transaction-progress.js'
import {
  addPartitions,
  initWithoutTransactions,
  partitionsOf,
  type Requester,
  type TransactionRequest,
} from './transaction-requests.js'

export interface TransactionExchangeOptions {
  readonly progress: TransactionProgress
  readonly isTransactional: boolean
  readonly retryBackoffMs: number
}

export class TransactionExchange {
  readonly #progress: TransactionProgress
  readonly #isTransactional: boolean
  readonly #retryBackoffMs: number
  /** Before a producer id is asked for again that was refused. */
  #pauseMs = 0

  constructor({ progress, isTransactional, retryBackoffMs }: TransactionExchangeOptions) {
    this.#progress = progress
    this.#isTransactional = isTransactional
    this.#retryBackoffMs = retryBackoffMs
  }

  /** As `TransactionManager.nextRequest`; the requester is who the producer is now. */
  next(hasIncompleteBatches: boolean, requester: Requester): OutgoingRequest | null {
    const progress = this.#progress
    const { queue, status, sequences } = progress
    if (queue.hasInFlight || status.state === 'FATAL_ERROR') return null
    if (sequences.resolve()) progress.recordsLost()
    // What was to be repeated when the transaction failed.
    if (status.state === 'ABORTABLE_ERROR') queue.clear(status.error!, true)
    if (!this.#isTransactional) this.#requireId()
    this.#askForPartitions(requester)
    const next = queue.peek()
    if (next?.kind === 'EndTxn') {
      if (hasIncompleteBatches) return null
      if (!progress.isStarted) {
        queue.take()
        progress.ended(next)
      }
    }
    return queue.send()
  }

  /** As `TransactionManager.answered`. */
  answered(request: TransactionRequest, version: number, response: unknown): KafkaError | null {
    const { queue, status, partitions } = this.#progress
    if (status.state === 'FATAL_ERROR') {
      queue.dropped(request)
      return null
    }
    const outcome = queue.answered(request, version, response, !partitions.hasAdded)
    if (outcome.step === 'done') this.#done(request, response)
    else if (outcome.step !== 'repeated') return this.#refused(outcome, request, response)
    return null
  }

  /** As `TransactionManager.unanswered`. */
  unanswered(request: TransactionRequest, error: KafkaError): KafkaError | null {
    const { queue, status } = this.#progress
    const isFatal = status.state === 'FATAL_ERROR'
    if (error instanceof AuthenticationError && !isFatal) return this.#notLetIn(request, error)
    if (error.retriable && !isFatal) {
      queue.unanswered(request)
      return null
    }
    queue.dropped(request)
    this.#progress.failFatally(error, request)
    return null
  }

  /**
   * A broker refused the login. Credentials may be put right while the producer runs, so nothing ends for good, in contrast to
   * Java: the call fails and may be made again, a transaction can be aborted, and its end is tried until that succeeds.
   */
  #notLetIn(request: TransactionRequest, error: AuthenticationError): KafkaError | null {
    const { queue, status } = this.#progress
    if (status.state === 'ABORTING_TRANSACTION') {
      queue.unanswered(request)
      return null
    }
    queue.dropped(request)
    if (status.state !== 'INITIALIZING') {
      this.#progress.failAbortable(error, request, false)
      return null
    }
    this.#pauseMs = this.#retryBackoffMs
    queue.clear(error, false)
    this.#progress.failToInitialize(error, request)
    return error
  }

  /** Without transactions: a new epoch, or a producer id where there is none. */
  #requireId(): void {
    const { queue, status, sequences } = this.#progress
    sequences.bumpIfRequested()
    if (sequences.hasIdentity || status.state === 'INITIALIZING') return
    if (status.state === 'READY') status.reach('UNINITIALIZED')
    status.reach('INITIALIZING')
    queue.add(initWithoutTransactions(), this.#pauseMs)
    this.#pauseMs = 0
  }

  #askForPartitions(requester: Requester): void {
    const { queue, status, partitions } = this.#progress
    if (partitions.hasNew && !status.error) queue.add(addPartitions(requester, partitions.takeNew()))
  }

  #done(request: TransactionRequest, response: unknown): void {
    const { status, partitions, queue } = this.#progress
    switch (request.kind) {
      case 'EndTxn':
        this.#progress.ended(request, response as EndTxnResponse)
        return
      case 'InitProducerId':
        this.#progress.granted(response as InitProducerIdResponse)
        break
      case 'AddPartitionsToTxn':
        partitions.added(partitionsOf(request))
        this.#progress.markStarted()
        break
      case 'AddOffsetsToTxn':
        this.#progress.markStarted()
        break
    }
    if (!request.followedBy) request.result?.end()
    else if (status.error) request.result?.end(status.error)
    else queue.add(request.followedBy)
  }

  #refused({ step, code }: Outcome, request: TransactionRequest, response: unknown): KafkaError | null {
    const progress = this.#progress
    const error = errorOf(step, code, request, response)
    const isAborting = progress.status.state === 'ABORTING_TRANSACTION'
    if (step === 'uninitialize') {
      this.#pauseMs = this.#retryBackoffMs
      progress.failToInitialize(error, request)
      return error
    }
    if (step === 'fatal' || step === 'fenced') progress.failFatally(error, request)
    else if (isAborting && request.kind !== 'FindCoordinator') progress.failFatally(error, request)
    else if (step === 'abortableWithNewEpoch') progress.failUnlessNextEpoch(error, request)
    // A group whose coordinator was looked for is of no interest to a transaction that is being aborted.
    else progress.failAbortable(error, request, false)
    return null
  }
}
