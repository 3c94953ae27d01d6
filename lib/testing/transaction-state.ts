/**
 * What the coordinator knows of one transactional id, and what it decides about each request. Writes no markers: what a
 * decision ends is returned with it.
 *
 * Kafka's states between the decision to end a transaction and its last marker are not there, because markers are written
 * at once.
 *
 * @see TransactionMetadata and TransactionCoordinator (Kafka 3.9, 4.0); KIP-98, KIP-360, KIP-890
 */
import { codes } from './codes.js'

export interface ProducerIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

export type TransactionEnd = 'COMMIT' | 'ABORT'

/** A transaction that is to end now: in which partitions and groups, and under whose name. */
export interface Ending extends ProducerIdentity {
  readonly type: TransactionEnd
  readonly participants: readonly Participant[]
}

/** What a transaction writes to. */
export type Participant = { readonly topic: string; readonly partition: number } | { readonly group: string }

export interface Decision {
  readonly code: number
  /** With code 0, of who may go on. */
  readonly identity?: ProducerIdentity
  readonly ending?: Ending
}

type State = 'EMPTY' | 'ONGOING' | 'COMPLETE_COMMIT' | 'COMPLETE_ABORT'

const moves: Readonly<Record<State, readonly State[]>> = {
  EMPTY: ['EMPTY', 'ONGOING', 'COMPLETE_ABORT'],
  ONGOING: ['COMPLETE_COMMIT', 'COMPLETE_ABORT'],
  COMPLETE_COMMIT: ['EMPTY', 'ONGOING', 'COMPLETE_ABORT'],
  COMPLETE_ABORT: ['EMPTY', 'ONGOING', 'COMPLETE_ABORT'],
}

const NO_EPOCH = -1
const NO_PRODUCER_ID = -1n
/** From here on the next transaction gets another producer id. */
const EXHAUSTED_EPOCH = 32_766

const refused = (code: number): Decision => ({ code })

export class TransactionState {
  timeoutMs: number
  readonly #newProducerId: () => bigint
  #state: State = 'EMPTY'
  #producerId: bigint
  #producerEpoch = NO_EPOCH
  #lastProducerId = NO_PRODUCER_ID
  #lastProducerEpoch = NO_EPOCH
  /** Whether the last end raised the epoch, as with transaction version 2. */
  #hasRaised = false
  readonly #participants = new Map<string, Participant>()

  constructor(timeoutMs: number, newProducerId: () => bigint) {
    this.timeoutMs = timeoutMs
    this.#newProducerId = newProducerId
    this.#producerId = newProducerId()
  }

  get isOngoing(): boolean {
    return this.#state === 'ONGOING'
  }

