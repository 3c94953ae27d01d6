/**
 * Policy: a line → headers, key and value, by the reader properties of the newer console producer: `parse.headers`,
 * `headers.delimiter`, `headers.separator`, `headers.key.separator`, `parse.key`, `key.separator`, `null.marker`,
 * `ignore.error`. Lines are bytes and stay as they are; names of headers are read as UTF-8.
 *
 * @see Kafka's LineMessageReader 3.9
 */
import { ConfigError, printable } from '../errors.js'
import { isTrue, type ReaderProperties } from './line-reader.js'
import { InputError } from './tool-errors.js'

export interface LineRecord {
  readonly headers: readonly (readonly [key: string, value: Buffer | null])[]
  readonly key: Buffer | null
  readonly value: Buffer | null
}

const DEFAULTS = {
  'key.separator': '\t',
  'headers.delimiter': '\t',
  'headers.separator': ',',
  'headers.key.separator': ':',
} as const

type Separator = keyof typeof DEFAULTS

/** Pairs that would leave open where one part ends and the next begins. */
const DIFFERENT: readonly (readonly [string, string])[] = [
  ['headers.delimiter', 'headers.separator'],
  ['headers.delimiter', 'headers.key.separator'],
  ['headers.separator', 'headers.key.separator'],
  ['null.marker', 'key.separator'],
  ['null.marker', 'headers.separator'],
  ['null.marker', 'headers.delimiter'],
  ['null.marker', 'headers.key.separator'],
]

/** The part before a separator, if it is there, and where the next one begins. */
interface Part {
  readonly bytes: Buffer | null
  readonly next: number
}

const NO_HEADERS: LineRecord['headers'] = []

export class RecordLineReader {
  readonly #parseKey: boolean
  readonly #parseHeaders: boolean
  readonly #ignoreError: boolean
  readonly #separators: Readonly<Record<Separator, Buffer>>
  readonly #headersSeparator: RegExp
  readonly #nullMarker: Buffer | null
  #lineNumber = 0

  /** @throws {ConfigError} for separators that are empty, or the same where they must differ. */
  constructor(properties: ReaderProperties) {
    this.#parseKey = isTrue(properties.get('parse.key'))
    this.#parseHeaders = isTrue(properties.get('parse.headers'))
    this.#ignoreError = isTrue(properties.get('ignore.error'))
    const textOf = (name: string): string | undefined =>
      properties.get(name) ?? (DEFAULTS as Readonly<Record<string, string>>)[name]
    for (const name of Object.keys(DEFAULTS)) {
      if (textOf(name) === '') throw new ConfigError(`${name} is empty; leave it out for the default`, name)
    }
    for (const [one, other] of DIFFERENT) {
      if (textOf(one) === textOf(other)) throw new ConfigError(`${one} and ${other} may not be equal`, one)
    }
    const separators = Object.keys(DEFAULTS).map((name) => [name, Buffer.from(textOf(name)!)])
    this.#separators = Object.fromEntries(separators) as Record<Separator, Buffer>
    this.#headersSeparator = patternOf(textOf('headers.separator')!)
    const marker = properties.get('null.marker')
    this.#nullMarker = marker === undefined ? null : Buffer.from(marker)
  }

  /** @throws {InputError} naming the line, when a separator is not there and `ignore.error` is off. */
  read(line: Buffer): LineRecord {
    this.#lineNumber++
    const headers = this.#part(this.#parseHeaders, line, 0, 'headers.delimiter')
    const key = this.#part(this.#parseKey, line, headers.next, 'key.separator')
    return {
      headers: headers.bytes === null ? NO_HEADERS : this.#headersOf(headers.bytes),
      key: this.#orNull(key.bytes),
      value: this.#orNull(line.subarray(key.next)),
    }
  }

  #part(isParsed: boolean, line: Buffer, start: number, separator: Separator): Part {
    if (!isParsed) return { bytes: null, next: start }
    const bytes = this.#separators[separator]
    const at = line.indexOf(bytes, start)
    if (at >= 0) return { bytes: line.subarray(start, at), next: at + bytes.length }
    if (this.#ignoreError) return { bytes: null, next: start }
    throw this.#lacks(separator, '')
  }

