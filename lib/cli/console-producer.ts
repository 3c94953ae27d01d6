/**
 * The console producer: each line of the input becomes a message.
 *
 * The input is read only as fast as the producer takes lines. At its end everything is waited for. After SIGINT, SIGTERM
 * or SIGHUP reading stops and what was read has a limited time; a second signal takes that time away, and so does a
 * list of brokers none of which ever answered. The counts always come last, and the exit status shows whether all lines were delivered.
 */
import type { Readable } from 'node:stream'
import { ProducerConfig } from '../config/producer-config.js'
import { DeliveryTimeoutError, EncodeError, KafkaError } from '../errors.js'
import { FailedToSendMessageError, type MessageFailure, QueueFullError } from '../failure.js'
import { KeyedMessage } from '../keyed-message.js'
import type { Logger } from '../logger.js'
import { Producer } from '../producer/producer.js'
import { consoleLogger } from './console-logger.js'
import { Counts } from './counts.js'
import { type ErrorOutput, isTerminal } from './error-output.js'
import { FailureReport } from './failure-report.js'
import { lineClasses } from './line-encoders.js'
import { LineReader, oddReaderProperties } from './line-reader.js'
import { LineSplitter } from './line-splitter.js'
import { consoleProducer } from './option-rows.js'
import { type ConsoleOptions, parseOptions } from './options.js'
import { exitCodes, runTool, type ToolStreams } from './run-tool.js'
import { onStopSignals, type StopSignal, stopSignals } from './stop-signals.js'
import { InputError, usage } from './tool-errors.js'

export interface ConsoleStreams extends ToolStreams {
  readonly input: Readable
}

/** Runs the tool. @returns the exit status; does not end the process. */
export function main(argv: readonly string[], streams: ConsoleStreams, version: string): Promise<number> {
  return runTool(
    consoleProducer,
    streams,
    () => parseOptions(argv, version),
    (options, errors) => new ConsoleProducer(options, streams, errors).run(),
  )
}

/** Lowest to highest: option defaults, file, `--producer-property`, options. */
function configOf(options: ConsoleOptions, logger: Logger): ProducerConfig {
  const { configFile, defaults } = options
  const overrides = new Map([...options.producerProperties, ...options.explicit])
  if (configFile !== null) return ProducerConfig.fromFile(configFile, { logger, defaults, overrides })
  if (overrides.has('metadata.broker.list'))
    return new ProducerConfig(new Map([...defaults, ...overrides]), { logger })
  throw usage('--broker-list is missing')
}

class ConsoleProducer {
  readonly #options: ConsoleOptions
  readonly #streams: ConsoleStreams
  readonly #errors: ErrorOutput
  readonly #reader: LineReader
  readonly #splitter: LineSplitter
  readonly #producer: Producer<Buffer, Buffer>
  readonly #counts: Counts
  readonly #report: FailureReport
  #signal: StopSignal | null = null
  #inputError: InputError | null = null
  #isInputEnded = false
  /** Nothing more is read. */
  #isStopping = false
  /** What is left is no longer waited for. */
  #isAbandoned = false
  #isUnreachable = false
  #graceTimer: NodeJS.Timeout | undefined
  #abandon!: () => void
  readonly #abandoned: Promise<void>

