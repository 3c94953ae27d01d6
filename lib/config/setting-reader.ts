/**
 * Turns the given text of a setting into its value, by the rules of its row. The table of rows is handed in.
 *
 * Each method reads one setting, or its default, and throws a ConfigError that names place, key, value and what
 * is accepted; where errors are gathered it keeps that one and goes on with the default. The order of the calls is the
 * order in which several errors are found; the caller decides it.
 */

import type { BrokerAddress } from '../broker-address.js'
import { ConfigError, printable } from '../errors.js'
import { parseBrokerList, splitList } from './broker-list.js'
import type { ConfigErrors } from './config-errors.js'
import type { GivenProperties } from './given-properties.js'
import type { KnownKeys } from './known-keys.js'
import { acceptedBy, type ChoiceIn, type Setting } from './setting.js'

const MAX_INT32 = 2147483647
const MIN_INT32 = -2147483648

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** Stands for a value that could not be read. */
const MISSING = Symbol('missing')

export class SettingReader<Row extends Setting> {
  readonly #given: GivenProperties
  readonly #keys: KnownKeys<Row>
  readonly #defaults: ReadonlyMap<string, string>
  readonly #errors: ConfigErrors | null

  /**
   * @param errors - gathers what is wrong; null: the first error is thrown.
   * @param defaults - of keys, in place of those of their rows.
   */
  constructor(
    given: GivenProperties,
    keys: KnownKeys<Row>,
    errors: ConfigErrors | null = null,
    defaults: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#given = given
    this.#keys = keys
    this.#errors = errors
    this.#defaults = defaults
  }

  /** The text of a setting, or its default. */
  text(key: Row['key']): string {
    return this.#given.get(key) ?? this.#defaultOf(key)
  }

  /** Whether none of these settings has an error so far: a rule about several of them may look at their values. */
  areSound(...keys: readonly Row['key'][]): boolean {
    return this.#errors === null || this.#errors.areSound(keys)
  }