  #headersOf(part: Buffer): LineRecord['headers'] {
    if (this.#isNullMarker(part)) return NO_HEADERS
    // One character for each byte: patterns find bytes, and none changes.
    const pairs = part.toString('latin1').split(this.#headersSeparator)
    while (pairs.length > 1 && pairs.at(-1) === '') pairs.pop()
    return pairs.map((pair) => this.#headerOf(Buffer.from(pair, 'latin1')))
  }

  #headerOf(pair: Buffer): readonly [string, Buffer | null] {
    const separator = this.#separators['headers.key.separator']
    const at = pair.indexOf(separator)
    if (at < 0) {
      if (this.#ignoreError) return [pair.toString(), null]
      throw this.#lacks('headers.key.separator', ' in one of its headers')
    }
    const key = pair.subarray(0, at)
    if (this.#isNullMarker(key)) {
      throw new InputError(
        `line ${this.#lineNumber} has a header whose name is the null marker; names cannot be null`,
      )
    }
    return [key.toString(), this.#orNull(pair.subarray(at + separator.length))]
  }

  #orNull(bytes: Buffer | null): Buffer | null {
    return bytes !== null && this.#isNullMarker(bytes) ? null : bytes
  }

  #isNullMarker(bytes: Buffer): boolean {
    return this.#nullMarker?.equals(bytes) ?? false
  }

  #lacks(separator: Separator, where: string): InputError {
    const text = this.#separators[separator].toString()
    const literally = text.includes('\\') ? ', taken literally' : ''
    const shown = text === '\t' ? 'a TAB' : `"${printable(text)}"${literally}`
    return new InputError(
      `line ${this.#lineNumber} has no ${separator} (${shown})${where}; set --property ${separator}=…, ` +
        'or --property ignore.error=true to send such lines as they are',
    )
  }
}

/** Of bytes as characters. In Java this separator is a pattern, the others are not. */
function patternOf(separator: string): RegExp {
  const key = 'headers.separator'
  let pattern: RegExp
  try {
    pattern = new RegExp(Buffer.from(separator).toString('latin1'))
  } catch (cause) {
    throw new ConfigError(`${key} is no regular expression: ${printable(separator)}`, key, { cause })
  }
  // Groups would be among the parts.
  const groups = new RegExp(`${pattern.source}|`).exec('')!.length - 1
  if (groups > 0 || pattern.test('')) {
    const text = `${key} is a regular expression, and ${printable(separator)} ${groups > 0 ? 'has groups' : 'fits nothing at all'}: write \\ before its special characters`
    throw new ConfigError(text, key)
  }
  return pattern
}

const KNOWN: ReadonlySet<string> = new Set([
  ...Object.keys(DEFAULTS),
  'topic',
  'parse.key',
  'parse.headers',
  'ignore.error',
  'null.marker',
])
const BOOLEANS = ['parse.key', 'parse.headers', 'ignore.error']

/** One sentence for each property that does nothing, or not what it seems to. */
export function oddRecordReaderProperties(properties: ReaderProperties): string[] {
  const sentences = [...properties.keys()]
    .filter((name) => !KNOWN.has(name))
    .map(
      (name) =>
        `--property ${printable(name)} is not a property of the reader; settings of the producer go into --producer-property`,
    )
  for (const name of BOOLEANS) {
    const value = properties.get(name)
    if (value !== undefined && !/^(true|false)$/i.test(value.trim())) {
      sentences.push(`--property ${name}=${printable(value)} means false; only true means true`)
    }
  }
  for (const name of Object.keys(DEFAULTS)) {
    const parse = name === 'key.separator' ? 'parse.key' : 'parse.headers'
    if (properties.has(name) && !isTrue(properties.get(parse))) {
      sentences.push(`--property ${name} does nothing without --property ${parse}=true`)
    }
  }
  return sentences
}
