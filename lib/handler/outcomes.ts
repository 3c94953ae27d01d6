/**
 * Completes messages: marks them settled, calls their waiters, then reports. The only place that settles, so no message
 * ends twice.
 */
import type { KafkaError } from '../errors.js'
import type { MessageFailure } from '../failure.js'
import type { Stored } from '../produce/read-answer.js'
import { hasSettled } from './in-flight-messages.js'
import type { PendingBatch } from './partition-and-collate.js'
import type { PendingMessage } from './pending-message.js'

/** Called after the messages have been settled; per batch, not per message. */
export interface OutcomeListener {
  onDelivered(batch: PendingBatch, stored: Stored, broker: string): void
  /** @param messages - those of the failures, in the same order. */
  onFailed(failures: readonly MessageFailure[], messages: readonly PendingMessage[]): void
}

export class Outcomes {
  readonly #listener: OutcomeListener

  constructor(listener: OutcomeListener) {
    this.#listener = listener
  }

  /** Messages that have their outcome, as their time limit had passed, keep it. */
  delivered(batch: PendingBatch, stored: Stored, broker: string): void {
    const { messages } = batch
    if (hasSettled(messages)) {
      for (const piece of unsettledPieces(batch, stored)) this.delivered(piece.batch, piece.stored, broker)
      return
    }
    const { baseOffset, timestampMs } = stored
    for (let i = 0; i < messages.length; i++) {
      const pending = messages[i]!
      pending.isSettled = true
      const { waiter } = pending
      if (waiter === null) continue
      const offset = waiter.ignoresOffsets || baseOffset < 0n ? -1n : baseOffset + BigInt(i)
      waiter.delivered(pending, offset, broker, timestampMs)
    }
    this.#listener.onDelivered(batch, stored, broker)
  }

  /** As with {@link delivered}. */
  failed(messages: readonly PendingMessage[], causeOf: (pending: PendingMessage) => KafkaError): void {
    const unsettled = messages.filter(({ isSettled }) => !isSettled)
    if (unsettled.length === 0) return
    const failures = unsettled.map((pending) => failureOf(pending, causeOf(pending)))
    for (let i = 0; i < unsettled.length; i++) {
      unsettled[i]!.isSettled = true
      unsettled[i]!.waiter?.failed(failures[i]!, unsettled[i]!)
    }
    this.#listener.onFailed(failures, unsettled)
  }
}

/** What is left of a stored batch between its settled messages, each piece with its own first offset. */
function unsettledPieces(
  batch: PendingBatch,
  stored: Stored,
): { readonly batch: PendingBatch; readonly stored: Stored }[] {
  const pieces: { batch: PendingBatch & { messages: PendingMessage[] }; stored: Stored }[] = []
  let isOpen = false
  for (const [i, pending] of batch.messages.entries()) {
    if (pending.isSettled) {
      isOpen = false
    } else if (isOpen) {
      pieces.at(-1)!.batch.messages.push(pending)
    } else {
      const baseOffset = stored.baseOffset < 0n ? stored.baseOffset : stored.baseOffset + BigInt(i)
      pieces.push({ batch: { ...batch, messages: [pending] }, stored: { ...stored, baseOffset } })
      isOpen = true
    }
  }
  return pieces
}

function failureOf(pending: PendingMessage, cause: KafkaError): MessageFailure {
  const { message, topic, partition, persistence, attempts, attemptCount } = pending
  return { message, topic, partition, cause, persistence, attempts, attemptCount }
}
