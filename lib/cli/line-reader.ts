/**
 * Policy: a line → key and value, by the reader properties `parse.key`, `key.separator` and `ignore.error`.
 *
 * @see classic-producer reference §11.1
 */
import { ConfigError } from '../errors.js'

export interface KeyAndValue {
  readonly key: Buffer | null
  readonly value: Buffer
}

export type ReaderProperties = ReadonlyMap<string, string>

const KNOWN: ReadonlySet<string> = new Set(['topic', 'parse.key', 'key.separator', 'ignore.error'])

export class LineReader {
  readonly #parseKey: boolean
  readonly #separator: Buffer
  readonly #ignoreError: boolean
  #lineNumber = 0

  /** @throws {ConfigError} for an empty separator. */
  constructor(properties: ReaderProperties) {
    this.#parseKey = isTrue(properties.get('parse.key'))
    this.#ignoreError = isTrue(properties.get('ignore.error'))
    this.#separator = Buffer.from(properties.get('key.separator') ?? '\t')
    if (this.#separator.length === 0) throw new ConfigError('key.separator is empty; a TAB is the default')
  }

  /** Lines read so far. */
  get lineNumber(): number {
    return this.#lineNumber
  }

  /** @throws {ConfigError} naming the line, when it has no separator and `ignore.error` is off. */
  read(line: Buffer): KeyAndValue {
    this.#lineNumber++
    if (!this.#parseKey) return { key: null, value: line }
    const at = line.indexOf(this.#separator)
    if (at >= 0) return { key: line.subarray(0, at), value: line.subarray(at + this.#separator.length) }
    if (this.#ignoreError) return { key: null, value: line }
    throw new ConfigError(
      `line ${this.#lineNumber} has no key separator; set --property key.separator=…, ` +
        'or --property ignore.error=true to send such lines without a key',
    )
  }
}

/** Names in `properties` that no reader property has. */
export function unknownReaderProperties(properties: ReaderProperties): string[] {
  return [...properties.keys()].filter((key) => !KNOWN.has(key))
}

function isTrue(value: string | undefined): boolean {
  return value?.trim().toLowerCase() === 'true'
}
