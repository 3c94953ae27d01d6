/**
 * The sequence numbers of one partition (*policy*): which batches are in flight, in the order of their numbers, what was
 * acknowledged, and when a batch may be written.
 *
 * A number is given when a batch is first written and kept for its retries, so that a broker recognises what it has
 * stored. Numbers change only by renumbering, and only once no batch of the partition is open, that is, may be stored or
 * on its way: such a batch must never come a second time under other numbers. The Java client is less strict here and
 * renumbers what is on its way.
 *
 * Knows no topic, no error code and no request.
 *
 * @see KIP-98, KIP-360; Kafka's TxnPartitionEntry and RecordAccumulator 3.9; docs/NON-OBVIOUS.md
 */
import {
  isLaterSequence,
  isSameProducer,
  NO_PRODUCER,
  NO_SEQUENCE,
  type ProducerIdentity,
  sequenceAfter,
} from './producer-identity.js'

/** Brokers remember the last five batches of a producer and partition, and recognise no more than those. */
export const MAX_IN_FLIGHT = 5

/** The numbers of a batch in flight; they belong to the partition, and change when it renumbers. */
export interface NumberedBatch {
  readonly partition: PartitionSequences
  readonly recordCount: number
  readonly identity: ProducerIdentity
  readonly baseSequence: number
}

/** Where numbers go on: `zero` under another epoch, and where the broker has lost its state. */
export type Renumbering = 'zero' | 'lastAcknowledged'

interface InFlight extends NumberedBatch {
  identity: ProducerIdentity
  baseSequence: number
  /** Counts the batches of the partition, those of a divided one each. */
  ordinal: number
  /** Written, and not definitely refused since. */
  isOpen: boolean
  /** An attempt before the present one ended without an answer. */
  isDoubtful: boolean
}

export class PartitionSequences {
  #identity: ProducerIdentity = NO_PRODUCER
  #nextSequence = 0
  #lastAcknowledged = NO_SEQUENCE
  #lastAcknowledgedOffset = -1n
  /** By their numbers, which is the order in which they were given. */
  #inFlight: InFlight[] = []
  /** How many batches have been numbered. */
  #count = 0
  /** Behind batches that are stored: see {@link mustFail}. */
  readonly #overtaken = new Set<NumberedBatch>()
  /** First number after a batch that expired while it was open; null where there is none. */
  #unresolved: number | null = null
  #renumbering: Renumbering | null = null

  get identity(): ProducerIdentity {
    return this.#identity
  }

  get inFlight(): readonly NumberedBatch[] {
    return this.#inFlight
  }

  /** Of the last record of the newest acknowledged batch, −1n where none is known. */
  get lastAcknowledgedOffset(): bigint {
    return this.#lastAcknowledgedOffset
  }

  get isUnresolved(): boolean {
    return this.#unresolved !== null
  }

  get isRenumbering(): boolean {
    return this.#renumbering !== null
  }

  /** Whether a batch without numbers may be written now. */
  mayStart(identity: ProducerIdentity, maxInFlight = MAX_IN_FLIGHT): boolean {
    const oldest = this.#inFlight[0]
    if (this.isUnresolved || this.isRenumbering) return false
    if (!oldest) return true
    // Later ones may be acknowledged already: the broker has to remember the oldest when that is written again.
    return this.#count - oldest.ordinal < maxInFlight && isSameProducer(identity, this.#identity)
  }

