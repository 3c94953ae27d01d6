/**
 * What the user gave, before any of it is understood: key → trimmed text, and where it was written.
 *
 * Takes the JavaScript values that have one obvious spelling in a properties file. Never repeats a value in an error,
 * since a value of an unknown key may be a secret.
 */
import { ConfigError, printable } from '../errors.js'
import { ConfigErrors } from './config-errors.js'
import type { KnownKeys } from './known-keys.js'
import type { PropertyLine } from './properties.js'

export class GivenProperties {
  /** What the properties came from, e.g. a file name. */
  readonly source: string | undefined
  readonly #texts = new Map<string, string>()
  readonly #lines = new Map<string, number>()
  readonly #notFromSource = new Set<string>()
  /** Keys that nobody wrote: a tool has other defaults. */
  readonly #defaults = new Set<string>()
  /** Keys whose values a provider gave, in whole or in part. */
  readonly #provided = new Set<string>()
  #repeated: string[] = []

  private constructor(source: string | undefined) {
    this.source = source
  }

  /**
   * @param keys - say which settings are lists, and what a value that is of no use may have been meant for.
   * @throws {ConfigError} on anything but a plain object or a Map of strings, numbers, bigints, booleans, and lists of
   *   strings.
   */
  static fromValues(properties: unknown, keys: KnownKeys, source?: string): GivenProperties {
    const given = new GivenProperties(source)
    const errors = new ConfigErrors()
    for (const [key, value] of entriesOf(properties)) {
      given.#texts.set(key, errors.attempt(() => textOf(key, value, keys), '').trim())
    }
    errors.throwIfAny()
    return given
  }

  /** Of a repeated key the last line counts, as in Java; the repetition is noted. */
  static fromLines(pairs: Iterable<PropertyLine>, source?: string): GivenProperties {
    const given = new GivenProperties(source)
    for (const { key, value, line } of pairs) {
      const earlier = given.#lines.get(key)
      given.#texts.set(key, value.trim())
      given.#lines.set(key, line)
      if (earlier !== undefined) {
        given.#repeated.push(
          `${given.where(key)}${printable(key)} is repeated: this line counts, line ${earlier} does not`,
        )
      }
    }
    return given
  }

  /** The same with values underneath, for what is not given, and on top, which come from no file. */
  layered(
    underneath: ReadonlyMap<string, string> | undefined,
    onTop: ReadonlyMap<string, string> | undefined,
  ): GivenProperties {
    const layered = new GivenProperties(this.source)
    for (const [key, value] of underneath ?? []) {
      layered.#texts.set(key, value.trim())
      if (this.has(key)) continue
      layered.#notFromSource.add(key)
      layered.#defaults.add(key)
    }
    for (const [key, value] of this.#texts) layered.#texts.set(key, value)
    for (const [key, line] of this.#lines) layered.#lines.set(key, line)
    for (const [key, value] of onTop ?? []) {
      layered.#defaults.delete(key)
      layered.#texts.set(key, value.trim())
      layered.#lines.delete(key)
      layered.#notFromSource.add(key)
    }
    layered.#repeated = this.#repeated
    return layered
  }

  /** The same with other values where `replace` has some; those are never shown. */
  replaced(replace: (key: string, text: string) => string): GivenProperties {
    const replaced = this.layered(undefined, undefined)
    for (const key of this.#notFromSource) replaced.#notFromSource.add(key)
    for (const key of this.#defaults) replaced.#defaults.add(key)
    for (const [key, text] of this.#texts) {
      const value = replace(key, text)
      if (value === text) continue
      replaced.#texts.set(key, value.trim())
      replaced.#provided.add(key)
    }
    return replaced
  }

  /** Whether a provider gave the value: it may be a secret, whatever the key. */
  isProvided(key: string): boolean {
    return this.#provided.has(key)
  }

  /** One sentence for each repetition of a key. */
  get repetitions(): readonly string[] {
    return this.#repeated
  }

  keys(): string[] {
    return [...this.#texts.keys()].sort()
  }

  has(key: string): boolean {
    return this.#texts.has(key)
  }

  /** Whether somebody wrote the key, so that it is no default of a tool. */
  isWritten(key: string): boolean {
    return this.has(key) && !this.#defaults.has(key)
  }

  get(key: string): string | undefined {
    return this.#texts.get(key)
  }

  /** How a message about a key begins: `producer.properties:12: `, or less where less is known. */
  where(key: string): string {
    if (this.#notFromSource.has(key)) return ''
    const line = this.#lines.get(key)
    const place = [this.source ?? (line === undefined ? '' : 'line '), line ?? ''].filter(
      (part) => part !== '',
    )
    if (place.length === 0) return ''
    return `${printable(place.join(this.source === undefined ? '' : ':'))}: `
  }
}

function entriesOf(properties: unknown): Iterable<readonly [string, unknown]> {
  if (properties instanceof Map) {
    for (const key of properties.keys()) {
      if (typeof key !== 'string')
        throw new ConfigError(`a key of the configuration is ${nameOf(key)}, not a string`)
    }
    return properties
  }
  if (typeof properties === 'object' && properties !== null && !Array.isArray(properties)) {
    return Object.entries(properties)
  }
  const instead =
    typeof properties === 'string'
      ? '; use ProducerConfig.fromText for the text of a properties file, ProducerConfig.fromFile for its name'
      : ''
  throw new ConfigError(`the configuration must be an object or a Map, not ${nameOf(properties)}${instead}`)
}

function textOf(key: string, value: unknown, keys: KnownKeys): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value)
  const type = keys.find(key)?.type
  const isList = type === 'list' || type === 'brokers'
  if (isList && Array.isArray(value)) {
    const stranger = value.findIndex((item) => typeof item !== 'string')
    if (stranger === -1) return value.join(',')
    throw new ConfigError(`${key}: entry ${stranger + 1} is ${nameOf(value[stranger])}, not a string`, key)
  }
  const accepted = isList ? 'a string or an array of strings' : 'a string, a number or a boolean'
  const advice = type === 'class' ? '; give the name here and the class itself in options.classes' : ''
  const absent = value === undefined || value === null ? '; leave the key out to get the default' : ''
  const foreign = keys.foreignKeyOf(key)
  const instead = foreign?.instead === undefined ? '' : `, write ${foreign.instead}`
  const whose = foreign === undefined ? '' : `; ${key} ${foreign.whose}${instead}`
  throw new ConfigError(
    `${printable(key)} is ${nameOf(value)}: expected ${accepted}${advice}${absent}${whose}`,
    key,
  )
}

/** The kind of a value, without the value. */
function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
