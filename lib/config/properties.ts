/**
 * Reads the text of a Java properties file.
 *
 * The rules are those of `java.util.Properties.load`: `#` and `!` comments, `=`, `:` or blanks between key and
 * value, backslash escapes, `\uXXXX`, continuation lines, any line end. `properties-file` knows them; this file
 * only splits the text into logical lines for it, because its errors have no position, and because Java
 * skips a lone backslash at the start of a logical line where the library would start a pair.
 *
 * Two deliberate differences from Java. A byte order mark in front of the text is dropped; Java makes it a part of
 * the first key, which is then unknown. A lone backslash as the last line is nothing; for Java it may be a pair of
 * an empty key and an empty value, depending on the kind of line end after it.
 */
import { Properties } from 'properties-file/parser'
import { ConfigError } from '../errors.js'
import { ConfigErrors } from './config-errors.js'

/** Longer texts are refused: a configuration is small, and this one may come from anywhere. */
export const MAX_PROPERTIES_CHARACTERS = 1024 * 1024

/** One pair of a properties text. */
export interface PropertyLine {
  key: string
  value: string
  /** Where the pair begins, counted from 1. */
  line: number
}

/**
 * The pairs of a properties text, every occurrence, in the order of the text. Values are not trimmed.
 *
 * @param source - what to call the text in an error, e.g. a file name.
 * @throws {ConfigError} on malformed `\uXXXX` escapes (all, with their lines), on a text of more than 1 Mi characters, and
 *   on what is no string.
 */
export function parsePropertyLines(text: string, source?: string): PropertyLine[] {
  if (typeof text !== 'string') {
    throw new ConfigError('the text of a properties file must be a string; decode a Buffer first, as latin1')
  }
  if (text.length > MAX_PROPERTIES_CHARACTERS) {
    const where = source === undefined ? 'the properties text' : source
    throw new ConfigError(
      `${where} is longer than ${MAX_PROPERTIES_CHARACTERS} characters: not a configuration`,
    )
  }
  const pairs: PropertyLine[] = []
  const errors = new ConfigErrors()
  for (const { line, text: logicalLine } of logicalLines(text)) {
    for (const { key, value } of errors.attempt(() => parseLogicalLine(logicalLine, line, source), [])) {
      pairs.push({ key, value, line })
    }
  }
  errors.throwIfAny()
  return pairs
}

/**
 * Reads a Java properties text into a Map; of a repeated key the last value wins, as in Java.
 *
 * Every key is an ordinary key, `__proto__` too. Values are as written, not trimmed; `ProducerConfig` trims.
 *
 * @throws {ConfigError} on a malformed `\uXXXX` escape (with its line) and on a text of more than 1 Mi characters.
 */
export function parseProperties(text: string): Map<string, string> {
  return new Map(parsePropertyLines(text).map(({ key, value }) => [key, value]))
}

function parseLogicalLine(text: string, line: number, source: string | undefined) {
  try {
    // The line break keeps the library from taking U+FEFF for a byte order mark in front of every line.
    return new Properties(`\n${text}`).getProperties()
  } catch (cause) {
    // The library's text repeats a part of the line, which may be a secret; ours does not, so it is no cause either.
    if (!(cause instanceof Error)) throw cause
    const where = source === undefined ? `line ${line}` : `${source}:${line}`
    throw new ConfigError(`${where}: malformed \\u escape: \\u must be followed by four hexadecimal digits`)
  }
}

/** Splits a text where Java ends a logical line; comments and blank lines come along, as lines of their own. */
function* logicalLines(text: string): Generator<{ line: number; text: string }> {
  const lines = withoutByteOrderMark(text).split(/\r\n|\r|\n/)
  for (let start = 0; start < lines.length; start++) {
    // Looked at first: a run of such lines must not be searched for its end again and again.
    if (isLoneBackslash(lines[start]!)) continue
    const first = start
    if (!isComment(lines[first]!)) {
      while (start + 1 < lines.length && isContinued(lines[start]!)) start++
    }
    yield { line: first + 1, text: lines.slice(first, start + 1).join('\n') }
  }
}

const withoutByteOrderMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text)

const isComment = (line: string): boolean => /^[ \t\f]*[#!]/.test(line)

const isLoneBackslash = (line: string): boolean => /^[ \t\f]*\\$/.test(line)

/** An odd number of backslashes at the end; an even number is half as many escaped backslashes. */
function isContinued(line: string): boolean {
  let backslashes = 0
  while (backslashes < line.length && line[line.length - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}
