/**
 * Gets batches ready for one broker: written in the format of its version, or failed with the reason why that cannot
 * be, or set aside because they are known to be too large.
 */

import { counted } from '../counted.js'
import { asKafkaError, EncodeError, printable, UnsupportedVersionError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { LearnedSizeLimits } from '../produce/learned-size-limits.js'
import { partitionName } from '../produce/partition-batch.js'
import { type BatchPayload, payloadOf } from '../produce/record-format.js'
import type { Compression } from '../protocol/records/compression.js'
import { isReadable, magicOf, UnreadableRecordError } from '../protocol/records/record-body.js'
import type { Payload } from '../protocol/types.js'
import type { Outcomes } from './outcomes.js'
import type { PendingBatch } from './partition-and-collate.js'

export interface PreparerOptions {
  readonly compression: Compression | null
  /** Topics whose batches are compressed; empty means all topics. */
  readonly compressedTopics: ReadonlySet<string>
  readonly outcomes: Outcomes
  readonly logger: Logger
  /** `headers.on.old.brokers`. Default: fail. */
  readonly headersOnOldBrokers?: 'fail' | 'drop'
}

/** A batch and how it goes out. */
export interface Prepared {
  readonly batch: PendingBatch
  readonly payload: Payload
  /** Bytes of the payload, about. */
  readonly sizeHint: number
  /** What counts against `max.message.bytes`, about: 0 where each message counts by itself. */
  readonly limitedBytes: number
}

/** Batches in their order. */
interface Sorted {
  readonly ready: Prepared[]
  /** Known to be too large. */
  readonly tooLarge: PendingBatch[]
}

export const FIRST_MAGIC_WITH_HEADERS = 2

export class BatchPreparer {
  readonly #options: PreparerOptions
  readonly #limits: LearnedSizeLimits

  constructor(options: PreparerOptions, limits: LearnedSizeLimits) {
    this.#options = options
    this.#limits = limits
  }

  /**
   * @param version - of Produce, as this broker takes it.
   * @returns at once where nothing is compressed: a request may have thousands of batches, and a wait for each cost a third
   *   of its time.
   */
  prepare(batches: readonly PendingBatch[], version: number, broker: string): Sorted | Promise<Sorted> {
    const sorted: Sorted = { ready: [], tooLarge: [] }
    for (let i = 0; i < batches.length; i++) {
      const prepared = this.#write(batches[i]!, version, broker)
      if (prepared instanceof Promise) {
        return this.#prepareOthers(sorted, prepared, batches.slice(i + 1), version, broker)
      }
      this.#sort(prepared, sorted)
    }
    return sorted
  }

  /** One after the other. */
  async #prepareOthers(
    sorted: Sorted,
    first: Promise<Prepared | null>,
    others: readonly PendingBatch[],
    version: number,
    broker: string,
  ): Promise<Sorted> {
    this.#sort(await first, sorted)
    for (const batch of others) this.#sort(await this.#write(batch, version, broker), sorted)
    return sorted
  }

  #sort(prepared: Prepared | null, { ready, tooLarge }: Sorted): void {
    if (!prepared) return
    const { messages, topic, mayBeStored } = prepared.batch
    const isTooLarge =
      messages.length > 1 && !mayBeStored && this.#limits.isTooLarge(topic, prepared.limitedBytes)
    if (isTooLarge) tooLarge.push(prepared.batch)
    else ready.push(prepared)
  }

  /**
   * Fails the messages whose bytes are not there any more.
   *
   * @param found - by the one that was written in vain.
   * @returns what is left; no batch of it is empty.
   */
  withoutUnreadable(batches: readonly PendingBatch[], found: UnreadableRecordError): PendingBatch[] {
    const left = batches.map((batch) => this.#withoutUnreadable(batch, found))
    return left.filter(({ messages }) => messages.length > 0)
  }

  #withoutUnreadable(batch: PendingBatch, { record, cause }: UnreadableRecordError): PendingBatch {
    const { topic, partition, messages, mayBeStored } = batch
    const found = messages.filter((message) => message === record || !isReadable(message))
    if (found.length === 0) return batch
    // Without them it would be another batch.
    const unreadable = mayBeStored ? messages : found
    const place = printable(partitionName(topic, partition))
    const text = `${counted(unreadable.length, 'message')} to ${place} cannot be written: an ArrayBuffer was transferred or shortened after send(). Send a copy, or set copy.buffers=true`
    this.#options.logger.error(text)
    const error = new EncodeError(text, { topic, partition, cause })
    this.#options.outcomes.failed(unreadable, () => error)
    return { ...batch, messages: messages.filter(({ isSettled }) => !isSettled) }
  }

  /** @returns null when nothing of it can be sent; its messages have failed then. */
  #write(whole: PendingBatch, version: number, broker: string): Prepared | null | Promise<Prepared | null> {
    const hasHeaders = magicOf(version) >= FIRST_MAGIC_WITH_HEADERS
    return this.#writeAll(hasHeaders ? whole : this.#withoutHeaders(whole, broker), version, broker)
  }

  #writeAll(
    batch: PendingBatch,
    version: number,
    broker: string,
  ): Prepared | null | Promise<Prepared | null> {
    if (batch.messages.length === 0) return null
    try {
      const written = payloadOf(batch, version, broker, this.#options)
      if (!(written instanceof Promise)) return preparedOf(batch, written)
      return written.then(
        (payload) => preparedOf(batch, payload),
        (thrown) => this.#withoutUnwritable(batch, thrown, version, broker),
      )
    } catch (thrown) {
      return this.#withoutUnwritable(batch, thrown, version, broker)
    }
  }

  /** What is left when the messages that cannot be written have failed. */
  #withoutUnwritable(
    batch: PendingBatch,
    thrown: unknown,
    version: number,
    broker: string,
  ): Prepared | null | Promise<Prepared | null> {
    const error = asKafkaError(thrown) ?? new EncodeError('a set cannot be written', { cause: thrown })
    if (error instanceof UnreadableRecordError) {
      return this.#writeAll(this.#withoutUnreadable(batch, error), version, broker)
    }
    this.#options.logger.error(`messages cannot be written: ${error.message}`)
    this.#options.outcomes.failed(batch.messages, () => error)
    return null
  }

  /** Headers cannot be stored before Kafka 0.11: their messages fail, or lose them where that is set. */
  #withoutHeaders(batch: PendingBatch, broker: string): PendingBatch {
    const { topic, partition, messages } = batch
    const withHeaders = messages.filter(({ headers }) => headers !== null)
    if (withHeaders.length === 0) return batch
    const { headersOnOldBrokers, logger, outcomes } = this.#options
    const place = printable(partitionName(topic, partition))
    if (headersOnOldBrokers === 'drop') {
      const count = withHeaders.length
      logger.warn(
        `dropping the headers of ${counted(count, 'message')} to ${place}: ${broker} is older than Kafka 0.11`,
      )
      return batch
    }
    const text = `${broker} cannot store the headers of messages to ${place}: that needs Kafka 0.11 or newer. Leave them out, or set headers.on.old.brokers=drop`
    const error = new UnsupportedVersionError(text, { broker, topic, partition })
    outcomes.failed(withHeaders, () => error)
    return { ...batch, messages: messages.filter((message) => !message.isSettled) }
  }
}

function preparedOf(batch: PendingBatch, { payload, sizeHint, limitedBytes }: BatchPayload): Prepared {
  return { batch, payload, sizeHint, limitedBytes }
}
