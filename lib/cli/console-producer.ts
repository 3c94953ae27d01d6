/**
 * The console producer: each line of the input becomes a message.
 *
 * The input is read only as fast as the producer takes lines. At its end everything is waited for. After SIGINT, SIGTERM
 * or SIGHUP reading stops and what was read has a limited time; a second signal takes that time away, and so does a
 * list of brokers none of which ever answered. Which producer sends them is behind `LineSender`. The counts always come last, and the exit status shows whether all lines were delivered.
 */
import type { Readable } from 'node:stream'
import { KafkaError } from '../errors.js'
import type { Logger } from '../logger.js'
import { ClassicLineSender } from './classic-line-sender.js'
import { consoleLogger } from './console-logger.js'
import { Counts } from './counts.js'
import { type ErrorOutput, isTerminal } from './error-output.js'
import { FailureReport } from './failure-report.js'
import { KafkaLineSender } from './kafka-line-sender.js'
import { kafkaConsoleProducer } from './kafka-option-rows.js'
import { choosesKafkaProducer, parseKafkaOptions } from './kafka-options.js'
import { oddReaderProperties, type ReaderProperties } from './line-reader.js'
import type { LineFailure, LineOutcomes, LineSender } from './line-sender.js'
import { LineSplitter } from './line-splitter.js'
import { consoleProducer } from './option-rows.js'
import { type ConsoleOptions, parseOptions } from './options.js'
import { oddRecordReaderProperties } from './record-line-reader.js'
import { exitCodes, runTool, type ToolStreams } from './run-tool.js'
import { onStopSignals, type StopSignal, stopSignals } from './stop-signals.js'
import { loadClasses } from './tool-classes.js'
import { InputError } from './tool-errors.js'

export interface ConsoleStreams extends ToolStreams {
  readonly input: Readable
}

/** Runs the tool. @returns the exit status; does not end the process. */
export function main(argv: readonly string[], streams: ConsoleStreams, version: string): Promise<number> {
  if (choosesKafkaProducer(argv)) {
    return runTool(
      kafkaConsoleProducer,
      streams,
      () => parseKafkaOptions(argv, version),
      async (options, errors) => {
        const odd = oddRecordReaderProperties
        const classes = await loadClasses(options.classesModule)
        const make: MakeSender<unknown> = (logger, outcomes) =>
          new KafkaLineSender(options, classes, logger, outcomes)
        return new ConsoleProducer({ options, streams, errors, odd, make }).run()
      },
    )
  }
  return runTool(
    consoleProducer,
    streams,
    () => parseOptions(argv, version),
    async (options, errors) => {
      const odd = oddReaderProperties
      const classes = await loadClasses(options.classesModule)
      const make: MakeSender<unknown> = (logger, outcomes) =>
        new ClassicLineSender(options, classes, logger, outcomes)
      return new ConsoleProducer({ options, streams, errors, odd, make }).run()
    },
  )
}

type MakeSender<Message> = (logger: Logger, outcomes: LineOutcomes) => LineSender<Message>

interface ConsoleProducerParts<Message> {
  readonly options: ConsoleOptions
  readonly streams: ConsoleStreams
  readonly errors: ErrorOutput
  /** A sentence for each property of the reader that does nothing. */
  odd(properties: ReaderProperties): string[]
  /** @throws {ConfigError | UsageError} */
  readonly make: MakeSender<Message>
}

class ConsoleProducer<Message> {
  readonly #options: ConsoleOptions
  readonly #streams: ConsoleStreams
  readonly #errors: ErrorOutput
  readonly #splitter: LineSplitter
  readonly #sender: LineSender<Message>
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
  constructor({ options, streams, errors, odd, make }: ConsoleProducerParts<Message>) {
    this.#options = options
    this.#streams = streams
    this.#errors = errors
    const logger = consoleLogger(errors, options.isVerbose)
    for (const sentence of [...options.warnings, ...odd(options.readerProperties)]) logger.warn(sentence)
    this.#splitter = new LineSplitter(options.maxLineBytes)
    this.#report = new FailureReport((text) => errors.say(text))
    this.#sender = make(logger, {
      delivered: (lines) => {
        this.#counts.delivered += lines
      },
      failed: (failures) => this.#onFailed(failures),
      refused: (text) => {
        this.#counts.failed++
        this.#report.add(text, 1)
      },
      unconfirmed: (lines) => {
        this.#counts.unconfirmed += lines
      },
    })
    this.#counts = new Counts(this.#sender.acks)
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
    await this.#sender.close(this.#isAbandoned ? { timeoutMs: 0 } : {})
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
    const message = this.#sender.read(line)
    this.#counts.read++
    if (!this.#isAbandoned) await this.#sender.send(message)
  }

  async #flush(): Promise<boolean> {
    try {
      await this.#sender.flush()
      return true
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      this.#errors.say(`no broker confirmed that the lines arrived: ${error.message}`)
      return false
    }
  }

  #onFailed(all: readonly LineFailure[]): void {
    // What close() gave up for lack of time has no outcome; it shows as the difference of the counts.
    const failures = this.#isAbandoned ? all.filter(({ cause }) => !this.#sender.isGivenUp(cause)) : all
    this.#counts.failed += failures.length
    this.#report.addFailures(failures)
    if (this.#counts.delivered > 0 || this.#options.ignoreDeliveryFailures || this.#isAbandoned) return
    if (!failures.every(({ cause }) => this.#sender.isUnreachable(cause))) return
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
