/**
 * What is to be tried again of a leader's batches: notes the failed attempt on each message, which share it, and logs it. The
 * errors of messages that were not sent at all are made here as well.
 */
import { counted } from '../counted.js'
import { AuthenticationError, EncodeError, KafkaError, MetadataError, printable } from '../errors.js'
import type { FailedAttempt } from '../failure.js'
import type { Logger } from '../logger.js'
import { partitionName } from '../produce/partition-batch.js'
import { withoutSettled } from './in-flight-messages.js'
import type { Outcomes } from './outcomes.js'
import type { PendingBatch } from './partition-and-collate.js'

/** Messages that have to be tried again, and the attempt that has failed. */
export interface Retry {
  readonly batch: PendingBatch
  /** Noted on each of the messages, which share it. */
  readonly attempt: FailedAttempt
}

export interface RetriesOptions {
  readonly outcomes: Outcomes
  readonly logger: Logger
}

export class Retries {
  readonly #options: RetriesOptions

  constructor(options: RetriesOptions) {
    this.#options = options
  }

  /** Notes the attempt on every message that has no outcome; those are to be tried again. */
  of(batches: readonly PendingBatch[], error: KafkaError, broker?: string): Retry[] {
    const attempt: FailedAttempt = { atMs: Date.now(), ...(broker !== undefined && { broker }), error }
    const retries = withoutSettled(batches).map((batch) => ({ batch, attempt }))
    for (const { batch } of retries) for (const message of batch.messages) message.addAttempt(attempt)
    if (retries.length > 0) {
      const count = countOf(retries.map(({ batch }) => batch))
      this.#options.logger.warn(`producing ${counted(count, 'message')} failed: ${error.message}`)
    }
    return retries
  }

  /**
   * The request came to nothing. What cannot even be encoded never will be, and who was not let in will not be let in with the same
   * credentials.
   */
  ofRequest(broker: string, batches: readonly PendingBatch[], error: KafkaError): Retry[] {
    const { logger } = this.#options
    if (error instanceof EncodeError) logger.error(`a produce request cannot be written: ${error.message}`)
    else if (error instanceof AuthenticationError) {
      const count = countOf(withoutSettled(batches))
      const attempt: FailedAttempt = { atMs: Date.now(), broker, error }
      for (const { messages } of batches) for (const message of messages) message.addAttempt(attempt)
      logger.error(`producing ${counted(count, 'message')} failed: ${error.message}`)
    } else return this.of(batches, error, broker)
    for (const { messages } of batches) this.#options.outcomes.failed(messages, () => error)
    return []
  }
}

export function countOf(batches: readonly PendingBatch[]): number {
  return batches.reduce((sum, { messages }) => sum + messages.length, 0)
}

/** Of messages that were not sent, because another broker leads their partition by now. */
export function leaderMoved(broker: string, { topic, partition }: PendingBatch): MetadataError {
  const place = printable(partitionName(topic, partition))
  return new MetadataError(`${broker} answered that it no longer leads ${place}`, {
    broker,
    topic,
    partition,
  })
}

/** Of messages that were not sent, because they would have overtaken others; whatever happened to those. */
export function stayedBehind({ topic, partition }: PendingBatch, cause: KafkaError): KafkaError {
  const place = printable(partitionName(topic, partition))
  const text = `not sent because earlier messages of ${place} are to be tried again: ${cause.message}`
  return new KafkaError(cause.code, text, { topic, partition, cause, retriable: true })
}
