/**
 * Under what a producer numbers its batches: the id and epoch that InitProducerId grants, and sequence numbers, which count
 * records per partition and start at 0 again after 2³¹−1.
 *
 * @see KIP-98; Kafka's ProducerIdAndEpoch and DefaultRecordBatch 3.9
 */

export interface ProducerIdentity {
  readonly producerId: bigint
  readonly epoch: number
}

export const NO_PRODUCER: ProducerIdentity = { producerId: -1n, epoch: -1 }
export const NO_SEQUENCE = -1
/** An epoch is an int16; after this one another producer id is needed. */
export const LAST_EPOCH = 32767

const SEQUENCES = 2 ** 31

export function isKnown({ producerId }: ProducerIdentity): boolean {
  return producerId >= 0n
}

export function isSameProducer(a: ProducerIdentity, b: ProducerIdentity): boolean {
  return a.producerId === b.producerId && a.epoch === b.epoch
}

/** The number that comes `count` after this one; `count` may be negative. */
export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count + SEQUENCES) % SEQUENCES
}

/** Whether `a` comes after `b`, of two numbers that are less than half the circle apart. */
export function isLaterSequence(a: number, b: number): boolean {
  if (b === NO_SEQUENCE) return a !== NO_SEQUENCE
  return a !== NO_SEQUENCE && a !== b && sequenceAfter(a, -b) < SEQUENCES / 2
}