  /** @throws {ConfigError | UsageError} */
  constructor(options: ConsoleOptions, streams: ConsoleStreams, errors: ErrorOutput) {
    this.#options = options
    this.#streams = streams
    this.#errors = errors
    const logger = consoleLogger(errors, options.isVerbose)
    sayWhatIsOdd(options, logger)
    this.#reader = new LineReader(options.readerProperties)
    this.#splitter = new LineSplitter(options.maxLineBytes)
    const config = configOf(options, logger)
    this.#counts = new Counts(config.requestRequiredAcks)
    this.#report = new FailureReport((text) => errors.say(text))
    this.#producer = new Producer(config, { logger, classes: lineClasses })
    this.#abandoned = new Promise((resolve) => {
      this.#abandon = () => {
        this.#isAbandoned = true
        resolve()
      }
    })
  }

  async run(): Promise<number> {
    const forgetSignals = onStopSignals((signal) => this.#onSignal(signal))
    if (!isTerminal(this.#streams.input)) this.#errors.showProgress(() => this.#counts.progress())
    this.#producer.on('delivered', ({ messages }) => {
      this.#counts.delivered += messages.length
    })
    this.#producer.on('failed', ({ failures }) => this.#onFailed(failures))
    this.#producer.on('unconfirmed', ({ messages }) => {
      this.#counts.unconfirmed += messages
    })
    try {
      const isConfirmed = await this.#readAndDeliver()
      this.#sayHowItEnded()
      return this.#exitCode(isConfirmed)
    } finally {
      clearTimeout(this.#graceTimer)
      this.#errors.endProgress()
      forgetSignals()
    }
  }

  /** @returns whether the brokers are known to have read everything; only acks 0 leaves that open. */
  async #readAndDeliver(): Promise<boolean> {
    const reading = this.#readAll()
    // A reader that waits for room in the queue would outlast any limit of time.
    await Promise.race([reading, this.#abandoned])
    const flushed = this.#isAbandoned ? true : await Promise.race([this.#flush(), this.#abandoned])
    await this.#producer.close(this.#isAbandoned ? { timeoutMs: 0 } : {})
    await reading
    return flushed !== false
  }

  /** Never rejects for what is wrong with the input. */
  async #readAll(): Promise<void> {
    try {
      await this.#readLines()
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      this.#inputError = error
    }
  }

  async #readLines(): Promise<void> {
    const { input, output } = this.#streams
    const showsPrompt = isTerminal(input) && isTerminal(output)
    if (showsPrompt) output.write('>')
    for await (const chunk of this.#chunks(input)) {
      for (const line of this.#splitter.push(chunk)) await this.#send(line)
      if (showsPrompt && !this.#isStopping) output.write('>')
    }
    if (this.#isStopping) return
    this.#isInputEnded = true
    const last = this.#splitter.end()
    if (last !== null) await this.#send(last)
  }

  /** The input until it ends or {@link #stop} ends it; the chunk in hand is still used. */
  async *#chunks(input: Readable): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of input) {
        yield chunk as Buffer
        if (this.#isStopping) return
      }
    } catch (error) {
      // Destroying a stream makes its iterator throw.
      if (this.#isStopping) return
      throw new InputError(`the input cannot be read: ${(error as Error).message}`, error)
    }
  }

  async #send(line: Buffer): Promise<void> {
    const { key, value } = this.#reader.read(line)
    this.#counts.read++
    if (this.#isAbandoned) return
    try {
      await this.#producer.send(new KeyedMessage(this.#options.topic, key, value))
    } catch (error) {
      // The `failed` event has reported this one already.
      if (error instanceof FailedToSendMessageError) return
      if (!(error instanceof QueueFullError || error instanceof EncodeError)) throw error
      this.#counts.failed++
      this.#report.add(error.message, 1)
    }
  }

  async #flush(): Promise<boolean> {
    try {
      await this.#producer.flush()
      return true
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      this.#errors.say(`no broker confirmed that the lines arrived: ${error.message}`)
      return false
    }
  }

  #onFailed(all: readonly MessageFailure[]): void {
    // What close() gave up for lack of time has no outcome; it shows as the difference of the counts.
    const failures = this.#isAbandoned
      ? all.filter(({ cause }) => !(cause instanceof DeliveryTimeoutError))
      : all
    this.#counts.failed += failures.length
    this.#report.addFailures(failures)
    if (this.#counts.delivered > 0 || this.#options.ignoreDeliveryFailures || this.#isAbandoned) return
    if (!failures.every(({ cause }) => isUnreachable(cause))) return
    // Nobody was ever reached: every further line would wait as long and fail the same way.
    this.#isUnreachable = true
    this.#stop(0)
  }

  #onSignal(signal: StopSignal): void {
    const isFirst = this.#signal === null
    this.#signal ??= signal
    this.#stop(isFirst ? this.#options.closeTimeoutMs : 0)
  }

  /** Ends the reading. What was read has `graceMs` to be delivered. */
  #stop(graceMs: number): void {
    this.#isStopping = true
    this.#streams.input.destroy()
    clearTimeout(this.#graceTimer)
    if (graceMs === 0) this.#abandon()
    else this.#graceTimer = setTimeout(this.#abandon, graceMs)
  }

  #sayHowItEnded(): void {
    this.#report.end()
    if (this.#isUnreachable) {
      this.#counts.failed += this.#counts.unsettled
      this.#errors.say('stopped: no broker of the list has ever answered')
    }
    if (this.#inputError) this.#errors.say(`stopped: ${this.#inputError.message}`)
    if (this.#signal && !this.#isInputEnded) {
      const unfinished = this.#splitter.pendingBytes > 0 ? '; an unfinished line was not sent' : ''
      this.#errors.say(`stopped: ${this.#signal} before the end of the input${unfinished}`)
    }
    this.#errors.say(this.#counts.summary())
  }

  #exitCode(isConfirmed: boolean): number {
    if (!this.#options.ignoreDeliveryFailures) {
      const { unsettled, unconfirmed } = this.#counts
      if (unsettled > 0 || unconfirmed > 0 || !isConfirmed) return exitCodes.unsettled
      if (this.#counts.failed > 0) return exitCodes.failed
    }
    if (this.#inputError) return exitCodes.usage
    if (this.#signal && !this.#isInputEnded) return 128 + stopSignals[this.#signal]
    return exitCodes.delivered
  }
}

function sayWhatIsOdd(options: ConsoleOptions, logger: Logger): void {
  for (const sentence of options.warnings) logger.warn(sentence)
  for (const sentence of oddReaderProperties(options.readerProperties)) logger.warn(sentence)
}

/** No broker answered the question where the topic is. */
function isUnreachable(cause: KafkaError): boolean {
  return cause.code === 'KAFKA_METADATA' && cause.cause instanceof KafkaError
}
