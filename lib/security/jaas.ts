/**
 * Reads `sasl.jaas.config`: a login module, a control flag, and options.
 *
 *     org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="…";
 *
 * Takes and refuses what the Java client takes and refuses. No error repeats a part of the text, but for the name of an option.
 *
 * @see org.apache.kafka.common.security.JaasConfig and JaasContext, Kafka 4.3
 */
import { printable } from '../errors.js'
import { type JaasToken, jaasTokens } from './jaas-tokens.js'

export interface JaasEntry {
  /** Class name, e.g. `org.apache.kafka.common.security.plain.PlainLoginModule`. */
  readonly loginModule: string
  readonly options: ReadonlyMap<string, string>
}

const FLAGS = new Set(['REQUIRED', 'REQUISITE', 'SUFFICIENT', 'OPTIONAL'])

/**
 * The one entry of a text.
 *
 * @param fail - ends in an error whose text follows the key.
 */
export function parseJaas(text: string, fail: (problem: string) => never): JaasEntry {
  const tokens = jaasTokens(text)
  if (tokens.length === 0) fail('is empty: it needs a login module, "required", and options')
  const reader = new EntryReader(tokens, fail)
  const entry = reader.read()
  if (!reader.isAtEnd) fail('has more than one entry: one login module, ended by one semicolon')
  return entry
}

class EntryReader {
  readonly #tokens: readonly JaasToken[]
  readonly #fail: (problem: string) => never
  #at = 0

  constructor(tokens: readonly JaasToken[], fail: (problem: string) => never) {
    this.#tokens = tokens
    this.#fail = fail
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length
  }

  read(): JaasEntry {
    const loginModule = wordOf(this.#next()) ?? this.#fail('does not begin with the class of a login module')
    const flag = this.#next()
    if (!FLAGS.has((wordOf(flag) ?? '').toUpperCase())) {
      this.#fail('has no control flag after its login module: write required')
    }
    const options = new Map<string, string>()
    for (;;) {
      const token = this.#next()
      if (token === undefined) this.#fail('does not end with a semicolon')
      if (isCharacter(token, ';')) return { loginModule, options }
      const name = wordOf(token)
      const equals = this.#next()
      const value = isCharacter(equals, '=') ? wordOf(this.#next()) : undefined
      if (name === undefined || value === undefined) this.#fail(noValue(name))
      options.set(name, value)
    }
  }

  #next(): JaasToken | undefined {
    return this.#tokens[this.#at++]
  }
}

/** A text with a wrong quotation mark shows up as the name of an option, so only what looks like one is repeated. */
function noValue(name: string | undefined): string {
  const which = name !== undefined && /^[a-zA-Z_]{1,40}$/.test(name) ? `: ${printable(name)}` : ''
  return `has an option without a value${which}; write name="value", and in the value \\" for " and \\\\ for \\`
}

function wordOf(token: JaasToken | undefined): string | undefined {
  return token?.kind === 'word' ? token.text : undefined
}

function isCharacter(token: JaasToken | undefined, text: string): boolean {
  return token?.kind === 'character' && token.text === text
}
