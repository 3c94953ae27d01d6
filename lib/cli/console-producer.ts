/**
 * The console producer: each line of the input becomes a message.
 *
 * The input is read only as fast as the queue takes lines. SIGINT and SIGTERM end the reading and let what was read
 * be delivered; a second one ends at once. Exit status: 0 all delivered, 1 usage or configuration, 2 some failed,
 * 3 some without an outcome.
 */
import type { Readable, Writable } from 'node:stream'
import { ProducerConfig } from '../config.js'
import { ConfigError, DeliveryTimeoutError, KafkaError, QueueFullError } from '../errors.js'
import { FailedToSendMessageError } from '../failure.js'
import { KeyedMessage } from '../keyed-message.js'
import type { Logger } from '../logger.js'
import type { FailedEvent } from '../producer/events.js'
import { Producer } from '../producer/producer.js'
import { Counts, ProgressLine } from './counts.js'
import { lineClasses } from './line-encoders.js'
import { LineReader, unknownReaderProperties } from './line-reader.js'
import { LineSplitter } from './line-splitter.js'
import { type ConsoleOptions, parseOptions, UsageError } from './options.js'

export interface ConsoleStreams {
  readonly input: Readable
  readonly output: Writable
  readonly errors: Writable
}

export const exitCodes = { delivered: 0, usage: 1, failed: 2, unsettled: 3 } as const

/** Log lines that are kept in mind so as not to repeat them. */
const MAX_REMEMBERED_LINES = 1000

/** Runs the tool. @returns the exit status; does not end the process. */
export async function main(
  argv: readonly string[],
  streams: ConsoleStreams,
  version: string,
): Promise<number> {
  let isVerbose = false
  try {
    const options = parseOptions(argv, version)
    isVerbose = options.isVerbose
    return await new ConsoleProducer(options, streams).run()
  } catch (error) {
    if (error instanceof UsageError) {
      const stream = error.exitCode === 0 ? streams.output : streams.errors
      stream.write(error.message)
      return error.exitCode
    }
    if (!(error instanceof KafkaError)) throw error
    streams.errors.write(`${isVerbose ? error.stack : error.message}\n`)
    return exitCodes.usage
  }
}

/** Lowest to highest: option defaults, file, `--producer-property`, options. */
function configOf(options: ConsoleOptions, logger: Logger): ProducerConfig {
  const { configFile, defaults } = options
  const overrides = new Map([...options.producerProperties, ...options.explicit])
  if (configFile !== null) return ProducerConfig.fromFile(configFile, { logger, defaults, overrides })
  if (overrides.has('metadata.broker.list'))
    return new ProducerConfig(new Map([...defaults, ...overrides]), { logger })
  throw new UsageError('--broker-list is missing\nSee --help for the options.\n', exitCodes.usage)
}

class ConsoleProducer {
  readonly #options: ConsoleOptions
  readonly #streams: ConsoleStreams
  readonly #reader: LineReader
  readonly #producer: Producer<Buffer, Buffer>
  readonly #counts: Counts
  #isStopping = false
  /** Why reading ended early. */
  #ended: KafkaError | null = null

  constructor(options: ConsoleOptions, streams: ConsoleStreams) {
    this.#options = options
    this.#streams = streams
    const logger = this.#logger()
    this.#reader = new LineReader(options.readerProperties)
    const config = configOf(options, logger)
    this.#counts = new Counts(config.requestRequiredAcks)
    this.#producer = new Producer(config, { logger, classes: lineClasses })
    this.#sayWhatIsIgnored(logger)
  }

