/**
 * Ends messages: marks them settled, tells whoever waits, then reports. The only place that settles, so no message
 * ends twice.
 */
import type { KafkaError } from '../errors.js'
import type { MessageFailure } from '../failure.js'
import type { Envelope } from './envelope.js'
import type { PartitionBatch } from './partition-and-collate.js'

/** Where and when a batch was stored. */
export interface Stored {
  /** Of the first message; −1n with acks 0. */
  readonly baseOffset: bigint
  /** Milliseconds since the epoch where the broker stamps messages itself, else null. */
  readonly timestampMs: number | null
}

/** Told after the messages have been settled; per batch, not per message. */
export interface OutcomeListener {
  onDelivered(batch: PartitionBatch, stored: Stored, broker: string): void
  onFailed(failures: readonly MessageFailure[]): void
}

export class Outcomes {
  readonly #listener: OutcomeListener

  constructor(listener: OutcomeListener) {
    this.#listener = listener
  }

  delivered(batch: PartitionBatch, stored: Stored, broker: string): void {
    const { envelopes } = batch
    const { baseOffset, timestampMs } = stored
    for (let i = 0; i < envelopes.length; i++) {
      const envelope = envelopes[i]!
      envelope.isSettled = true
      envelope.waiter?.delivered(
        envelope,
        baseOffset < 0n ? -1n : baseOffset + BigInt(i),
        broker,
        timestampMs,
      )
    }
    this.#listener.onDelivered(batch, stored, broker)
  }

  failed(envelopes: readonly Envelope[], causeOf: (envelope: Envelope) => KafkaError): void {
    if (envelopes.length === 0) return
    const failures = envelopes.map((envelope) => failureOf(envelope, causeOf(envelope)))
    for (let i = 0; i < envelopes.length; i++) {
      envelopes[i]!.isSettled = true
      envelopes[i]!.waiter?.failed(failures[i]!, envelopes[i]!)
    }
    this.#listener.onFailed(failures)
  }
}

function failureOf(envelope: Envelope, cause: KafkaError): MessageFailure {
  const { message, topic, partition, persistence, attempts, attemptCount } = envelope
  return { message, topic, partition, cause, persistence, attempts, attemptCount }
}
