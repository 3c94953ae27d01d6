/**
 * Splits the text of `sasl.jaas.config` into words, quoted texts and single characters, as java.io.StreamTokenizer does with
 * the settings that Kafka gives it.
 *
 * Its rules are odd and kept: a word may hold letters, digits and `-_$.`; what begins with a digit, a dot or a minus is a
 * number, even in the middle of a password; a quoted text ends at the end of its line; a single slash begins a comment.
 *
 * @see java.io.StreamTokenizer of Java 17; org.apache.kafka.common.security.JaasConfig, Kafka 4.3
 */

/** `text` is null for a number: it is not a word, so it can be neither a key nor a value. */
export type JaasToken =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'number' }
  | { readonly kind: 'character'; readonly text: string }

/** Characters of a word, in Java's table: ASCII letters, everything from U+00A0 on, and what Kafka adds. */
const isLetter = (c: string): boolean => /[a-zA-Z\-_$]/.test(c) || c >= '\u00a0'
const isDigit = (c: string): boolean => c >= '0' && c <= '9'
const isNumeric = (c: string): boolean => isDigit(c) || c === '.' || c === '-'
const isLineEnd = (c: string | undefined): boolean => c === undefined || c === '\n' || c === '\r'

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\x0b',
}

export function jaasTokens(text: string): JaasToken[] {
  const tokens: JaasToken[] = []
  let at = 0
  while (at < text.length) {
    const c = text[at]!
    if (c <= ' ') at++
    else if (c === '/') at = afterComment(text, at)
    else if (isNumeric(c)) {
      const end = endOfNumber(text, at)
      tokens.push(end === at ? { kind: 'character', text: '-' } : { kind: 'number' })
      at = Math.max(end, at + 1)
    } else if (isLetter(c)) {
      let end = at
      while (end < text.length && (isLetter(text[end]!) || isNumeric(text[end]!))) end++
      tokens.push({ kind: 'word', text: text.slice(at, end) })
      at = end
    } else if (c === '"' || c === "'") {
      const quoted = quotedAt(text, at)
      tokens.push({ kind: 'word', text: quoted.text })
      at = quoted.end
    } else {
      tokens.push({ kind: 'character', text: c })
      at++
    }
  }
  return tokens
}

function afterComment(text: string, at: number): number {
  if (text[at + 1] === '*') {
    const end = text.indexOf('*/', at + 2)
    return end === -1 ? text.length : end + 2
  }
  let end = at
  while (!isLineEnd(text[end])) end++
  return end
}

/** Where a number ends: digits and one dot. The same place for a minus that no number follows. */
function endOfNumber(text: string, start: number): number {
  let at = start
  if (text[at] === '-') {
    at++
    if (text[at] !== '.' && !isDigit(text[at] ?? '')) return start
  }
  let hasDot = false
  for (; at < text.length; at++) {
    const c = text[at]!
    if (c === '.' && !hasDot) hasDot = true
    else if (!isDigit(c)) break
  }
  return at
}

function quotedAt(text: string, start: number): { text: string; end: number } {
  const quote = text[start]
  const parts: string[] = []
  let at = start + 1
  while (!isLineEnd(text[at]) && text[at] !== quote) {
    if (text[at] !== '\\') parts.push(text[at++]!)
    else {
      const octal = /^[0-3][0-7]{0,2}|^[4-7][0-7]?/.exec(text.slice(at + 1, at + 4))?.[0]
      const next = text[at + 1]
      // At the end of the text Java reads the end of the stream as a character.
      if (next === undefined) parts.push('\uffff')
      else if (octal === undefined) parts.push(escapes[next] ?? next)
      else parts.push(String.fromCharCode(Number.parseInt(octal, 8)))
      at += 1 + (octal?.length ?? 1)
    }
  }
  return { text: parts.join(''), end: text[at] === quote ? at + 1 : at }
}
