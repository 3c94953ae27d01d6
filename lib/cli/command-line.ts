/**
 * Reads a command line by the rows of a tool's options, and gives what was given by long name. Knows what an option
 * stands for, and no other meaning.
 */
import { Command, CommanderError, Option } from 'commander'
import { expandAbbreviations } from './abbreviations.js'
import { UsageError, usage } from './tool-errors.js'

export interface OptionRow {
  readonly flags: string
  readonly doc: string
  /** The setting it stands for. */
  readonly key?: string
  readonly default?: string
  /** What the option means without a value; also of one that never has any. */
  readonly bare?: string
  /** Whole numbers accepted, where it is a number of the tool itself. */
  readonly min?: number
  readonly max?: number
  readonly isRepeatable?: boolean
  /** Accepted for the sake of old command lines, with the reason why it does nothing. */
  readonly ignoredBecause?: string
}

/** Name, description and options of a tool. */
export interface Tool {
  readonly name: string
  readonly description: string
  readonly rows: readonly OptionRow[]
  /** Settings that the original fixed for its tool; a file may override them here. */
  readonly defaults: ReadonlyMap<string, string>
  /** What follows the options in the help. */
  readonly epilogue: string
}

/** The options of one command line, by their long names. */
export class CommandLine {
  readonly #tool: Tool
  readonly #values = new Map<string, unknown>()

  /**
   * @param argv - without the executable and the script.
   * @throws {UsageError} for help, version and whatever cannot be understood.
   */
  constructor(tool: Tool, argv: readonly string[], version: string) {
    this.#tool = tool
    const command = buildCommand(tool, version)
    const help = command.helpInformation() + tool.epilogue
    if (argv.length === 0) throw new UsageError(help, 1)
    try {
      command.parse(writtenOut(tool.rows, argv), { from: 'user' })
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      if (error.code === 'commander.helpDisplayed') throw new UsageError(help, 0)
      if (error.code === 'commander.version') throw new UsageError(`${version}\n`, 0)
      throw usage(error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '))
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
    return (this.#values.get(name) as string | undefined) ?? this.#rowOf(name).default ?? null
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
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = this.#rowOf(name)
    const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
    if (number >= min && number <= max) return number
    throw usage(`${name} takes a whole number from ${min} to ${max}, not "${value}"`)
  }

  /** Likewise, for an option that is required or has a default. */
  number(name: string): number {
    return this.numberOrNull(name) ?? Number(this.requiredText(name))
  }

  /**
   * Every `k=v` of a repeatable option. The first `=` is between them, so that a value may hold more of them; `k` and
   * `k=` mean an empty value, as in the original.
   */
  pairs(name: string): Map<string, string> {
    const settings = new Map<string, string>()
    for (const pair of (this.#values.get(name) as string[] | undefined) ?? []) {
      const at = pair.indexOf('=')
      const key = at < 0 ? pair : pair.slice(0, at)
      if (key === '') throw usage(`${name} takes key=value, not "${pair}"`)
      settings.set(key, at < 0 ? '' : pair.slice(at + 1))
    }
    return settings
  }

  /** Settings that were given as options of their own. */
  explicitSettings(): Map<string, string> {
    const settings = new Map<string, string>()
    for (const row of this.#tool.rows) {
      const value = this.#values.get(longName(row))
      if (row.key && value !== undefined) settings.set(row.key, value === true ? row.bare! : String(value))
    }
    return settings
  }

  /** Settings that hold where neither options nor a file set them. */
  defaultSettings(): Map<string, string> {
    const { rows, defaults } = this.#tool
    const settings = new Map(defaults)
    for (const { key, default: value } of rows) if (key && value !== undefined) settings.set(key, value)
    return settings
  }

  /** A sentence for each option that was given and does nothing here. */
  ignored(): string[] {
    return this.#tool.rows
      .filter((row) => row.ignoredBecause && this.has(longName(row)))
      .map((row) => `${longName(row)} ${row.ignoredBecause}`)
  }

  #rowOf(name: string): OptionRow {
    return this.#tool.rows.find((row) => longName(row) === name)!
  }
}

/**
 * The option that stands for a setting on a command line, for an error; undefined if none was given.
 *
 * @param explicit - see {@link CommandLine.explicitSettings}.
 */
export function optionOf(
  { rows }: Tool,
  key: string | undefined,
  explicit: ReadonlyMap<string, string>,
): string | undefined {
  if (key === undefined || !explicit.has(key)) return undefined
  const row = rows.find((candidate) => candidate.key === key)
  return row && longName(row)
}

/** The name of an option with its dashes: `--batch-size`. */
function longName({ flags }: OptionRow): string {
  return flags.split(' ')[0]!
}

function buildCommand({ name, description, rows }: Tool, version: string): Command {
  const command = new Command(name)
    .description(description)
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this text')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .configureHelp({ helpWidth: 110, optionDescription: ({ description }) => description })
  for (const row of rows) {
    const option = new Option(row.flags, row.default ? `${row.doc} (${row.default})` : row.doc)
    if (row.bare && option.optional) option.preset(row.bare)
    if (row.isRepeatable) option.argParser(collect)
    command.addOption(option)
  }
  return command
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value]
}

/** Options, help and version too → whether they always take a value. */
export function takesValues(rows: readonly OptionRow[]): Map<string, boolean> {
  const takesValue = new Map(rows.map((row) => [longName(row), row.flags.includes('<')] as const))
  return takesValue.set('--help', false).set('--version', false)
}

function writtenOut(rows: readonly OptionRow[], argv: readonly string[]): string[] {
  const takesValue = takesValues(rows)
  return expandAbbreviations(argv, takesValue, (argument, candidates) => {
    throw usage(`${argument} could be ${candidates.join(', ')}`)
  })
}
