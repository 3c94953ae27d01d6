/**
 * The security settings of a configuration: checked one by one, and handed on as text to whoever puts them together.
 *
 * What they demand of each other is not known here. No error repeats a value of type password, or one that a provider gave.
 */
import { printable } from '../errors.js'
import type { ConfigErrors } from './config-errors.js'
import { HIDDEN } from './echo.js'
import type { GivenProperties } from './given-properties.js'
import type { Hint } from './hints.js'
import type { KnownKeys } from './known-keys.js'
import type { Setting } from './setting.js'
import { SettingReader } from './setting-reader.js'

/** What `lib/security` reads. */
export class SecurityValues {
  readonly #given: GivenProperties
  readonly #read: SettingReader<Setting>
  readonly #rows: readonly Setting[]

  /** @param errors - gathers one for each value outside the range of its row, and for what only Java can do. */
  constructor(given: GivenProperties, keys: KnownKeys, errors: ConfigErrors) {
    this.#given = given
    this.#read = new SettingReader<Setting>(given, keys)
    this.#rows = keys.security
    for (const row of this.#rows) if (given.has(row.key)) errors.attempt(() => this.#check(row), undefined)
  }

  /** Whether a key was given, whatever its value. */
  has(key: string): boolean {
    return this.#given.has(key)
  }

  /** The text of a key, trimmed, or its default; empty where it has none. */
  text(key: string): string {
    return this.#read.text(key)
  }

  /** The text of a key, or a part of it, fit for an error or a log line: not shown where a provider gave it. */
  shown(key: string, text: string = this.text(key)): string {
    return this.#given.isProvided(key) ? HIDDEN : printable(text)
  }

  /** Ends in a ConfigError that begins with the place and the key. */
  fail(key: string, problem: string): never {
    return this.#read.fail(key, problem)
  }

  /** What was given and will not happen. @param level - of keys for a protection that is not in use. */
  hints(level: Hint['level']): Hint[] {
    const given = this.#given
    const noEffect = this.#rows
      .filter(({ key, inNode }) => inNode === 'no effect' && given.has(key))
      .map(({ key, doc }): Hint => {
        return { level: 'info', text: `${given.where(key)}${key} has no effect here: ${doc}` }
      })
    const protocol = this.text('security.protocol').toUpperCase() || 'PLAINTEXT'
    return [
      ...(protocol.endsWith('SSL') ? [] : this.#idle('ssl.', protocol, level)),
      ...(protocol.startsWith('SASL') ? [] : this.#idle('sasl.', protocol, level)),
      ...noEffect,
    ]
  }

  /** One hint for a family of keys that the protocol does not use. */
  #idle(prefix: string, protocol: string, level: Hint['level']): Hint[] {
    const keys = this.#rows.filter(({ key }) => key.startsWith(prefix) && this.#given.has(key))
    const [first] = keys
    if (first === undefined) return []
    const others = keys.length === 1 ? '' : ` and ${keys.length - 1} more`
    const text = `${this.#given.where(first.key)}${first.key}${others}: no effect with security.protocol=${printable(protocol)}`
    return [{ level, text }]
  }

  /** Whether the protocol has a use for a key. */
  #isInUse(key: string): boolean {
    const protocol = this.text('security.protocol').toUpperCase()
    return key.startsWith('ssl.') ? protocol.endsWith('SSL') : protocol.startsWith('SASL')
  }

  #check({ key, type, inNode, choices, doc, default: byDefault }: Setting): void {
    const text = this.text(key)
    if (inNode === 'only the default') {
      if (!this.#isInUse(key)) return
      if (text !== byDefault && text !== 'null') this.fail(key, `cannot be used here. ${doc}`)
      return
    }
    if (type === 'int' || type === 'long') this.#read.int(key)
    else if (type === 'double') this.#read.double(key)
    else if (type === 'boolean') this.#read.boolean(key)
    else if (choices !== undefined && text !== '' && !choices.includes(text.toUpperCase())) {
      this.fail(key, `is none of ${choices.join(', ')}`)
    }
  }
}
