/**
 * The options of the console producer as rows, and the parsing of a command line against them.
 *
 * An option that stands for a setting names its key. What is given on the command line wins over
 * `--producer-property`, that over `--producer.config`, and the defaults of options come last, so that a file works as
 * it is (the original put even its defaults on top of the file).
 *
 * @see classic-producer reference §11.1
 */
import { Command, CommanderError, Option } from 'commander'
import { ConfigError, printable } from '../errors.js'

interface OptionRow {
  readonly flags: string
  readonly doc: string
  /** The setting it stands for. */
  readonly key?: string
  readonly default?: string
  /** What the option means without a value. */
  readonly bare?: string
  readonly isRepeatable?: boolean
  /** Accepted for the sake of old command lines. */
  readonly isIgnored?: boolean
}

const rows: readonly OptionRow[] = [
  { flags: '--topic <topic>', doc: 'the topic to send to (required)' },
  { flags: '--broker-list <list>', doc: 'host:port,… to start from (required)', key: 'metadata.broker.list' },
  { flags: '--bootstrap-server <list>', doc: 'another name of --broker-list', key: 'metadata.broker.list' },
  { flags: '--sync', doc: 'wait for each message before the next line is read' },
  {
    flags: '--compression-codec [codec]',
    doc: 'none, gzip, snappy or lz4; gzip when no codec is named',
    key: 'compression.codec',
    default: 'none',
    bare: 'gzip',
  },
  { flags: '--batch-size <n>', doc: 'messages per batch, async', key: 'batch.num.messages', default: '200' },
  {
    flags: '--message-send-max-retries <n>',
    doc: 'attempts after the first',
    key: 'message.send.max.retries',
    default: '3',
  },
  {
    flags: '--retry-backoff-ms <ms>',
    doc: 'wait before an attempt',
    key: 'retry.backoff.ms',
    default: '100',
  },
  {
    flags: '--timeout <ms>',
    doc: 'longest wait for a full batch, async',
    key: 'queue.buffering.max.ms',
    default: '1000',
  },
  {
    flags: '--queue-size <n>',
    doc: 'messages in the queue, async',
    key: 'queue.buffering.max.messages',
    default: '10000',
  },
  {
    flags: '--queue-enqueuetimeout-ms <ms>',
    doc: 'longest wait for room in the queue; 0 none, -1 no limit',
    key: 'queue.enqueue.timeout.ms',
    default: '2147483647',
  },
  { flags: '--request-required-acks <acks>', doc: '0, 1 or -1', key: 'request.required.acks', default: '0' },
  {
    flags: '--request-timeout-ms <ms>',
    doc: 'how long a broker may take',
    key: 'request.timeout.ms',
    default: '1500',
  },
  {
    flags: '--metadata-expiry-ms <ms>',
    doc: 'how often metadata is refreshed',
    key: 'topic.metadata.refresh.interval.ms',
    default: '300000',
  },
  {
    flags: '--value-serializer <class>',
    doc: 'encoder of values',
    key: 'serializer.class',
    default: 'kafka.serializer.DefaultEncoder',
  },
  { flags: '--key-serializer <class>', doc: 'encoder of keys', key: 'key.serializer.class' },
  { flags: '--socket-buffer-size <bytes>', doc: 'send buffer', key: 'send.buffer.bytes', default: '102400' },
  { flags: '--line-reader <class>', doc: 'the built-in reader is the only one', default: 'built-in' },
  {
    flags: '--property <k=v>',
    doc: 'for the reader: parse.key, key.separator, ignore.error',
    isRepeatable: true,
  },
  { flags: '--producer-property <k=v>', doc: 'any producer setting', isRepeatable: true },
  { flags: '--producer.config <file>', doc: 'a producer.properties file' },
  { flags: '--ignore-delivery-failures', doc: 'exit 0 even when messages failed, as the original did' },
  { flags: '--max-line-bytes <n>', doc: 'longest line', default: '134217728' },
  { flags: '--close-timeout-ms <ms>', doc: 'longest wait for what is left at the end', default: '30000' },
  { flags: '--verbose', doc: 'say what happens, and show stack traces' },
  { flags: '--old-producer', doc: 'accepted, means nothing: this is the old producer', isIgnored: true },
  { flags: '--new-producer', doc: 'accepted with a warning', isIgnored: true },
  { flags: '--max-memory-bytes <n>', doc: 'accepted, of the new producer', isIgnored: true },
  { flags: '--max-partition-memory-bytes <n>', doc: 'accepted, of the new producer', isIgnored: true },
  { flags: '--metadata-fetch-timeout-ms <n>', doc: 'accepted, of the new producer', isIgnored: true },
  { flags: '--max-block-ms <n>', doc: 'accepted, of the new producer', isIgnored: true },
]

/** What the original fixed for its tool; a file may say otherwise here. */
const toolDefaults: ReadonlyMap<string, string> = new Map([
  ['client.id', 'console-producer'],
  ['partitioner.class', 'kafka.producer.ByteArrayPartitioner'],
])

