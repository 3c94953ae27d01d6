/**
 * The interceptors of a producer, in the order of `interceptor.classes`. Kafka's `ProducerInterceptors`.
 *
 * What one throws is logged and stops neither the others nor the record. On every way a record may end they are called
 * before its callback.
 */
import type { KafkaError } from '../errors.js'
import { asKafkaError, ConfigError, printable } from '../errors.js'
import type { Logger } from '../logger.js'
import { nameOfThrown } from '../name-of-thrown.js'
import { ProducerRecord, type RecordLike } from './producer-record.js'
import { RecordFilteredError } from './record-errors.js'
import type { RecordHeaders } from './record-headers.js'
import type { RecordMetadata } from './record-metadata.js'
import type { PluginConfig } from './serializer.js'

export interface ProducerInterceptor<K = unknown, V = unknown> {
  /** Called once; has all settings, also the client id that was made up. */
  configure?(config: PluginConfig): void
  /**
   * Called for each record first, before it is serialized and has a partition.
   *
   * @returns the record or another one to be sent in its place; null to send none.
   */
  onSend?(record: ProducerRecord<K, V>): RecordLike<K, V> | null
  /** Called for each record with its outcome, before its callback. Must be quick: all sending waits for it. */
  onAcknowledgement?(metadata: RecordMetadata, error: KafkaError | null, headers: RecordHeaders): void
  close?(): void
}

export class ProducerInterceptors {
  readonly #interceptors: readonly ProducerInterceptor[]
  readonly #logger: Logger

  /**
   * Configures them in their order.
   *
   * @throws {ConfigError} when one throws; all of them are closed then.
   */
  constructor(interceptors: readonly ProducerInterceptor[], config: PluginConfig, logger: Logger) {
    this.#interceptors = interceptors
    this.#logger = logger
    for (const [i, interceptor] of interceptors.entries()) {
      try {
        interceptor.configure?.(config)
      } catch (cause) {
        this.close()
        const what = asKafkaError(cause)?.message ?? nameOfThrown(cause)
        throw new ConfigError(`interceptor ${i + 1} cannot be configured: ${what}`, 'interceptor.classes', {
          cause,
        })
      }
    }
  }

  get isEmpty(): boolean {
    return this.#interceptors.length === 0
  }

  /**
   * The record to be sent: each interceptor gets what the one before it returned. One that throws, or returns no record,
   * is passed over.
   *
   * @throws {RecordFilteredError} where one returned null.
   */
  onSend(record: ProducerRecord): ProducerRecord {
    let current = record
    for (const [i, interceptor] of this.#interceptors.entries()) {
      if (!interceptor.onSend) continue
      let returned: RecordLike | null
      try {
        returned = interceptor.onSend(current)
        if (returned !== null) current = ProducerRecord.from(returned)
      } catch (thrown) {
        this.#report('onSend', i, thrown)
        continue
      }
      if (returned === null) {
        const { topic } = current
        throw new RecordFilteredError(`interceptor ${i + 1} filtered a record for ${printable(topic)} out`, {
          topic,
        })
      }
    }
    return current
  }

  /** Calls each of them with the outcome of a record. */
  onAcknowledgement(metadata: RecordMetadata, error: KafkaError | null, headers: RecordHeaders): void {
    for (const [i, interceptor] of this.#interceptors.entries()) {
      try {
        interceptor.onAcknowledgement?.(metadata, error, headers)
      } catch (thrown) {
        this.#report('onAcknowledgement', i, thrown)
      }
    }
  }

  close(): void {
    for (const [i, interceptor] of this.#interceptors.entries()) {
      try {
        interceptor.close?.()
      } catch (thrown) {
        this.#report('close', i, thrown)
      }
    }
  }

  #report(method: string, index: number, thrown: unknown): void {
    const what = asKafkaError(thrown)?.message ?? nameOfThrown(thrown)
    this.#logger.warn(`${method}() of interceptor ${index + 1} threw: ${what}`)
  }
}
