/** Lines as records of KafkaProducer. */
import { parsePropertyLines } from '../config/properties.js'
import { readPropertiesFile } from '../config/properties-file.js'
import { ConfigError, KafkaError, ProducerClosedError } from '../errors.js'
import { KafkaProducer } from '../kafka-producer/kafka-producer.js'
import { KafkaProducerConfig } from '../kafka-producer/kafka-producer-config.js'
import { TimeoutError } from '../kafka-producer/record-errors.js'
import { ByteArraySerializer } from '../kafka-producer/serializers.js'
import type { Logger } from '../logger.js'
import type { KafkaConsoleOptions } from './kafka-options.js'
import type { LineOutcomes, LineSender } from './line-sender.js'
import { type LineRecord, RecordLineReader } from './record-line-reader.js'
import { usage } from './tool-errors.js'

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

  /** Nothing is known of the topic because nobody answered; a topic that is not there has the broker's error. */
  isUnreachable(cause: KafkaError): boolean {
    if (!(cause instanceof TimeoutError) || !(cause.cause instanceof KafkaError)) return false
    return cause.cause.code === 'KAFKA_METADATA' || cause.cause.code === 'KAFKA_CONNECTION'
  }
}

/** Lowest to highest: option defaults, file, `--producer-property`, options. */
function configOf(options: KafkaConsoleOptions, logger: Logger): KafkaProducerConfig {
  const { configFile } = options
  const ofFile = configFile === null ? [] : parsePropertyLines(readPropertiesFile(configFile), configFile)
  const properties = new Map([
    ...options.defaults,
    ...ofFile.map(({ key, value }) => [key, value] as const),
    ...options.producerProperties,
    ...options.explicit,
  ])
  if (!properties.has('bootstrap.servers')) throw usage('--bootstrap-server is missing')
  const config = new KafkaProducerConfig(properties, {
    logger,
    hasKeySerializer: true,
    hasValueSerializer: true,
    ...(configFile !== null && { source: configFile }),
  })
  if (config.transactionalId === null) return config
  throw new ConfigError(
    'transactional.id is set, and the console producer begins no transactions: leave it out',
    'transactional.id',
  )
}
