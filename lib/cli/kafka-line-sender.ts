/** Lines as records of KafkaProducer. */
import { ConfigError, type KafkaError, ProducerClosedError } from '../errors.js'
import { KafkaProducer } from '../kafka-producer/kafka-producer.js'
import type { KafkaProducerConfig } from '../kafka-producer/kafka-producer-config.js'
import { ByteArraySerializer } from '../kafka-producer/serializers.js'
import type { Logger } from '../logger.js'
import type { KafkaConsoleOptions } from './kafka-options.js'
import { kafkaToolConfig, wasNobodyThere } from './kafka-tool-config.js'
import type { LineOutcomes, LineSender } from './line-sender.js'
import { type LineRecord, RecordLineReader } from './record-line-reader.js'

export class KafkaLineSender implements LineSender<LineRecord> {
  readonly acks: number
  readonly #options: KafkaConsoleOptions
  readonly #reader: RecordLineReader
  readonly #producer: KafkaProducer<Uint8Array, Uint8Array>
  readonly #outcomes: LineOutcomes

  /** @throws {ConfigError | UsageError} */
  constructor(options: KafkaConsoleOptions, logger: Logger, outcomes: LineOutcomes) {
    this.#options = options
    this.#outcomes = outcomes
    this.#reader = new RecordLineReader(options.readerProperties)
    const config = configOf(options, logger)
    this.acks = config.acks
    // Lines are bytes, whatever a file written for an application says.
    const bytes = new ByteArraySerializer()
    this.#producer = new KafkaProducer(config, { logger, keySerializer: bytes, valueSerializer: bytes })
  }

  read(line: Buffer): LineRecord {
    return this.#reader.read(line)
  }

  async send({ headers, key, value }: LineRecord): Promise<void> {
    const { topic, isSync } = this.#options
    const future = this.#producer.send({ topic, key, value, headers }, (metadata, error) => {
      if (!error) return this.#outcomes.delivered(1)
      const { partition } = metadata
      const { persistence = 'not-persisted' } = error
      this.#outcomes.failed([{ topic, partition, cause: error, persistence }])
    })
    try {
      await (isSync ? future : future.appended)
    } catch {
      // The callback has reported it.
    }
  }

  flush(): Promise<unknown> {
    return this.#producer.flush()
  }

  close(options: { timeoutMs?: number }): Promise<void> {
    return this.#producer.close(options)
  }

  isGivenUp(cause: KafkaError): boolean {
    return cause instanceof ProducerClosedError
  }

  isUnreachable(cause: KafkaError): boolean {
    return wasNobodyThere(cause)
  }
}

function configOf(options: KafkaConsoleOptions, logger: Logger): KafkaProducerConfig {
  const config = kafkaToolConfig(options, logger)
  if (config.transactionalId === null) return config
  throw new ConfigError(
    'transactional.id is set, and the console producer begins no transactions: leave it out',
    'transactional.id',
  )
}
