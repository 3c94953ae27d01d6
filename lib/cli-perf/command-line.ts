/** Reads a command line by the rows of the tool, and gives what was given by long name. Knows no meaning. */
import { Command, CommanderError, Option } from 'commander'
import { UsageError } from '../cli/options.js'
import { printable } from '../errors.js'
import { type OptionRow, rows } from './option-rows.js'

export function longName({ flags }: OptionRow): string {
  return flags.split(' ')[0]!
}

/** What is wrong with a command line. */
export function usage(problem: string): UsageError {
  return new UsageError(`${problem}\nSee --help for the options.\n`, 1)
}

/** The options of one command line, by their long names. */
export class CommandLine {
  readonly #values = new Map<string, unknown>()

  /**
   * @param argv - without the executable and the script.
   * @throws {UsageError} for help, version and whatever cannot be understood.
   */
  constructor(argv: readonly string[], version: string) {
    const command = buildCommand(version)
    if (argv.length === 0) throw new UsageError(command.helpInformation(), 1)
    try {
      command.parse(expandAbbreviations(argv), { from: 'user' })
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      if (error.code === 'commander.helpDisplayed') throw new UsageError(command.helpInformation(), 0)
      if (error.code === 'commander.version') throw new UsageError(`${version}\n`, 0)
      throw usage(printable(error.message))
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
    const { min = 0 } = rowOf(name)
    if (/^\d{1,15}$/.test(value) && Number(value) >= min) return Number(value)
    throw usage(`${name} takes a whole number of at least ${min}, not "${printable(value)}"`)
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
      if (at < 1) throw usage(`${name} takes key=value, not "${printable(pair)}"`)
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
  for (const row of rows) {
    const option = new Option(row.flags, row.default ? `${row.doc} (${row.default})` : row.doc)
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
