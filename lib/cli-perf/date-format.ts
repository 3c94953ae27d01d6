/**
 * Patterns of Java's SimpleDateFormat, as far as a start and an end time need them: the letters y M d H m s S, and
 * quoted text. Anything else that is a letter is refused rather than printed wrong.
 *
 * @see docs/reference/classic-producer.md#perf-tool; the letters mean what the Java documentation of SimpleDateFormat says
 */
import { UsageError } from '../cli/tool-errors.js'
import { printable } from '../errors.js'

export type DateFormat = (epochMs: number) => string

type Part = (date: Date) => string

/** A run of one letter, two quotes for one, a quoted text (in which likewise), or text that means itself. */
const TOKEN = /([A-Za-z])\1*|''|'((?:[^']|'')+)'|[^A-Za-z']+/gy

const fields: Readonly<Record<string, (date: Date) => number>> = {
  y: (date) => date.getFullYear(),
  M: (date) => date.getMonth() + 1,
  d: (date) => date.getDate(),
  H: (date) => date.getHours(),
  m: (date) => date.getMinutes(),
  s: (date) => date.getSeconds(),
  S: (date) => date.getMilliseconds(),
}

/**
 * @returns a function from milliseconds since the epoch to text in the time zone of the process.
 * @throws {UsageError} for a letter without a meaning here, month names, and a quote that does not end.
 */
export function dateFormat(pattern: string): DateFormat {
  const parts: Part[] = []
  let end = 0
  for (const match of pattern.matchAll(TOKEN)) {
    const [token, letter, quoted] = match
    if (letter !== undefined) parts.push(fieldPart(letter, token.length, pattern))
    else parts.push(textPart((quoted ?? token).replaceAll("''", "'")))
    end = match.index + token.length
  }
  if (end < pattern.length) refuse(pattern, 'a quote does not end')
  return (epochMs) => {
    const date = new Date(epochMs)
    return parts.map((part) => part(date)).join('')
  }
}

function textPart(text: string): Part {
  return () => text
}

function fieldPart(letter: string, width: number, pattern: string): Part {
  const field = fields[letter]
  if (field === undefined) {
    return refuse(pattern, `the letter ${letter} is not supported; y M d H m s S and quoted text are`)
  }
  if (letter === 'M' && width > 2) return refuse(pattern, 'names of months are not supported; M and MM are')
  // In Java two letters y, and only two, mean the last two digits of the year.
  if (letter === 'y' && width === 2) return (date) => padded(field(date) % 100, 2)
  return (date) => padded(field(date), width)
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, '0')
}

function refuse(pattern: string, problem: string): never {
  throw new UsageError(`--date-format "${printable(pattern)}": ${problem}\n`, 1)
}
