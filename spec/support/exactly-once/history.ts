/**
 * What producers of an exactly-once run reported, and what was read back afterwards: plain values for `check-history.ts`.
 *
 * A chain is a line of producers with the same `transactional.id` (or, without transactions, with the same task), each begun
 * after the one before it was killed or is to be fenced. A record is known by the name of its producer and a number that
 * only grows within that producer.
 */

export type SentOutcome = 'acknowledged' | 'not-persisted' | 'possibly-persisted' | 'none'

export interface SentRecord {
  readonly number: number
  readonly partition: number
  /** Null without transactions. */
  readonly transaction: number | null
  readonly outcome: SentOutcome
  /** −1n where the producer did not say. */
  readonly offset: bigint
}

/**
 * - `committed`, `aborted`: the call resolved
 * - `abandoned`: `commitTransaction()` was never called, so it can only be aborted
 * - `unknown`: `commitTransaction()` was called, and neither its end nor that of an abort was reported
 */
export type TransactionOutcome = 'committed' | 'aborted' | 'abandoned' | 'unknown'

export interface ReportedTransaction {
  readonly number: number
  readonly outcome: TransactionOutcome
  /** What it was to commit for the consumer group of its chain; null for none. */
  readonly groupOffset: bigint | null
}

/**
 * - `closed`: it was asked to end, and did
 * - `failed`: it reported an error after which it can only be closed
 * - `killed`: its process was ended from outside
 */
export type ProducerEnd = 'closed' | 'failed' | 'killed'

export interface ProducerHistory {
  /** Unique; `<chain>.<place>`. */
  readonly name: string
  readonly chain: string
  /** Its place in the chain, from 0 on. */
  readonly place: number
  readonly isTransactional: boolean
  readonly end: ProducerEnd
  /** What it failed with, null for nothing. */
  readonly error: string | null
  /** In the order of sending. */
  readonly sent: readonly SentRecord[]
  /** In the order in which they began. */
  readonly transactions: readonly ReportedTransaction[]
}

export interface ReadRecord {
  readonly partition: number
  readonly offset: bigint
  readonly producer: string
  readonly number: number
}

export interface ReadBack {
  /** By partition and offset. */
  readonly records: readonly ReadRecord[]
  /** Committed offset of the consumer group of each chain; a chain without one is missing. */
  readonly groupOffsets: ReadonlyMap<string, bigint>
  /** Partitions that could not be read to their end: a transaction is open in them. */
  readonly blocked: readonly number[]
}
