/**
 * What a produce request may still carry. A message whose time limit has passed has its outcome already: it must not be
 * written after that, or `not-persisted` was no truth, and one that is in flight when its time limit has passed may be stored.
 */

import type { PendingBatch } from './partition-and-collate.js'
import type { PendingMessage } from './pending-message.js'

/** A request was not written: some of its messages have had their outcome since it was made. */
export class OutdatedRequest extends Error {}

/** The batches without the messages that have their outcome; none of them is empty. */
export function withoutSettled(batches: readonly PendingBatch[]): readonly PendingBatch[] {
  if (!haveSettled(batches)) return batches
  const left = batches.map((batch) => ({
    ...batch,
    messages: batch.messages.filter(({ isSettled }) => !isSettled),
  }))
  return left.filter(({ messages }) => messages.length > 0)
}

/** What of the batches is still sent: as {@link withoutSettled}, but one that may be stored stays whole, or goes. */
export function stillToSend(batches: readonly PendingBatch[]): readonly PendingBatch[] {
  if (!haveSettled(batches)) return batches
  return batches.flatMap((batch) => {
    if (!batch.mayBeStored) return withoutSettled([batch])
    return areSettled(batch.messages) ? [] : [batch]
  })
}

/**
 * Marks the messages of a request that is written in this turn.
 *
 * @throws {OutdatedRequest} when it must not be.
 */
export function beginFlight(batches: readonly PendingBatch[]): void {
  if (batches.some(isOutdated)) throw new OutdatedRequest()
  for (const { messages } of batches) for (const message of messages) message.isInFlight = true
}

/** The request has completed or failed. */
export function endFlight(batches: readonly PendingBatch[]): void {
  for (const { messages } of batches) for (const message of messages) message.isInFlight = false
}

export function areSettled(messages: readonly PendingMessage[]): boolean {
  for (let i = 0; i < messages.length; i++) if (!messages[i]!.isSettled) return false
  return true
}

export function hasSettled(messages: readonly PendingMessage[]): boolean {
  for (let i = 0; i < messages.length; i++) if (messages[i]!.isSettled) return true
  return false
}

function isOutdated({ messages, mayBeStored }: PendingBatch): boolean {
  return mayBeStored ? areSettled(messages) : hasSettled(messages)
}

function haveSettled(batches: readonly PendingBatch[]): boolean {
  return batches.some(({ messages }) => hasSettled(messages))
}
