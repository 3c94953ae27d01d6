/**
 * Understands a command line of the console producer with `--new-producer`, by the rows of `kafka-option-rows.ts`.
 *
 * Options given win over `--producer-property`, that over the file, and the defaults of options come last, so that a file
 * works as it is. Two names of one option are an error, but for those of `batch.size`.
 */

import { parsePropertyLines } from '../config/properties.js'
import { readPropertiesFile } from '../config/properties-file.js'
import { ConfigError, printable } from '../errors.js'
import { CommandLine } from './command-line.js'
import { kafkaConsoleProducer } from './kafka-option-rows.js'
import { choosesNewProducer } from './new-producer.js'
import { consoleProducer } from './option-rows.js'
import type { ConsoleOptions } from './options.js'
import { usage } from './tool-errors.js'

export interface KafkaConsoleOptions extends ConsoleOptions {
  readonly isSync: boolean
}

/** Older and newer names → the option that they are another name of. */
const SYNONYMS = {
  '--broker-list': ['--bootstrap-server', 'bootstrap.servers'],
  '--metadata-fetch-timeout-ms': ['--max-block-ms', 'max.block.ms'],
} as const

/** Whether a command line asks for KafkaProducer: a value of another option does not. */
export function choosesKafkaProducer(argv: readonly string[]): boolean {
  return choosesNewProducer(argv, consoleProducer, kafkaConsoleProducer)
}

/**
 * @param argv - without the executable and the script.
 * @throws {UsageError} for help, version and whatever cannot be understood.
 * @throws {ConfigError} for a line reader that is not built in, and a `--reader-config` that cannot be read.
 */
export function parseKafkaOptions(argv: readonly string[], version: string): KafkaConsoleOptions {
  const line = new CommandLine(kafkaConsoleProducer, argv, version)
  if (line.has('--old-producer')) throw usage('--old-producer and --new-producer: give one of them')
  checkLineReader(line.text('--line-reader'))
  const readerProperties = new Map([
    ...fileOf(line.text('--reader-config')),
    ...line.pairs(oneOf(line, '--property', '--reader-property')),
  ])
  const topic = readerProperties.get('topic') ?? line.text('--topic')
  if (!topic) throw usage('--topic is missing')
  const isSync = line.has('--sync')
  const defaults = line.defaultSettings()
  // A line that is waited for has no others to wait for.
  if (isSync) defaults.set('linger.ms', '0')
  return {
    topic,
    isSync,
    explicit: explicitOf(line),
    producerProperties: line.pairs(oneOf(line, '--producer-property', '--command-property')),
    configFile: line.text(oneOf(line, '--producer.config', '--command-config')),
    defaults,
    readerProperties,
    maxLineBytes: line.number('--max-line-bytes'),
    closeTimeoutMs: line.number('--close-timeout-ms'),
    ignoreDeliveryFailures: line.has('--ignore-delivery-failures'),
    isVerbose: line.has('--verbose'),
    classesModule: line.text('--classes'),
    warnings: line.ignored(),
  }
}

function explicitOf(line: CommandLine): Map<string, string> {
  const explicit = line.explicitSettings()
  for (const [name, [other, key]] of Object.entries(SYNONYMS)) {
    const value = line.text(oneOf(line, name, other))
    if (line.has(name) && value !== null) explicit.set(key, value)
  }
  const batchBytes = line.text('--max-partition-memory-bytes')
  if (batchBytes !== null) explicit.set('batch.size', batchBytes)
  return explicit
}

/** The one of two names of an option that was given. */
function oneOf(line: CommandLine, name: string, other: string): string {
  if (line.has(name) && line.has(other)) throw usage(`${other} is another name of ${name}: give one of them`)
  return line.has(other) ? other : name
}

function fileOf(path: string | null): Map<string, string> {
  if (path === null) return new Map()
  return new Map(parsePropertyLines(readPropertiesFile(path), path).map(({ key, value }) => [key, value]))
}

const BUILT_IN_READER = /^(kafka\.tools\.ConsoleProducer\$|org\.apache\.kafka\.tools\.)LineMessageReader$/

function checkLineReader(name: string | null): void {
  if (name === null || BUILT_IN_READER.test(name)) return
  throw new ConfigError(
    `--line-reader ${printable(name)} is not known; org.apache.kafka.tools.LineMessageReader is built in and the only one`,
  )
}
