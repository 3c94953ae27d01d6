/**
 * Policy: a line → key and value, by the reader properties `parse.key`, `key.separator` and `ignore.error`.
 *
 * @see docs/reference/classic-producer.md#console-producer
 */
import { ConfigError, printable } from '../errors.js'
import { InputError } from './tool-errors.js'

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

  /** @throws {ConfigError} for an empty separator: it would make every key empty. */
  constructor(properties: ReaderProperties) {
    this.#parseKey = isTrue(properties.get('parse.key'))
    this.#ignoreError = isTrue(properties.get('ignore.error'))
    this.#separator = Buffer.from(properties.get('key.separator') ?? '\t')
    if (this.#separator.length === 0) {
      throw new ConfigError('key.separator is empty; leave it out for a TAB', 'key.separator')
    }
  }

  /** @throws {InputError} naming the line, when it has no separator and `ignore.error` is off. */
  read(line: Buffer): KeyAndValue {
    this.#lineNumber++
    if (!this.#parseKey) return { key: null, value: line }
    const at = line.indexOf(this.#separator)
    if (at >= 0) return { key: line.subarray(0, at), value: line.subarray(at + this.#separator.length) }
    if (this.#ignoreError) return { key: null, value: line }
    throw new InputError(
      `line ${this.#lineNumber} has no key separator (${this.#shownSeparator()}); set --property key.separator=…, ` +
        'or --property ignore.error=true to send such lines without a key',
    )
  }

  /** As in the original a separator is taken as it is written, which surprises whoever wrote `\t` in a shell. */
  #shownSeparator(): string {
    const separator = this.#separator.toString()
    if (separator === '\t') return 'a TAB'
    const literally = separator.includes('\\') ? ', taken literally' : ''
    return `"${printable(separator)}"${literally}`
  }
}

/** One sentence for each property that does nothing, or not what it seems to. */
export function oddReaderProperties(properties: ReaderProperties): string[] {
  const unknown = [...properties.keys()].filter((key) => !KNOWN.has(key))
  const sentences = unknown.map(
    (key) =>
      `--property ${printable(key)} is not a property of the reader; settings of the producer go into --producer-property`,
  )
  for (const key of ['parse.key', 'ignore.error']) {
    const value = properties.get(key)
    if (value !== undefined && !/^(true|false)$/i.test(value.trim())) {
      sentences.push(`--property ${key}=${printable(value)} means false; only true means true`)
    }
  }
  if (properties.has('key.separator') && !isTrue(properties.get('parse.key'))) {
    sentences.push('--property key.separator does nothing without --property parse.key=true')
  }
  return sentences
}

/** Only the word true, in any case, means true. */
export function isTrue(value: string | undefined): boolean {
  return value?.trim().toLowerCase() === 'true'
}
