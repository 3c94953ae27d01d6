/**
 * Understands a command line of the console producer, by the rows of `option-rows.ts`.
 *
 * What is given on the command line wins over `--producer-property`, that over `--producer.config`, and the defaults
 * of options come last, so that a file works as it is (the original put even its defaults on top of the file).
 */
import { ConfigError, printable } from '../errors.js'
import { CommandLine } from './command-line.js'
import { consoleProducer } from './option-rows.js'
import type { ToolOptions } from './run-tool.js'
import { usage } from './tool-errors.js'

export interface ConsoleOptions extends ToolOptions {
  readonly topic: string
  readonly producerProperties: ReadonlyMap<string, string>
  /** Path of `--producer.config`, or null. */
  readonly configFile: string | null
  /** Settings that hold where neither options nor a file set them. */
  readonly defaults: ReadonlyMap<string, string>
  readonly readerProperties: ReadonlyMap<string, string>
  /** 0: no limit. */
  readonly maxLineBytes: number
  readonly closeTimeoutMs: number
  readonly ignoreDeliveryFailures: boolean
  /** Sentences about what is given and will not happen. */
  readonly warnings: readonly string[]
}

/**
 * @param argv - without the executable and the script.
 * @throws {UsageError} for help, version and whatever cannot be understood.
 * @throws {ConfigError} for a line reader that is not built in.
 */
export function parseOptions(argv: readonly string[], version: string): ConsoleOptions {
  const line = new CommandLine(consoleProducer, argv, version)
  if (line.has('--broker-list') && line.has('--bootstrap-server')) {
    throw usage('--bootstrap-server is another name of --broker-list: give one of them')
  }
  const readerProperties = line.pairs('--property')
  const topic = readerProperties.get('topic') ?? line.text('--topic')
  if (!topic) throw usage('--topic is missing')
  checkLineReader(line.text('--line-reader'))
  return {
    topic,
    explicit: line.explicitSettings(),
    producerProperties: line.pairs('--producer-property'),
    configFile: line.text('--producer.config'),
    defaults: line.defaultSettings(),
    readerProperties,
    maxLineBytes: line.number('--max-line-bytes'),
    closeTimeoutMs: line.number('--close-timeout-ms'),
    ignoreDeliveryFailures: line.has('--ignore-delivery-failures'),
    isVerbose: line.has('--verbose'),
    classesModule: line.text('--classes'),
    warnings: line.ignored(),
  }
}

const BUILT_IN_READER = /^kafka\.(tools|producer)\.ConsoleProducer\$LineMessageReader$/

function checkLineReader(name: string | null): void {
  if (name === null || BUILT_IN_READER.test(name)) return
  throw new ConfigError(
    `--line-reader ${printable(name)} is not known; kafka.tools.ConsoleProducer$LineMessageReader is built in and the only one`,
  )
}