  async run(): Promise<number> {
    const stop = this.#onSignals()
    const progress = isTerminal(this.#streams.errors)
      ? new ProgressLine(this.#streams.errors, this.#counts)
      : null
    for (const stream of [this.#streams.output, this.#streams.errors]) stream.on('error', () => {})
    this.#producer.on('delivered', ({ messages }) => {
      this.#counts.delivered += messages.length
    })
    this.#producer.on('failed', (event) => this.#onFailed(event))
    try {
      await this.#readAll()
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      this.#ended = error
    }
    await this.#producer.close({ timeoutMs: this.#options.closeTimeoutMs })
    progress?.clear()
    stop()
    return this.#finish()
  }

  async #readAll(): Promise<void> {
    const splitter = new LineSplitter(this.#options.maxLineBytes)
    const { input, output } = this.#streams
    const showsPrompt = isTerminal(input) && isTerminal(output)
    if (showsPrompt) output.write('>')
    for await (const chunk of this.#chunks(input)) {
      for (const line of splitter.push(chunk)) await this.#send(line)
      if (showsPrompt) output.write('>')
    }
    const last = this.#isStopping ? null : splitter.end()
    if (last) await this.#send(last)
  }

  /** The input until it ends or {@link #stop} ends it; a chunk in hand is still used. */
  async *#chunks(input: Readable): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of input) yield chunk as Buffer
    } catch (error) {
      if (!this.#isStopping) throw error
    }
  }

  async #send(line: Buffer): Promise<void> {
    const { key, value } = this.#reader.read(line)
    this.#counts.read++
    try {
      await this.#producer.send(new KeyedMessage(this.#options.topic, key, value))
    } catch (error) {
      if (error instanceof QueueFullError) {
        this.#counts.failed++
        this.#say(error.message)
      } else if (!(error instanceof FailedToSendMessageError)) {
        throw error
      }
      // The `failed` event has counted it already.
    }
  }

  #onFailed({ failures }: FailedEvent<Buffer, Buffer>): void {
    const unsettled = failures.filter(({ cause }) => cause instanceof DeliveryTimeoutError).length
    this.#counts.unsettled += unsettled
    const failed = failures.length - unsettled
    this.#counts.failed += failed
    if (this.#counts.delivered === 0 && failures.every(({ cause }) => isUnreachable(cause))) {
      // Nobody was ever reached: every further line would wait as long and fail the same way.
      this.#ended ??= failures[0]!.cause
      this.#stop()
    } else if (failed > 0) {
      this.#say(new FailedToSendMessageError(failures, failures.length).message)
    }
  }

  #say(text: string): void {
    this.#streams.errors.write(`${text}\n`)
  }

  /** Ends the reading; what was read is delivered. */
  #stop(): void {
    this.#isStopping = true
    this.#streams.input.destroy()
  }

  #onSignals(): () => void {
    const onSignal = (): void => {
      if (this.#isStopping) process.exit(exitCodes.unsettled)
      this.#stop()
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
    return () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    }
  }

  #finish(): number {
    if (this.#ended) this.#say(`stopped: ${this.#ended.message}`)
    this.#say(`${this.#counts}`)
    if (this.#ended && !(this.#ended instanceof ConfigError)) return exitCodes.failed
    if (this.#ended) return exitCodes.usage
    if (this.#options.ignoreDeliveryFailures) return exitCodes.delivered
    if (this.#counts.unsettled > 0) return exitCodes.unsettled
    return this.#counts.failed > 0 ? exitCodes.failed : exitCodes.delivered
  }

  #logger(): Logger {
    const said = new Set<string>()
    // The same trouble at each attempt is said once.
    const write =
      (level: string) =>
      (message: string): void => {
        if (said.has(message)) return
        if (said.size < MAX_REMEMBERED_LINES) said.add(message)
        this.#say(`${level} ${message}`)
      }
    const nothing = (): void => {}
    const info = this.#options.isVerbose ? write('INFO') : nothing
    return { debug: nothing, info, warn: write('WARN'), error: write('ERROR') }
  }

  #sayWhatIsIgnored(logger: Logger): void {
    for (const option of this.#options.ignored) {
      if (option !== '--old-producer')
        logger.warn(`${option} belongs to the new producer and does nothing here`)
    }
    for (const key of unknownReaderProperties(this.#options.readerProperties)) {
      logger.warn(
        `--property ${key} is not a property of the reader; settings of the producer go into --producer-property`,
      )
    }
  }
}

function isUnreachable(cause: KafkaError): boolean {
  return cause.code === 'KAFKA_METADATA' && cause.cause instanceof KafkaError
}

function isTerminal(stream: Readable | Writable): boolean {
  return (stream as { isTTY?: boolean }).isTTY === true
}