export interface ConsoleOptions {
  readonly topic: string
  /** Settings of the command line: explicit ones, and `--producer-property`. */
  readonly explicit: ReadonlyMap<string, string>
  readonly producerProperties: ReadonlyMap<string, string>
  /** Path of `--producer.config`, or null. */
  readonly configFile: string | null
  /** Settings where nobody says anything. */
  readonly defaults: ReadonlyMap<string, string>
  readonly readerProperties: ReadonlyMap<string, string>
  readonly maxLineBytes: number
  readonly closeTimeoutMs: number
  readonly ignoreDeliveryFailures: boolean
  readonly isVerbose: boolean
  /** Given options that do nothing here. */
  readonly ignored: readonly string[]
}

/** A command line that asks for text (help, version) or cannot be understood. */
export class UsageError extends Error {
  readonly exitCode: number

  constructor(text: string, exitCode: number) {
    super(text)
    this.exitCode = exitCode
  }
}

function longName({ flags }: OptionRow): string {
  return flags.split(' ')[0]!
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value]
}

function buildCommand(version: string): Command {
  const command = new Command('kafka-console-producer')
    .description('Sends each line of standard input as a message.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this text')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
  for (const row of rows) {
    const option = new Option(row.flags, row.default ? `${row.doc} (${row.default})` : row.doc)
    if (row.bare) option.preset(row.bare)
    if (row.isRepeatable) option.argParser(collect)
    command.addOption(option)
  }
  return command
}

/** joptsimple, which the original used, took every unambiguous beginning of an option for the option. */
function expandAbbreviations(argv: readonly string[]): string[] {
  const names = [...rows.map(longName), '--help', '--version']
  return argv.map((argument) => {
    if (!argument.startsWith('--')) return argument
    const [name = '', ...rest] = argument.split('=')
    if (names.includes(name)) return argument
    const matches = names.filter((candidate) => candidate.startsWith(name))
    return matches.length === 1 ? [matches[0], ...rest].join('=') : argument
  })
}

/**
 * @param argv - without the executable and the script.
 * @throws {UsageError} for help, version and whatever cannot be understood.
 */
export function parseOptions(argv: readonly string[], version: string): ConsoleOptions {
  const command = buildCommand(version)
  if (argv.length === 0) throw new UsageError(command.helpInformation(), 1)
  try {
    command.parse(expandAbbreviations(argv), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed') throw new UsageError(command.helpInformation(), 0)
    if (error.code === 'commander.version') throw new UsageError(`${version}\n`, 0)
    throw new UsageError(`${printable(error.message)}\nSee --help for the options.\n`, 1)
  }
  return fromCommand(command)
}

function fromCommand(command: Command): ConsoleOptions {
  const given = new Map<string, unknown>()
  for (const option of command.options) {
    const name = option.attributeName()
    if (command.getOptionValueSource(name) === 'cli') given.set(option.long!, command.getOptionValue(name))
  }
  const text = (name: string): string | undefined => given.get(name) as string | undefined
  const readerProperties = pairs('--property', given.get('--property'))
  const topic = readerProperties.get('topic') ?? text('--topic')
  if (topic === undefined || topic === '')
    throw new UsageError('--topic is missing\nSee --help for the options.\n', 1)
  checkLineReader(text('--line-reader'))
  return {
    topic,
    explicit: explicitSettings(given),
    producerProperties: pairs('--producer-property', given.get('--producer-property')),
    configFile: text('--producer.config') ?? null,
    defaults: defaultSettings(),
    readerProperties,
    maxLineBytes: wholeNumber('--max-line-bytes', text('--max-line-bytes')),
    closeTimeoutMs: wholeNumber('--close-timeout-ms', text('--close-timeout-ms')),
    ignoreDeliveryFailures: given.has('--ignore-delivery-failures'),
    isVerbose: given.has('--verbose'),
    ignored: rows.filter((row) => row.isIgnored && given.has(longName(row))).map(longName),
  }
}

function explicitSettings(given: ReadonlyMap<string, unknown>): Map<string, string> {
  const settings = new Map<string, string>()
  for (const row of rows) {
    const value = given.get(longName(row))
    if (row.key && value !== undefined) settings.set(row.key, String(value))
  }
  if (given.has('--sync')) settings.set('producer.type', 'sync')
  return settings
}

function defaultSettings(): Map<string, string> {
  const settings = new Map<string, string>([...toolDefaults, ['producer.type', 'async']])
  for (const { key, default: value } of rows) if (key && value !== undefined) settings.set(key, value)
  return settings
}

/** `k=v` with the first `=` between them; `k` and `k=` mean an empty value. */
function pairs(option: string, values: unknown): Map<string, string> {
  const settings = new Map<string, string>()
  for (const pair of (values as string[] | undefined) ?? []) {
    const at = pair.indexOf('=')
    const key = at < 0 ? pair : pair.slice(0, at)
    if (key === '') throw new UsageError(`${option} takes key=value, not "${printable(pair)}"\n`, 1)
    settings.set(key, at < 0 ? '' : pair.slice(at + 1))
  }
  return settings
}

function wholeNumber(option: string, given: string | undefined): number {
  const value = given ?? rows.find((row) => longName(row) === option)!.default!
  if (/^\d{1,15}$/.test(value)) return Number(value)
  throw new UsageError(`${option} takes a whole number, not "${printable(value)}"\n`, 1)
}

const BUILT_IN_READER = /^kafka\.(tools|producer)\.ConsoleProducer\$LineMessageReader$/

function checkLineReader(name: string | undefined): void {
  if (name === undefined || BUILT_IN_READER.test(name)) return
  throw new ConfigError(`--line-reader ${printable(name)} is not known; the built-in reader is the only one`)
}
