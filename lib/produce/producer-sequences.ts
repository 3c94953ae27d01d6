/**
 * Idempotence (*policy*): the producer's id and epoch, the numbers of its partitions, and what a refusal means for them.
 *
 * A gap in the numbers of a partition cannot be closed; the epoch is raised instead, without asking anybody, and the
 * partition starts at 0 under it. Other partitions take the new epoch when nothing of theirs is in flight. A transactional
 * producer never raises it by itself: its transaction has to be aborted.
 *
 * Knows no request, no queue and no clock: whoever writes batches asks before and reports after.
 *
 * @see KIP-98, KIP-360; Kafka's TransactionManager 3.9; docs/reference/wire-protocol.md#idempotence
 */
import { errorCode } from '../protocol/error-code.js'
import { type NumberedBatch, PartitionSequences } from './partition-sequences.js'
import {
  isKnown,
  isSameProducer,
  LAST_EPOCH,
  NO_PRODUCER,
  type ProducerIdentity,
} from './producer-identity.js'

const OUT_OF_ORDER_SEQUENCE_NUMBER = 45
const UNKNOWN_PRODUCER_ID = 59
/** Refused for its number, after the broker has looked for it among the batches that it remembers. */
const byNumber: ReadonlySet<number> = new Set([OUT_OF_ORDER_SEQUENCE_NUMBER, UNKNOWN_PRODUCER_ID])

/** What a broker answered for a batch, other than success. */
export interface Refusal {
  readonly errorCode: number
  /** −1n where the answer has none: Produce before v5. */
  readonly logStartOffset: bigint
  /** Of the request. */
  readonly acks: number
}

export interface ProducerSequencesOptions {
  readonly isTransactional: boolean
}

export class ProducerSequences {
  readonly #isTransactional: boolean
  readonly #topics = new Map<string, Map<number, PartitionSequences>>()
  /** Those that wait until they may renumber. */
  readonly #renumbering = new Set<PartitionSequences>()
  readonly #unresolved = new Set<PartitionSequences>()
  #identity: ProducerIdentity = NO_PRODUCER
  #isBumpRequested = false

  constructor({ isTransactional }: ProducerSequencesOptions) {
    this.#isTransactional = isTransactional
  }

  /** Unknown, and nothing may be written, until {@link takeIdentity}. */
  get identity(): ProducerIdentity {
    return this.#identity
  }

