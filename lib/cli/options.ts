/**
 * Understands a command line of the console producer, by the rows of `option-rows.ts`.
 *
 * What is given on the command line wins over `--producer-property`, that over `--producer.config`, and the defaults
 * of options come last, so that a file works as it is (the original put even its defaults on top of the file).
 */
import { Command, CommanderError, Option } from 'commander'
import { ConfigError, printable } from '../errors.js'
import { expandAbbreviations } from './abbreviations.js'
import { longName, optionRows, toolDefaults } from './option-rows.js'

export interface ConsoleOptions {
  readonly topic: string
  /** Settings given as options of their own. */
  readonly explicit: ReadonlyMap<string, string>
  readonly producerProperties: ReadonlyMap<string, string>
  /** Path of `--producer.config`, or null. */
  readonly configFile: string | null
  /** Settings where nobody says anything. */
  readonly defaults: ReadonlyMap<string, string>
  readonly readerProperties: ReadonlyMap<string, string>
  /** 0: no limit. */
  readonly maxLineBytes: number
  readonly closeTimeoutMs: number
  readonly ignoreDeliveryFailures: boolean
  readonly isVerbose: boolean
  /** Given options that do nothing here. */
  readonly ignored: readonly string[]
}

/** A command line that asks for text (help, version) or cannot be understood. */
export class UsageError extends Error {
  /** Status to exit with; 0 when the text is what was asked for. */
  readonly exitCode: number

  constructor(text: string, exitCode: number) {
    super(text)
    this.exitCode = exitCode
  }
}

const examples = `
Examples:
  kafka-console-producer --broker-list h1:9092,h2:9092 --topic logs --request-required-acks 1 < lines.txt
  kafka-console-producer --producer.config producer.properties --topic logs --property parse.key=true < pairs.tsv

Exit status: 0 every line was delivered, 1 usage, configuration or input, 2 some lines failed,
3 some had no outcome in time, 130 and 143 a signal came before the end of the input.
`

/**
 * @param argv - without the executable and the script.
 * @throws {UsageError} for help, version and whatever cannot be understood.
 * @throws {ConfigError} for a line reader that is not built in.
 */
export function parseOptions(argv: readonly string[], version: string): ConsoleOptions {
  const command = buildCommand(version)
  const help = command.helpInformation() + examples
  if (argv.length === 0) throw new UsageError(help, 1)
  try {
    command.parse(writtenOut(argv), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed') throw new UsageError(help, 0)
    if (error.code === 'commander.version') throw new UsageError(`${version}\n`, 0)
    fail(error.message.replace(/^error: /, ''))
  }
  return fromCommand(command)
}

/** The option that stands for a setting on a command line, for an error; undefined if none was given. */
export function optionOf(key: string | undefined, { explicit }: ConsoleOptions): string | undefined {
  if (key === undefined || !explicit.has(key)) return undefined
  const row = optionRows.find((candidate) => candidate.key === key)
  return row && longName(row)
}

function fail(text: string): never {
  throw new UsageError(`${printable(text)}\nSee --help for the options.\n`, 1)
}

function buildCommand(version: string): Command {
  const command = new Command('kafka-console-producer')
    .description('Sends each line of standard input as a message.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this text')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .configureHelp({ helpWidth: 110 })
  for (const row of optionRows) {
    const option = new Option(row.flags, row.default ? `${row.doc} (${row.default})` : row.doc)
    if (row.bare) option.preset(row.bare)
    if (row.isRepeatable) option.argParser(collect)
    command.addOption(option)
  }
  return command
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value]
}

function writtenOut(argv: readonly string[]): string[] {
  const takesValue = new Map(optionRows.map((row) => [longName(row), row.flags.includes('<')] as const))
  takesValue.set('--help', false).set('--version', false)
  return expandAbbreviations(argv, takesValue, (argument, candidates) =>
    fail(`${argument} could be ${candidates.join(', ')}`),
  )
}

function fromCommand(command: Command): ConsoleOptions {
  const given = givenOptions(command)
  const text = (name: string): string | undefined => given.get(name) as string | undefined
  const readerProperties = pairs('--property', given.get('--property'))
  const topic = readerProperties.get('topic') ?? text('--topic')
  if (topic === undefined || topic === '') fail('--topic is missing')
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
    ignored: optionRows.filter((row) => row.isIgnored && given.has(longName(row))).map(longName),
  }
}

/** Option with its dashes → its value, for those that are on the command line. */
function givenOptions(command: Command): Map<string, unknown> {
  const given = new Map<string, unknown>()
  for (const option of command.options) {
    const name = option.attributeName()
    if (command.getOptionValueSource(name) === 'cli') given.set(option.long!, command.getOptionValue(name))
  }
  if (given.has('--broker-list') && given.has('--bootstrap-server')) {
    fail('--bootstrap-server is another name of --broker-list: give one of them')
  }
  return given
}

function explicitSettings(given: ReadonlyMap<string, unknown>): Map<string, string> {
  const settings = new Map<string, string>()
  for (const row of optionRows) {
    const value = given.get(longName(row))
    if (row.key && value !== undefined) settings.set(row.key, String(value))
  }
  if (given.has('--sync')) settings.set('producer.type', 'sync')
  return settings
}

function defaultSettings(): Map<string, string> {
  const settings = new Map(toolDefaults)
  for (const { key, default: value } of optionRows) if (key && value !== undefined) settings.set(key, value)
  return settings
}

/** `k=v` with the first `=` between them, so that a value may hold more of them; `k` and `k=` mean an empty value. */
function pairs(option: string, values: unknown): Map<string, string> {
  const settings = new Map<string, string>()
  for (const pair of (values as string[] | undefined) ?? []) {
    const at = pair.indexOf('=')
    const key = at < 0 ? pair : pair.slice(0, at)
    if (key === '') fail(`${option} takes key=value, not "${pair}"`)
    settings.set(key, at < 0 ? '' : pair.slice(at + 1))
  }
  return settings
}

const MAX_TIMER_MS = 2_147_483_647

function wholeNumber(option: string, given: string | undefined): number {
  const value = given ?? optionRows.find((row) => longName(row) === option)!.default!
  if (/^\d{1,10}$/.test(value) && Number(value) <= MAX_TIMER_MS) return Number(value)
  return fail(`${option} takes a whole number from 0 to ${MAX_TIMER_MS}, not "${value}"`)
}

const BUILT_IN_READER = /^kafka\.(tools|producer)\.ConsoleProducer\$LineMessageReader$/

function checkLineReader(name: string | undefined): void {
  if (name === undefined || BUILT_IN_READER.test(name)) return
  throw new ConfigError(
    `--line-reader ${printable(name)} is not known; kafka.tools.ConsoleProducer$LineMessageReader is built in and the only one`,
  )
}
