/** Reads a command line by the rows of the tool, and gives what was given by long name. Knows no meaning. */
import { Command, CommanderError, Option } from 'commander'
import { expandAbbreviations } from '../cli/abbreviations.js'
import { UsageError } from '../cli/options.js'
import { printable } from '../errors.js'
import { type OptionRow, rows } from './option-rows.js'

export function longName({ flags }: OptionRow): string {
  return flags.split(' ')[0]!
}

/** What is wrong with a command line. */
export function usage(problem: string): UsageError {
  return new UsageError(`${printable(problem)}\nSee --help for the options.\n`, 1)
}

const examples = `
Examples:
  kafka-producer-perf-test --broker-list h1:9092,h2:9092 --topics perf --messages 1000000 --report perf.html
  kafka-producer-perf-test --broker-list h1:9092 --topics perf --messages 60000 --throughput 1000 --sync

Exit status: 0 every message was delivered, 1 usage, configuration or files, 2 some messages failed,
3 some had no outcome in time, 130 and 143 a signal came before all messages were sent.
`

/** The options of one command line, by their long names. */
export class CommandLine {
  readonly #values = new Map<string, unknown>()

  /**
   * @param argv - without the executable and the script.
   * @throws {UsageError} for help, version and whatever cannot be understood.
   */
  constructor(argv: readonly string[], version: string) {
    const command = buildCommand(version)
    const help = command.helpInformation() + examples
    if (argv.length === 0) throw new UsageError(help, 1)
    try {
      command.parse(writtenOut(argv), { from: 'user' })
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      if (error.code === 'commander.helpDisplayed') throw new UsageError(help, 0)
      if (error.code === 'commander.version') throw new UsageError(`${version}\n`, 0)
      throw usage(error.message.replace(/^error: /, ''))
    }
    for (const option of command.options) {
      const name = option.attributeName()
      if (command.getOptionValueSource(name) !== 'cli') continue
      this.#values.set(option.long!, command.getOptionValue(name))
    }
  }

  /** Long names of what was given, with its value where it takes one. */
  get given(): ReadonlyMap<string, unknown> {
    return this.#values
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** The given value, else the default of the row, else null. */
  text(name: string): string | null {
    return (this.#values.get(name) as string | undefined) ?? rowOf(name).default ?? null
  }

  /** @throws {UsageError} where it was not given, or nothing but blanks. */
  requiredText(name: string): string {
    const value = this.text(name)?.trim()
    if (value) return value
    throw usage(`${name} is missing`)
  }

  /** @throws {UsageError} for anything but a whole number within the row's range; null where there is none. */
  numberOrNull(name: string): number | null {
    const value = this.text(name)
    if (value === null) return null
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = rowOf(name)
    const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
    if (number >= min && number <= max) return number
    throw usage(`${name} takes a whole number from ${min} to ${max}, not "${value}"`)
  }

  /** Likewise, for an option that is required or has a default. */
  number(name: string): number {
    return this.numberOrNull(name) ?? Number(this.requiredText(name))
  }

  /** Every `k=v` of a repeatable option, cut at the first `=`. */
  pairs(name: string): Map<string, string> {
    const settings = new Map<string, string>()
    for (const pair of (this.#values.get(name) as string[] | undefined) ?? []) {
      const at = pair.indexOf('=')
      if (at < 1) throw usage(`${name} takes key=value, not "${pair}"`)
      settings.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return settings
  }
}

function rowOf(name: string): OptionRow {
  return rows.find((row) => longName(row) === name)!
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value]
}

function buildCommand(version: string): Command {
  const command = new Command('kafka-producer-perf-test')
    .description('Sends messages as fast as it can, or at a given rate, and measures.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this text')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .configureHelp({ helpWidth: 110 })
  for (const row of rows) {
    const option = new Option(row.flags, row.default ? `${row.doc} (${row.default})` : row.doc)
    if (row.isRepeatable) option.argParser(collect)
    command.addOption(option)
  }
  return command
}

function writtenOut(argv: readonly string[]): string[] {
  const takesValue = new Map(rows.map((row) => [longName(row), row.flags.includes('<')] as const))
  takesValue.set('--help', false).set('--version', false)
  return expandAbbreviations(argv, takesValue, (argument, candidates) => {
    throw usage(`${argument} could be ${candidates.join(', ')}`)
  })
}
