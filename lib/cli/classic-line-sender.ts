/** Lines as messages of the classic producer. */
import { DeliveryTimeoutError, EncodeError, KafkaError } from '../errors.js'
import { FailedToSendMessageError, type MessageFailure, QueueFullError } from '../failure.js'
import { KeyedMessage } from '../keyed-message.js'
import type { Logger } from '../logger.js'
import { Producer } from '../producer/producer.js'
import { classicClasses, classicToolConfig } from './classic-tool-config.js'
import { lineClasses } from './line-encoders.js'
import { type KeyAndValue, LineReader } from './line-reader.js'
import type { InputLine, LineFailure, LineOutcomes, LineSender } from './line-sender.js'
import type { ConsoleOptions } from './options.js'
import type { ToolClasses } from './tool-classes.js'

/** Knows its line, for those that are too large. */
class LineMessage extends KeyedMessage<Buffer | null, Buffer> {
  readonly line: InputLine

  constructor(topic: string, key: Buffer | null, value: Buffer, line: InputLine) {
    super(topic, key, value)
    this.line = line
  }
}

function lineFailure({ message, topic, partition, cause, persistence }: MessageFailure): LineFailure {
  return {
    topic,
    partition,
    cause,
    persistence,
    ...(message instanceof LineMessage && { line: message.line }),
  }
}

export class ClassicLineSender implements LineSender<KeyAndValue> {
  readonly acks: number
  readonly #topic: string
  readonly #reader: LineReader
  readonly #producer: Producer<Buffer, Buffer>
  readonly #outcomes: LineOutcomes
  /** The one that was read last. */
  #line: InputLine | null = null

  /** @throws {ConfigError | UsageError} */
  constructor(options: ConsoleOptions, own: ToolClasses, logger: Logger, outcomes: LineOutcomes) {
    this.#topic = options.topic
    this.#reader = new LineReader(options.readerProperties)
    this.#outcomes = outcomes
    const config = classicToolConfig(options, logger)
    this.acks = config.requestRequiredAcks
    this.#producer = new Producer(config, { logger, classes: classicClasses(config, own, lineClasses) })
    this.#producer.on('delivered', ({ messages }) => outcomes.delivered(messages.length))
    this.#producer.on('failed', ({ failures }) => outcomes.failed(failures.map(lineFailure)))
    this.#producer.on('unconfirmed', ({ messages }) => outcomes.unconfirmed(messages))
  }

  read(line: Buffer): KeyAndValue {
    this.#line = { number: (this.#line?.number ?? 0) + 1, bytes: line.length }
    return this.#reader.read(line)
  }

  async send({ key, value }: KeyAndValue): Promise<void> {
    try {
      await this.#producer.send(new LineMessage(this.#topic, key, value, this.#line!))
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
