/**
 * Turns the given text of a setting into its value, by the rules of its row. The table of rows is handed in.
 *
 * Each method reads one setting, or its default, and throws a ConfigError that names place, key, value and what
 * is accepted. The order of the calls is the order in which several errors are found; the caller decides it.
 */

import type { BrokerAddress } from '../broker-address.js'
import { ConfigError, printable } from '../errors.js'
import { parseBrokerList, splitList } from './broker-list.js'
import type { GivenProperties } from './given-properties.js'
import type { KnownKeys } from './known-keys.js'
import { acceptedBy, type ChoiceIn, type Setting } from './setting.js'

const MAX_INT32 = 2147483647
const MIN_INT32 = -2147483648

export class SettingReader<Row extends Setting> {
  readonly #given: GivenProperties
  readonly #keys: KnownKeys<Row>
  readonly #defaults: ReadonlyMap<string, string>

  /** @param defaults - of keys, in place of those of their rows. */
  constructor(
    given: GivenProperties,
    keys: KnownKeys<Row>,
    defaults: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#given = given
    this.#keys = keys
    this.#defaults = defaults
  }

  /** The text of a setting, or its default. */
  text(key: Row['key']): string {
    return this.#given.get(key) ?? this.#defaults.get(key) ?? this.#keys.settingOf(key).default ?? ''
  }

  /** An integer inside the range of its row. */
  int(key: Row['key']): number {
    return this.inRange(key, this.anyInt(key))
  }

  /** An integer, its range not yet looked at; `inRange` does that when its turn has come. */
  anyInt(key: Row['key']): number {
    const text = this.text(key)
    return parseInteger(text, this.#keys.settingOf(key).type) ?? this.refuse(key, text)
  }

  /** A number with or without a fraction, inside the range of its row. */
  double(key: Row['key']): number {
    const text = this.text(key)
    return this.inRange(
      key,
      /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : this.refuse(key, text),
    )
  }

  /** An integer inside the range of its row, or null for the word `off`. */
  intOrOff(key: Row['key']): number | null {
    return this.text(key).toLowerCase() === 'off' ? null : this.int(key)
  }

  inRange(key: Row['key'], value: number): number {
    const { min = -Infinity, max = Infinity } = this.#keys.settingOf(key)
    return value >= min && value <= max ? value : this.refuse(key, String(value))
  }

  /** One of the words of the row, exactly as written there. */
  choice<Key extends Row['key']>(key: Key): ChoiceIn<Row, Key> {
    const text = this.text(key)
    return (this.#choicesOf(key).find((word) => word === text) ?? this.refuse(key, text)) as ChoiceIn<
      Row,
      Key
    >
  }

  /** One of the words of the row, in any case. */
  choiceInAnyCase<Key extends Row['key']>(key: Key): ChoiceIn<Row, Key> {
    const text = this.text(key)
    const word = this.#choicesOf(key).find((each) => each.toLowerCase() === text.toLowerCase())
    return (word ?? this.refuse(key, text)) as ChoiceIn<Row, Key>
  }

  /** true or false, in any case. */
  boolean(key: Row['key']): boolean {
    const text = this.text(key)
    const word = text.toLowerCase()
    return word === 'true' || (word !== 'false' && this.refuse(key, text))
  }

  /** A word of the row in any case, or its number, which is its position there. */
  codec<Key extends Row['key']>(key: Key): ChoiceIn<Row, Key> {
    const text = this.text(key)
    const number = parseInteger(text, 'int')
    const words = this.#choicesOf(key)
    const word = number === undefined ? words.find((each) => each === text.toLowerCase()) : words[number]
    return (word ?? this.refuse(key, text)) as ChoiceIn<Row, Key>
  }

  list(key: Row['key']): string[] {
    return splitList(this.text(key))
  }

  brokers(key: Row['key']): readonly BrokerAddress[] {
    const isSecret = this.#given.isProvided(key)
    return parseBrokerList(this.text(key), (problem) =>
      isSecret ? this.refuse(key, this.text(key)) : this.fail(key, problem),
    )
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
    this.fail(key, `${shown}: expected ${acceptedBy(row)}${isSecret ? '' : advice(row, text)}`)
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

function advice({ key, instead = {} }: Setting, text: string): string {
  const word = text.toLowerCase()
  return Object.hasOwn(instead, word) ? `; write ${key}=${instead[word]}` : ''
}
