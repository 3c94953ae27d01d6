/**
 * Gets batches ready for one broker: written in the format of its version, or failed with the reason why that cannot
 * be, or set aside because they are known to be too large.
 */
import { type KafkaError, printable, UnsupportedVersionError } from '../errors.js'
import type { Logger } from '../logger.js'
import { magicOf } from '../protocol/records/record-body.js'
import type { Payload } from '../protocol/types.js'
import { type PayloadOptions, payloadOf } from './batch-payload.js'
import { partitionName } from './match-response.js'
import type { Outcomes } from './outcomes.js'
import type { PartitionBatch } from './partition-and-collate.js'
import type { SetLimits } from './set-limits.js'

export interface PreparerOptions extends PayloadOptions {
  readonly outcomes: Outcomes
  readonly logger: Logger
  /** `headers.on.old.brokers`. Default: fail. */
  readonly headersOnOldBrokers?: 'fail' | 'drop'
}

/** A batch and how it goes out. */
export interface Prepared {
  readonly batch: PartitionBatch
  readonly payload: Payload
  /** What counts against `max.message.bytes`, about: 0 where each message counts by itself. */
  readonly limitedBytes: number
}

const FIRST_MAGIC_WITH_HEADERS = 2

export class BatchPreparer {
  readonly #options: PreparerOptions
  readonly #limits: SetLimits

  constructor(options: PreparerOptions, limits: SetLimits) {
    this.#options = options
    this.#limits = limits
  }

  /** @param version - of Produce, as this broker takes it. */
  async prepare(
    batches: readonly PartitionBatch[],
    version: number,
    broker: string,
  ): Promise<{ ready: Prepared[]; tooLarge: PartitionBatch[] }> {
    const ready: Prepared[] = []
    const tooLarge: PartitionBatch[] = []
    const hasHeaders = magicOf(version) >= FIRST_MAGIC_WITH_HEADERS
    for (const whole of batches) {
      const batch = hasHeaders ? whole : this.#withoutHeaders(whole, broker)
      if (batch.envelopes.length === 0) continue
      try {
        const written = payloadOf(batch, version, broker, this.#options)
        const { payload, limitedBytes } = written instanceof Promise ? await written : written
        const isTooLarge = batch.envelopes.length > 1 && this.#limits.isTooLarge(batch.topic, limitedBytes)
        if (isTooLarge) tooLarge.push(batch)
        else ready.push({ batch, payload, limitedBytes })
      } catch (error) {
        this.#options.logger.error(`messages cannot be written: ${(error as Error).message}`)
        this.#options.outcomes.failed(batch.envelopes, () => error as KafkaError)
      }
    }
    return { ready, tooLarge }
  }

  /** Headers cannot be stored before Kafka 0.11: their messages fail, or lose them where that is set. */
  #withoutHeaders(batch: PartitionBatch, broker: string): PartitionBatch {
    const { topic, partition, envelopes } = batch
    const withHeaders = envelopes.filter(({ headers }) => headers !== null)
    if (withHeaders.length === 0) return batch
    const { headersOnOldBrokers, logger, outcomes } = this.#options
    const place = printable(partitionName(topic, partition))
    if (headersOnOldBrokers === 'drop') {
      const count = withHeaders.length
      logger.warn(`${count} messages to ${place} lose their headers: ${broker} is older than Kafka 0.11`)
      return batch
    }
    const text = `${broker} cannot store the headers of messages to ${place}: that needs Kafka 0.11 or newer. Leave them out, or set headers.on.old.brokers=drop`
    const error = new UnsupportedVersionError(text, { broker, topic, partition })
    outcomes.failed(withHeaders, () => error)
    return { ...batch, envelopes: envelopes.filter((envelope) => !envelope.isSettled) }
  }
}
