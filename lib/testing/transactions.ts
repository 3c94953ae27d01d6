/**
 * The transactions of a test cluster: producer ids, the state of each transactional id, markers in the logs and offsets of
 * groups, and the end of transactions whose time limit has passed. Which broker coordinates is decided elsewhere.
 *
 * @see TransactionCoordinator (Kafka 3.9, 4.0)
 */
import { LONGEST_TIMER_MS } from '../timers.js'
import { codes } from './codes.js'
import type { GroupOffsets } from './group-offsets.js'
import type { Topics } from './topics.js'
import {
  type Decision,
  type Ending,
  type Participant,
  type ProducerIdentity,
  type TransactionEnd,
  TransactionState,
} from './transaction-state.js'

/** What ended a transaction: its producer, a new one of the same transactional id, or its time-out. */
export type TransactionEndCause = 'EndTxn' | 'InitProducerId' | 'timeout'

export interface EndedTransaction extends ProducerIdentity {
  readonly transactionalId: string
  readonly type: TransactionEnd
  readonly cause: TransactionEndCause
}

export interface TransactionsContext {
  readonly topics: Topics
  readonly groupOffsets: GroupOffsets
  onEnded(ended: EndedTransaction): void
}

/** `transaction.max.timeout.ms` of Kafka. */
const MAX_TIMEOUT_MS = 900_000
const FIRST_PRODUCER_ID = 1000n

export class Transactions {
  readonly #context: TransactionsContext
  readonly #states = new Map<string, TransactionState>()
  readonly #timers = new Map<string, NodeJS.Timeout>()
  #nextProducerId = FIRST_PRODUCER_ID

  constructor(context: TransactionsContext) {
    this.#context = context
  }

  /** A producer id of its own, for idempotence alone. */
  newProducerId(): bigint {
    return this.#nextProducerId++
  }

  /** @param expected - who the producer was; null for a new one. */
  initialize(transactionalId: string, expected: ProducerIdentity | null, timeoutMs: number): Decision {
    if (transactionalId === '') return { code: codes.INVALID_REQUEST }
    if (timeoutMs <= 0 || timeoutMs > MAX_TIMEOUT_MS) return { code: codes.INVALID_TRANSACTION_TIMEOUT }
    const state =
      this.#states.get(transactionalId) ?? new TransactionState(timeoutMs, () => this.newProducerId())
    this.#states.set(transactionalId, state)
    return this.#carriedOut(transactionalId, state.initialize(expected, timeoutMs), 'InitProducerId')
  }

  add(transactionalId: string, identity: ProducerIdentity, participants: readonly Participant[]): number {
    if (transactionalId === '') return codes.INVALID_REQUEST
    const state = this.#states.get(transactionalId)
    if (!state) return codes.INVALID_PRODUCER_ID_MAPPING
    const { code } = state.add(identity, participants)
    if (code === codes.NONE) this.#limit(transactionalId, state)
    return code
  }

  /** Whether the transaction has this partition or group: what brokers ask the coordinator from 3.6 on. */
  verify(transactionalId: string, identity: ProducerIdentity, participant: Participant): number {
    const state = this.#states.get(transactionalId)
    if (!state) return codes.INVALID_PRODUCER_ID_MAPPING
    const code = state.check(identity)
    if (code !== codes.NONE) return code
    return state.has(participant) ? codes.NONE : codes.TRANSACTION_ABORTABLE
  }

  /** @param raises - the epoch: transaction version 2. */
  end(transactionalId: string, identity: ProducerIdentity, type: TransactionEnd, raises: boolean): Decision {
    if (transactionalId === '') return { code: codes.INVALID_REQUEST }
    const state = this.#states.get(transactionalId)
    if (!state) return { code: codes.INVALID_PRODUCER_ID_MAPPING }
    return this.#carriedOut(transactionalId, state.end(identity, type, raises), 'EndTxn')
  }

  /** Leaves open transactions open for good. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #carriedOut(transactionalId: string, decision: Decision, cause: TransactionEndCause): Decision {
    if (decision.ending) this.#write(transactionalId, decision.ending, cause)
    return decision
  }

  #limit(transactionalId: string, state: TransactionState): void {
    if (this.#timers.has(transactionalId)) return
    const timer = setTimeout(
      () => this.#write(transactionalId, state.fence(), 'timeout'),
      Math.min(state.timeoutMs, LONGEST_TIMER_MS),
    )
    // A transaction that nobody ends keeps no process alive.
    timer.unref()
    this.#timers.set(transactionalId, timer)
  }

  #write(transactionalId: string, ending: Ending, cause: TransactionEndCause): void {
    clearTimeout(this.#timers.get(transactionalId))
    this.#timers.delete(transactionalId)
    const { topics, groupOffsets, onEnded } = this.#context
    const { type, producerId, producerEpoch, participants } = ending
    for (const participant of participants) {
      if ('group' in participant) groupOffsets.endTransaction(type, participant.group, ending)
      else {
        // A topic may have been deleted meanwhile.
        const partition = topics.find(participant.topic)?.partitions[participant.partition]
        partition?.log.endTransaction(type, producerId, producerEpoch)
      }
    }
    onEnded({ transactionalId, type, cause, producerId, producerEpoch })
  }
}