  /** An integer inside the range of its row. */
  int(key: Row['key']): number {
    const { type } = this.#keys.settingOf(key)
    return this.#take(key, (text) => {
      return this.#inRange(key, parseInteger(text, type) ?? this.refuse(key, text))
    })
  }

  /** An integer, its range not yet looked at; `inRange` does that when its turn has come. */
  anyInt(key: Row['key']): number {
    const { type } = this.#keys.settingOf(key)
    return this.#take(key, (text) => parseInteger(text, type) ?? this.refuse(key, text))
  }

  /** A number with or without a fraction, inside the range of its row. */
  double(key: Row['key']): number {
    return this.#take(key, (text) => {
      return this.#inRange(key, DECIMAL.test(text) ? Number(text) : this.refuse(key, text))
    })
  }

  /** An integer inside the range of its row, or null for the word `off`. */
  intOrOff(key: Row['key']): number | null {
    return this.text(key).toLowerCase() === 'off' ? null : this.int(key)
  }

  /** Looks at a value that {@link anyInt} has read. */
  inRange(key: Row['key'], value: number): void {
    if (!this.areSound(key)) return
    if (this.#errors === null) this.#inRange(key, value)
    else this.#errors.attempt(() => this.#inRange(key, value), value)
  }

  /** One of the words of the row, exactly as written there. */
  choice<Key extends Row['key']>(key: Key): ChoiceIn<Row, Key> {
    return this.#take(key, (text) => {
      const word = this.#choicesOf(key).find((each) => each === text)
      return (word ?? this.refuse(key, text)) as ChoiceIn<Row, Key>
    })
  }

  /** One of the words of the row, in any case. */
  choiceInAnyCase<Key extends Row['key']>(key: Key): ChoiceIn<Row, Key> {
    return this.#take(key, (text) => {
      const word = this.#choicesOf(key).find((each) => each.toLowerCase() === text.toLowerCase())
      return (word ?? this.refuse(key, text)) as ChoiceIn<Row, Key>
    })
  }

  /** true or false, in any case. */
  boolean(key: Row['key']): boolean {
    return this.#take(key, (text) => {
      const word = text.toLowerCase()
      return word === 'true' || (word !== 'false' && this.refuse(key, text))
    })
  }

  /** A word of the row in any case, or its number, which is its position there. */
  codec<Key extends Row['key']>(key: Key): ChoiceIn<Row, Key> {
    return this.#take(key, (text) => {
      const number = parseInteger(text, 'int')
      const words = this.#choicesOf(key)
      const word = number === undefined ? words.find((each) => each === text.toLowerCase()) : words[number]
      return (word ?? this.refuse(key, text)) as ChoiceIn<Row, Key>
    })
  }

  list(key: Row['key']): string[] {
    return splitList(this.text(key))
  }

  brokers(key: Row['key']): readonly BrokerAddress[] {
    const isSecret = this.#given.isProvided(key)
    const read = (): readonly BrokerAddress[] =>
      parseBrokerList(this.text(key), (problem) =>
        isSecret ? this.refuse(key, this.text(key)) : this.fail(key, problem),
      )
    return this.#errors === null ? read() : this.#errors.attempt(read, [])
  }

  /** Throws an error that begins with the place and the key. */
  fail(key: Row['key'], problem: string): never {
    throw new ConfigError(`${this.#given.where(key)}${key} ${problem}`, key)
  }

  /** Throws an error that shows the text and what is accepted instead. */
  refuse(key: Row['key'], text: string): never {
    const row = this.#keys.settingOf(key)
    const isSecret = row.type === 'password' || this.#given.isProvided(key)
    const shown = text === '' ? 'is empty' : isSecret ? 'cannot be used' : `is "${printable(text)}"`
    const accepted =
      isWhole(row) && parseInteger(text, row.type) === undefined ? wholeNumber(row) : acceptedBy(row)
    this.fail(key, `${shown}: expected ${accepted}${isSecret ? '' : advice(row, text)}`)
  }

  /** Reads the text that is in force; after an error that is gathered, the default. */
  #take<T>(key: Row['key'], read: (text: string) => T): T {
    if (this.#errors === null) return read(this.text(key))
    const value = this.#errors.attempt(() => read(this.text(key)), MISSING)
    return value === MISSING ? read(this.#defaultOf(key)) : value
  }

  #defaultOf(key: Row['key']): string {
    return this.#defaults.get(key) ?? this.#keys.settingOf(key).default ?? ''
  }

  #inRange(key: Row['key'], value: number): number {
    const { min = -Infinity, max = Infinity } = this.#keys.settingOf(key)
    return value >= min && value <= max ? value : this.refuse(key, String(value))
  }

  #choicesOf(key: Row['key']): readonly string[] {
    return this.#keys.settingOf(key).choices ?? []
  }
}

/** Java's decimal integers, 32 bits unless the type is `long`; undefined for anything else. */
export function parseInteger(text: string, type: Setting['type']): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined
  const value = Number(text)
  const fits = type === 'long' ? Number.isSafeInteger(value) : value >= MIN_INT32 && value <= MAX_INT32
  return fits ? value + 0 : undefined
}

const isWhole = ({ type }: Setting): boolean => type === 'int' || type === 'long'

/** Where the text is no number the limits that another setting sets are beside the point. */
function wholeNumber(row: Setting): string {
  return row.range === undefined ? acceptedBy(row) : acceptedBy({ ...row, range: undefined })
}

function advice(row: Setting, text: string): string {
  const { key, instead = {} } = row
  const word = text.toLowerCase()
  if (Object.hasOwn(instead, word)) return `; write ${key}=${instead[word]}`
  if (!isWhole(row) || !DECIMAL.test(text) || parseInteger(text, row.type) !== undefined) return ''
  const value = Number(text)
  const plain = parseInteger(String(value), row.type)
  const rule = 'numbers are whole and have no exponent'
  return plain === undefined || !Number.isSafeInteger(value) ? `; ${rule}` : `; write ${plain}: ${rule}`
}
