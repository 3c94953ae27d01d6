/**
 * Headers in any form that callers have them in, as pairs in order. For both producers, each with an error of its own.
 *
 * Takes anything iterable that yields `[name, value]` or `{ key, value }` (arrays, a Map, the Headers of fetch,
 * RecordHeaders) and plain objects, where an array is several headers of one name. Everything else is refused: of an
 * object whose fields are hidden nothing would be stored, and nobody would notice.
 */
import { isBytes } from './bytes.js'
import { asKafkaError, printable } from './errors.js'

export type HeaderValue = string | Uint8Array | null

export type HeaderPair = readonly [name: string, value: HeaderValue]

/** Makes the error. @param what - what was found in place of headers; never a value. */
export type RefuseHeaders = (what: string, cause?: unknown) => Error

/**
 * A copy, so that nobody changes it on the way; not of the bytes in it.
 *
 * @throws what `refuse` returns, also where reading the headers throws.
 */
export function headerPairs(headers: unknown, refuse: RefuseHeaders): HeaderPair[] {
  try {
    return pairsOf(headers, refuse)
  } catch (thrown) {
    throw asKafkaError(thrown) ?? refuse('something that throws when it is read', thrown)
  }
}

/** One header. @throws what `refuse` returns. */
export function headerPair(name: unknown, value: unknown, refuse: RefuseHeaders): HeaderPair {
  if (typeof name !== 'string') throw refuse(`a name that is ${typeName(name)}`)
  if (value === null || typeof value === 'string' || isBytes(value)) return [name, value]
  throw refuse(`${typeName(value)} as the value of ${printable(name)}`)
}

function pairsOf(headers: unknown, refuse: RefuseHeaders): HeaderPair[] {
  if (typeof headers !== 'object' || headers === null || isBytes(headers)) throw refuse(typeName(headers))
  if (isIterable(headers)) return Array.from(headers, (entry) => pairOf(entry, refuse))
  if (!isPlain(headers)) throw refuse(typeName(headers))
  return Object.entries(headers).flatMap(([name, value]) =>
    Array.isArray(value)
      ? value.map((each) => headerPair(name, each, refuse))
      : [headerPair(name, value, refuse)],
  )
}

function pairOf(entry: unknown, refuse: RefuseHeaders): HeaderPair {
  if (Array.isArray(entry) && entry.length === 2) return headerPair(entry[0], entry[1], refuse)
  if (typeof entry === 'object' && entry !== null && 'key' in entry && 'value' in entry) {
    return headerPair(entry.key, entry.value, refuse)
  }
  throw refuse('an entry that is neither [name, value] nor { key, value }')
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value && typeof value[Symbol.iterator] === 'function'
}

/** Also one of another realm, whose prototype is another Object.prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (isBytes(value)) return 'bytes'
  if (typeof value !== 'object') return `a ${typeof value}`
  if (Array.isArray(value)) return 'an array'
  const name: unknown = value.constructor?.name
  return typeof name === 'string' && name !== '' && name !== 'Object'
    ? `an instance of ${printable(name)}`
    : 'an object'
}