  get hasIdentity(): boolean {
    return isKnown(this.#identity)
  }

  /** Granted by InitProducerId. Partitions with batches in flight finish those first. */
  takeIdentity(identity: ProducerIdentity): void {
    this.#identity = identity
    this.#renumberSettled()
  }

  /** Granted between two transactions, when nothing is in flight: every partition starts anew. */
  restart(identity: ProducerIdentity): void {
    this.#identity = identity
    this.#topics.clear()
    this.#renumbering.clear()
    this.#unresolved.clear()
    this.#isBumpRequested = false
  }

  partition(topic: string, index: number): PartitionSequences {
    const partitions = this.#topics.get(topic) ?? new Map<number, PartitionSequences>()
    if (partitions.size === 0) this.#topics.set(topic, partitions)
    const found = partitions.get(index) ?? new PartitionSequences()
    partitions.set(index, found)
    return found
  }

  /** Whether a batch without numbers may be written to the partition now. */
  mayStart(partition: PartitionSequences, maxInFlight?: number): boolean {
    return this.hasIdentity && partition.mayStart(this.#identity, maxInFlight)
  }

  /** Numbers a batch that is being written. @throws {RangeError} where it may not be. */
  start(partition: PartitionSequences, recordCount: number): NumberedBatch {
    return partition.start(this.#identity, recordCount)
  }

  /** The numbers that {@link start} would give to a batch now; null where it would refuse. */
  next(partition: PartitionSequences): Pick<NumberedBatch, 'identity' | 'baseSequence'> | null {
    return this.hasIdentity ? partition.next(this.#identity) : null
  }

  /** Whether a batch with numbers may be written again. */
  mayResend(batch: NumberedBatch): boolean {
    return this.hasIdentity && batch.partition.mayResend(batch)
  }

  /**
   * Whether a batch with numbers cannot be stored in its order any more, because a later one was stored before it. Report it with
   * {@link failed}: it is not stored.
   */
  mustFail(batch: NumberedBatch): boolean {
    return batch.partition.mustFail(batch)
  }

  /** @param baseOffset - −1n where the broker does not say, as for a batch that it recognised (46). */
  acknowledged(batch: NumberedBatch, baseOffset: bigint): void {
    batch.partition.acknowledged(batch, baseOffset)
    this.#renumberSettled()
  }

  /**
   * What to do with a batch that was refused, as far as its numbers decide it; the limits of retries and time are the
   * caller's. After `fail` it has to be reported with {@link failed}. An attempt without an answer is not reported at all.
   */
  refused(batch: NumberedBatch, refusal: Refusal): 'retry' | 'fail' {
    const { isAmbiguous, retriable } = errorCode(refusal.errorCode)
    const mayBeStored = isAmbiguous === true || (isAmbiguous === 'acks -1' && refusal.acks === -1)
    if (!mayBeStored) batch.partition.refused(batch, byNumber.has(refusal.errorCode))
    const isRetried = this.#isRetried(batch, refusal, retriable)
    this.#renumberSettled()
    return isRetried ? 'retry' : 'fail'
  }

  /**
   * A batch is given up after a refusal. The numbers behind it have to close up: under another epoch, or in a transaction,
   * which is going to be aborted, under the same one if it is surely not stored.
   *
   * @param isExhausted - it was given up for the number of its retries. Without transactions the numbers go on behind it, as
   * they do in the Java client; if that leaves a gap, the next batch is refused for it.
   */
  failed(batch: NumberedBatch, code: number, isExhausted: boolean): void {
    const { partition } = batch
    const isOpen = partition.isOpen(batch)
    const isGap = !isExhausted && !partition.isOvertaken(batch)
    if (this.#isTransactional && isOpen && code !== UNKNOWN_PRODUCER_ID) {
      this.expired(batch)
      return
    }
    partition.remove(batch)
    if (this.#isTransactional)
      this.#renumber(partition, code === UNKNOWN_PRODUCER_ID ? 'zero' : 'lastAcknowledged')
    else if (isGap) this.#requestBump(partition)
    this.#renumberSettled()
  }

  /**
   * Takes the numbers back of a batch that is not stored and has nothing behind it, for callers with one batch of a partition in
   * flight: its records may be sent in other batches then.
   *
   * @throws {RangeError} for a batch that may be stored, or is not the last one in flight.
   */
  withdraw(batch: NumberedBatch): void {
    batch.partition.withdraw(batch)
    this.#renumberSettled()
  }

  /** A batch is given up that may be stored: its time limit has passed, and no answer came. */
  expired(batch: NumberedBatch): void {
    batch.partition.expired(batch)
    this.#unresolved.add(batch.partition)
    this.#renumberSettled()
  }

  /**
   * Looks at the partitions with expired batches whose other batches are answered by now. Call it before anything is written.
   *
   * @returns whether a transaction has lost records: it has to be aborted. Without one, the epoch is going to be raised.
   */
  resolve(): boolean {
    let isLost = false
    for (const partition of this.#unresolved) {
      const resolution = partition.resolve()
      if (resolution === 'pending') continue
      this.#unresolved.delete(partition)
      if (resolution === 'complete') continue
      if (this.#isTransactional) isLost = true
      else this.#requestBump(partition)
    }
    return isLost
  }

  /**
   * Raises the epoch if a partition needs it. Call it before anything is written, after {@link resolve}; not in transactions.
   * After the last epoch there is no id any more: another has to be asked for, without naming the old one.
   */
  bumpIfRequested(): void {
    if (!this.#isBumpRequested || !this.hasIdentity) return
    this.#isBumpRequested = false
    const { producerId, epoch } = this.#identity
    this.#identity = epoch >= LAST_EPOCH ? NO_PRODUCER : { producerId, epoch: epoch + 1 }
    this.#renumberSettled()
  }

  #isRetried(
    batch: NumberedBatch,
    { errorCode: code, logStartOffset }: Refusal,
    retriable: boolean,
  ): boolean {
    if (code === OUT_OF_ORDER_SEQUENCE_NUMBER) return this.#isOutOfOrderRetried(batch)
    if (code === UNKNOWN_PRODUCER_ID) return this.#isUnknownRetried(batch, logStartOffset)
    return retriable
  }

  /**
   * A batch behind one that is being retried is refused until that one is through. If nothing is before it, there is a gap,
   * or a later batch was stored first; then it cannot be stored in its order any more.
   */
  #isOutOfOrderRetried(batch: NumberedBatch): boolean {
    const { partition } = batch
    if (partition.isRenumbering || !partition.isFirst(batch)) return true
    if (this.#isTransactional || partition.isOvertaken(batch)) return false
    this.#requestBump(partition)
    return true
  }

  /** The broker has no state of the producer: its records were deleted, or it has been idle for long. */
  #isUnknownRetried({ partition }: NumberedBatch, logStartOffset: bigint): boolean {
    if (logStartOffset === -1n || partition.isRenumbering) return true
    if (!this.#isTransactional) {
      this.#requestBump(partition)
      return true
    }
    if (partition.lastAcknowledgedOffset >= logStartOffset) return false
    // What was acknowledged has been deleted since, and the state with it: nothing is lost.
    this.#renumber(partition, 'zero')
    return true
  }

  /** A partition that has not yet taken the present epoch does not need another one. */
  #requestBump(partition: PartitionSequences): void {
    if (isSameProducer(partition.identity, this.#identity)) this.#isBumpRequested = true
    partition.requestRenumbering('zero')
    this.#renumbering.add(partition)
  }

  #renumber(partition: PartitionSequences, from: 'zero' | 'lastAcknowledged'): void {
    partition.requestRenumbering(from)
    this.#renumbering.add(partition)
  }

  #renumberSettled(): void {
    if (this.#renumbering.size === 0 || this.#isBumpRequested || !this.hasIdentity) return
    for (const partition of this.#renumbering) {
      if (partition.renumber(this.#identity)) this.#renumbering.delete(partition)
    }
  }
}