  /** Numbers a batch that is being written. @throws {RangeError} where it may not be. */
  start(identity: ProducerIdentity, recordCount: number): NumberedBatch {
    if (!this.mayStart(identity, Number.POSITIVE_INFINITY)) {
      throw new RangeError('a batch was numbered while the numbers of its partition are not known')
    }
    if (!isSameProducer(identity, this.#identity)) this.#startAt(identity, 0)
    const batch = this.#opened(recordCount, this.#nextSequence)
    this.#nextSequence = sequenceAfter(this.#nextSequence, recordCount)
    this.#count++
    this.#inFlight.push(batch)
    return batch
  }

  /** Whether a batch that has numbers may be written again: one at a time, the lowest first. */
  mayResend(batch: NumberedBatch): boolean {
    const first = this.isRenumbering ? this.#inFlight.find(({ isOpen }) => isOpen) : this.#inFlight[0]
    return batch === first
  }

  /** Whether a later batch was stored before it: it cannot be stored in its order any more. It has to be reported as failed. */
  mustFail(batch: NumberedBatch): boolean {
    return this.#overtaken.has(batch)
  }

  resent(batch: NumberedBatch): void {
    const found = this.#of(batch)
    found.isDoubtful ||= found.isOpen
    found.isOpen = true
  }

  /**
   * The broker has not stored this attempt. An earlier one that ended without an answer remains in doubt.
   *
   * @param isByNumber - refused for its number: the broker has none of its attempts.
   */
  refused(batch: NumberedBatch, isByNumber: boolean): void {
    const found = this.#of(batch)
    if (isByNumber) found.isDoubtful = false
    found.isOpen = found.isDoubtful
  }

  /** Whether the batch may be stored, or is on its way. */
  isOpen(batch: NumberedBatch): boolean {
    return !this.#overtaken.has(batch) && this.#of(batch).isOpen
  }

  /** @param baseOffset - −1n where the broker does not say. */
  acknowledged(batch: NumberedBatch, baseOffset: bigint): void {
    const last = sequenceAfter(batch.baseSequence, batch.recordCount - 1)
    if (isLaterSequence(last, this.#lastAcknowledged)) this.#lastAcknowledged = last
    const lastOffset = baseOffset < 0n ? -1n : baseOffset + BigInt(batch.recordCount - 1)
    if (lastOffset > this.#lastAcknowledgedOffset) this.#lastAcknowledgedOffset = lastOffset
    this.remove(batch)
  }

  /** Takes a batch out of flight whose numbers are not looked at again. */
  remove(batch: NumberedBatch): void {
    this.#overtaken.delete(batch)
    this.#inFlight = this.#inFlight.filter((one) => one !== batch)
  }

  /** The numbers that {@link start} would give to a batch now; null where it would refuse. */
  next(identity: ProducerIdentity): Pick<NumberedBatch, 'identity' | 'baseSequence'> | null {
    if (!this.mayStart(identity, Number.POSITIVE_INFINITY)) return null
    return isSameProducer(identity, this.#identity)
      ? { identity: this.#identity, baseSequence: this.#nextSequence }
      : { identity, baseSequence: 0 }
  }

  /**
   * Takes the numbers back of a batch that is not stored and has nothing behind it: the next batch gets them, whatever it is.
   *
   * @throws {RangeError} for a batch that may be stored, or is not the last one in flight.
   */
  withdraw(batch: NumberedBatch): void {
    if (this.isOpen(batch) || this.#inFlight.at(-1) !== batch)
      throw new RangeError('numbers were taken back from a batch that may be stored, or is not the last one')
    this.remove(batch)
    this.#count--
    if (!this.isRenumbering) this.#nextSequence = batch.baseSequence
  }

  /** Takes a batch out of flight that may be stored: nothing new is numbered until the others in flight are answered. */
  expired(batch: NumberedBatch): void {
    const next = sequenceAfter(batch.baseSequence, batch.recordCount)
    if (this.#unresolved === null || isLaterSequence(next, this.#unresolved)) this.#unresolved = next
    if (this.#renumbering === 'lastAcknowledged') this.#renumbering = null
    this.remove(batch)
  }

  /**
   * Divides a batch that was refused for its size; its parts have its numbers, in their order.
   *
   * @param counts - records of each part.
   */
  split(batch: NumberedBatch, counts: readonly number[]): NumberedBatch[] {
    let at = batch.baseSequence
    const { ordinal } = this.#of(batch)
    const parts = counts.map((count, i) => {
      const part = {
        ...this.#opened(count, at),
        identity: batch.identity,
        isOpen: false,
        ordinal: ordinal + i,
      }
      at = sequenceAfter(at, count)
      return part
    })
    const more = counts.length - 1
    for (const one of this.#inFlight) if (one.ordinal > ordinal) one.ordinal += more
    this.#count += more
    this.#inFlight = this.#inFlight.flatMap((one) => (one === batch ? parts : [one]))
    return parts
  }

  /** Whether nothing before it is in flight. */
  isFirst(batch: NumberedBatch): boolean {
    return batch === this.#inFlight[0]
  }

  /** Whether a later batch is stored already, which happens where a broker takes any number for its first. */
  isOvertaken(batch: NumberedBatch): boolean {
    return this.#overtaken.has(batch) || isLaterSequence(this.#lastAcknowledged, batch.baseSequence)
  }

  /**
   * What has become known about a batch that expired: nothing while others are in flight; then that there is no gap,
   * or that there is one. After either it is no more unresolved.
   */
  resolve(): 'pending' | 'complete' | 'gap' {
    if (this.#unresolved === null) return 'complete'
    if (this.#inFlight.length > 0) return 'pending'
    this.#unresolved = null
    return this.#expected === this.#nextSequence ? 'complete' : 'gap'
  }

  /**
   * Asks for other numbers; nothing is started before {@link renumber}. Behind an expired batch they cannot go on from the
   * last acknowledged one, which would give its number to another: that request has no effect, and {@link resolve} decides.
   */
  requestRenumbering(from: Renumbering): void {
    if (from === 'zero' || (this.#renumbering === null && !this.isUnresolved)) this.#renumbering = from
  }

  /**
   * Renumbers what is in flight, if that was asked for and no batch is open.
   *
   * @param identity - for numbers that start at zero; others keep the present one.
   * @returns whether the partition is ready, now or all the time.
   */
  renumber(identity: ProducerIdentity): boolean {
    if (this.#renumbering === null) return true
    if (this.#inFlight.some(({ isOpen }) => isOpen)) return false
    for (const batch of this.#inFlight) if (this.isOvertaken(batch)) this.#overtaken.add(batch)
    this.#inFlight = this.#inFlight.filter((batch) => !this.#overtaken.has(batch))
    if (this.#renumbering === 'zero') this.#startAt(identity, 0)
    else this.#startAt(this.#identity, this.#expected)
    this.#renumbering = null
    this.#count = 0
    for (const batch of this.#inFlight) {
      batch.ordinal = this.#count++
      batch.identity = this.#identity
      batch.baseSequence = this.#nextSequence
      this.#nextSequence = sequenceAfter(this.#nextSequence, batch.recordCount)
    }
    return true
  }

  get #expected(): number {
    return this.#lastAcknowledged === NO_SEQUENCE ? 0 : sequenceAfter(this.#lastAcknowledged, 1)
  }

  #startAt(identity: ProducerIdentity, sequence: number): void {
    this.#identity = identity
    this.#nextSequence = sequence
    if (sequence === 0) this.#lastAcknowledged = NO_SEQUENCE
    this.#unresolved = null
  }

  #opened(recordCount: number, baseSequence: number): InFlight {
    const identity = this.#identity
    const ordinal = this.#count
    return { partition: this, recordCount, identity, baseSequence, ordinal, isOpen: true, isDoubtful: false }
  }

  #of(batch: NumberedBatch): InFlight {
    const found = this.#inFlight.find((one) => one === batch)
    if (!found) throw new RangeError('a batch that is not in flight was reported')
    return found
  }
}
