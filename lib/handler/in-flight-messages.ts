/**
 * What a produce request may still carry. A message whose time limit is over has its outcome already: it must not be
 * written after that, or `not-persisted` was no truth, and one that is in flight when its time is over may be stored.
 */
import type { Envelope } from './envelope.js'
import type { PartitionBatch } from './partition-and-collate.js'

/** A request was not written: some of its messages have had their outcome since it was made. */
export class OutdatedRequest extends Error {}

/** The batches without the messages that have their outcome; none of them is empty. */
export function withoutSettled(batches: readonly PartitionBatch[]): readonly PartitionBatch[] {
  if (!haveSettled(batches)) return batches
  const left = batches.map((batch) => ({
    ...batch,
    envelopes: batch.envelopes.filter(({ isSettled }) => !isSettled),
  }))
  return left.filter(({ envelopes }) => envelopes.length > 0)
}

/**
 * Marks the messages of a request that is written in this turn.
 *
 * @throws {OutdatedRequest} when it must not be.
 */
export function beginFlight(batches: readonly PartitionBatch[]): void {
  if (haveSettled(batches)) throw new OutdatedRequest()
  for (const { envelopes } of batches) for (const envelope of envelopes) envelope.isInFlight = true
}

/** The request has ended, well or not. */
export function endFlight(batches: readonly PartitionBatch[]): void {
  for (const { envelopes } of batches) for (const envelope of envelopes) envelope.isInFlight = false
}

export function hasSettled(envelopes: readonly Envelope[]): boolean {
  for (const { isSettled } of envelopes) if (isSettled) return true
  return false
}

function haveSettled(batches: readonly PartitionBatch[]): boolean {
  return batches.some(({ envelopes }) => hasSettled(envelopes))
}
