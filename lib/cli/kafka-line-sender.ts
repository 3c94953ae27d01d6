/** Lines as records of KafkaProducer. */
import { ConfigError, type KafkaError, ProducerClosedError } from '../errors.js'
import { KafkaProducer } from '../kafka-producer/kafka-producer.js'
import type { KafkaProducerConfig } from '../kafka-producer/kafka-producer-config.js'
import type { Logger } from '../logger.js'
import type { KafkaConsoleOptions } from './kafka-options.js'
import { kafkaToolConfig, kafkaToolParts, wasNobodyThere } from './kafka-tool-config.js'
import type { InputLine, LineOutcomes, LineSender } from './line-sender.js'
import { type LineRecord, RecordLineReader } from './record-line-reader.js'
import type { ToolClasses } from './tool-classes.js'

export class KafkaLineSender implements LineSender<LineRecord> {
  readonly acks: number
  readonly #options: KafkaConsoleOptions
  readonly #reader: RecordLineReader
  readonly #producer: KafkaProducer<Uint8Array, Uint8Array>
  readonly #outcomes: LineOutcomes
  /** The one that was read last. */
  #line: InputLine | null = null

  /** @throws {ConfigError | UsageError} */
  constructor(options: KafkaConsoleOptions, own: ToolClasses, logger: Logger, outcomes: LineOutcomes) {
    this.#options = options
    this.#outcomes = outcomes
    this.#reader = new RecordLineReader(options.readerProperties)
    const config = configOf(options, own, logger)
    this.acks = config.acks
    this.#producer = new KafkaProducer(config, { logger, ...kafkaToolParts(config, own) })
  }

  read(line: Buffer): LineRecord {
    this.#line = { number: (this.#line?.number ?? 0) + 1, bytes: line.length }
    return this.#reader.read(line)
  }

  async send({ headers, key, value }: LineRecord): Promise<void> {
    const { topic, isSync } = this.#options
    const line = this.#line!
    const future = this.#producer.send({ topic, key, value, headers }, (metadata, error) => {
      if (!error) return this.#outcomes.delivered(1)
      const { partition } = metadata
      const { persistence = 'not-persisted' } = error
      this.#outcomes.failed([{ topic, partition, cause: error, persistence, line }])
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

function configOf(options: KafkaConsoleOptions, own: ToolClasses, logger: Logger): KafkaProducerConfig {
  const config = kafkaToolConfig(options, own, logger)
  if (config.transactionalId === null) return config
  throw new ConfigError(
    'transactional.id is set, and the console producer begins no transactions: leave it out',
    'transactional.id',
  )
}