  /**
   * A producer starts, or, where it says who it was, goes on after an error. An open transaction is aborted first, and
   * the producer has to ask again.
   */
  initialize(expected: ProducerIdentity | null, timeoutMs: number): Decision {
    if (expected && !this.#mayGoOn(expected)) return refused(codes.PRODUCER_FENCED)
    if (this.isOngoing) return { code: codes.CONCURRENT_TRANSACTIONS, ending: this.fence() }
    const isCurrent = !expected || expected.producerEpoch === this.#producerEpoch
    if (isExhausted(this.#producerEpoch) && isCurrent) this.#takeNewId(expected !== null)
    else if (isCurrent || this.#producerEpoch === NO_EPOCH) {
      this.#lastProducerEpoch = expected ? this.#producerEpoch : NO_EPOCH
      this.#producerEpoch++
    } else if (expected.producerEpoch !== this.#lastProducerEpoch) return refused(codes.PRODUCER_FENCED)
    this.timeoutMs = timeoutMs
    this.#hasRaised = false
    this.#moveTo('EMPTY')
    return this.#done()
  }

  /** Begins a transaction, unless one is open, and adds to it. */
  add(identity: ProducerIdentity, participants: readonly Participant[]): Decision {
    const code = this.check(identity)
    if (code !== codes.NONE) return refused(code)
    if (!this.isOngoing) this.#moveTo('ONGOING')
    for (const participant of participants) this.#participants.set(nameOf(participant), participant)
    return this.#done()
  }

  /** Whether the id and epoch are those of the producer that may write. */
  check({ producerId, producerEpoch }: ProducerIdentity): number {
    if (producerId !== this.#producerId) return codes.INVALID_PRODUCER_ID_MAPPING
    return producerEpoch === this.#producerEpoch ? codes.NONE : codes.PRODUCER_FENCED
  }

  has(participant: Participant): boolean {
    return this.isOngoing && this.#participants.has(nameOf(participant))
  }

  /** As the producer asks for it. @param raises - the epoch, as with transaction version 2. */
  end(identity: ProducerIdentity, type: TransactionEnd, raises: boolean): Decision {
    const isRetry = raises && this.#isRetry(identity)
    const code = this.check(identity)
    if (code !== codes.NONE && !isRetry) return refused(code)
    if (this.isOngoing) return this.#ended(type, raises)
    const completed = type === 'COMMIT' ? 'COMPLETE_COMMIT' : 'COMPLETE_ABORT'
    if (this.#state === completed && (isRetry || !raises)) return this.#done()
    // With transaction version 2 nobody knows whether the first produce request arrived.
    if (raises && !isRetry && type === 'ABORT') return this.#ended(type, raises)
    return refused(codes.INVALID_TXN_STATE)
  }

  /** Aborts the open transaction under the next epoch, so that its producer cannot go on. */
  fence(): Ending {
    this.#producerEpoch++
    this.#lastProducerEpoch = NO_EPOCH
    this.#hasRaised = false
    return this.#ending('ABORT')
  }

  #ended(type: TransactionEnd, raises: boolean): Decision {
    const wasExhausted = isExhausted(this.#producerEpoch)
    this.#hasRaised = raises
    if (!raises) return { ending: this.#ending(type), ...this.#done() }
    this.#lastProducerId = NO_PRODUCER_ID
    this.#lastProducerEpoch = this.#producerEpoch
    this.#producerEpoch++
    const ending = this.#ending(type)
    if (wasExhausted) this.#takeNewId(true)
    return { ending, ...this.#done() }
  }

  #ending(type: TransactionEnd): Ending {
    const participants = [...this.#participants.values()]
    this.#participants.clear()
    this.#moveTo(type === 'COMMIT' ? 'COMPLETE_COMMIT' : 'COMPLETE_ABORT')
    return { type, producerId: this.#producerId, producerEpoch: this.#producerEpoch, participants }
  }

  /** Whether the request to end the last transaction comes again, because its answer was lost. */
  #isRetry({ producerId, producerEpoch }: ProducerIdentity): boolean {
    if (!this.#hasRaised || this.isOngoing) return false
    if (producerId === this.#producerId) return producerEpoch + 1 === this.#producerEpoch
    return producerId === this.#lastProducerId && isExhausted(producerEpoch) && this.#producerEpoch === 0
  }

  #mayGoOn({ producerId, producerEpoch }: ProducerIdentity): boolean {
    if (this.#producerEpoch === NO_EPOCH || producerId === this.#producerId) return true
    return producerId === this.#lastProducerId && isExhausted(producerEpoch)
  }

  #takeNewId(isKnownToGoOn: boolean): void {
    this.#lastProducerId = this.#producerId
    this.#lastProducerEpoch = isKnownToGoOn ? Math.min(this.#producerEpoch, EXHAUSTED_EPOCH) : NO_EPOCH
    this.#producerId = this.#newProducerId()
    this.#producerEpoch = 0
  }

  #done(): Decision {
    return {
      code: codes.NONE,
      identity: { producerId: this.#producerId, producerEpoch: this.#producerEpoch },
    }
  }

  #moveTo(state: State): void {
    if (!moves[this.#state].includes(state))
      throw new Error(`a transaction of the embedded broker cannot go from ${this.#state} to ${state}`)
    this.#state = state
  }
}

function isExhausted(epoch: number): boolean {
  return epoch >= EXHAUSTED_EPOCH
}

function nameOf(participant: Participant): string {
  return 'group' in participant
    ? `group ${participant.group}`
    : `partition ${participant.topic} ${participant.partition}`
}
