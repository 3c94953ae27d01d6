/** Lines as messages of the classic producer. */
import { ProducerConfig } from '../config/producer-config.js'
import { DeliveryTimeoutError, EncodeError, KafkaError } from '../errors.js'
import { FailedToSendMessageError, QueueFullError } from '../failure.js'
import { KeyedMessage } from '../keyed-message.js'
import type { Logger } from '../logger.js'
import { Producer } from '../producer/producer.js'
import { lineClasses } from './line-encoders.js'
import { type KeyAndValue, LineReader } from './line-reader.js'
import type { LineOutcomes, LineSender } from './line-sender.js'
import type { ConsoleOptions } from './options.js'
import { warnOfSecrets } from './secret-arguments.js'
import { usage } from './tool-errors.js'

export class ClassicLineSender implements LineSender<KeyAndValue> {
  readonly acks: number
  readonly #topic: string
  readonly #reader: LineReader
  readonly #producer: Producer<Buffer, Buffer>
  readonly #outcomes: LineOutcomes

  /** @throws {ConfigError | UsageError} */
  constructor(options: ConsoleOptions, logger: Logger, outcomes: LineOutcomes) {
    this.#topic = options.topic
    this.#reader = new LineReader(options.readerProperties)
    this.#outcomes = outcomes
    const config = configOf(options, logger)
    this.acks = config.requestRequiredAcks
    this.#producer = new Producer(config, { logger, classes: lineClasses })
    this.#producer.on('delivered', ({ messages }) => outcomes.delivered(messages.length))
    this.#producer.on('failed', ({ failures }) => outcomes.failed(failures))
    this.#producer.on('unconfirmed', ({ messages }) => outcomes.unconfirmed(messages))
  }

  read(line: Buffer): KeyAndValue {
    return this.#reader.read(line)
  }

  async send({ key, value }: KeyAndValue): Promise<void> {
    try {
      await this.#producer.send(new KeyedMessage(this.#topic, key, value))
    } catch (error) {
      // The `failed` event has reported this one already.
      if (error instanceof FailedToSendMessageError) return
      if (!(error instanceof QueueFullError || error instanceof EncodeError)) throw error
      this.#outcomes.refused(error.message)
    }
  }

  flush(): Promise<unknown> {
    return this.#producer.flush()
  }

  close(options: { timeoutMs?: number }): Promise<void> {
    return this.#producer.close(options)
  }

  isGivenUp(cause: KafkaError): boolean {
    return cause instanceof DeliveryTimeoutError
  }

  /** No broker answered the question where the topic is. */
  isUnreachable(cause: KafkaError): boolean {
    return cause.code === 'KAFKA_METADATA' && cause.cause instanceof KafkaError
  }
}

/** Lowest to highest: option defaults, file, `--producer-property`, options. */
function configOf(options: ConsoleOptions, logger: Logger): ProducerConfig {
  const { configFile, defaults } = options
  warnOfSecrets(options.producerProperties, logger)
  const overrides = new Map([...options.producerProperties, ...options.explicit])
  if (configFile !== null) return ProducerConfig.fromFile(configFile, { logger, defaults, overrides })
  if (overrides.has('metadata.broker.list'))
    return new ProducerConfig(new Map([...defaults, ...overrides]), { logger })
  throw usage('--broker-list is missing')
}
