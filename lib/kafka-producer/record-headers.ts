/**
 * The headers of a record: names with values, in order; names may repeat. Kafka's `RecordHeaders`.
 *
 * May be changed until the record has been serialized, by interceptors and serializers too; not afterwards.
 * Text is stored as UTF-8. Neither `inspect` nor JSON shows values.
 */
import { inspect } from 'node:util'
import { isBytes } from '../bytes.js'
import { counted } from '../counted.js'
import { printable } from '../errors.js'
import type { RecordHeaders as HeaderPairs } from '../protocol/records/record-body.js'
import { IllegalStateError } from './errors.js'
import { IllegalArgumentError } from './record-errors.js'

export type HeaderValue = string | Uint8Array | null

export type Header = readonly [key: string, value: HeaderValue]

/** By name, as pairs, as a Map, as `{ key, value }` objects, or what a record already has. */
export type HeadersLike =
  | RecordHeaders
  | ReadonlyMap<string, HeaderValue>
  | readonly (Header | { readonly key: string; readonly value: HeaderValue })[]
  | Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>

export class RecordHeaders implements Iterable<Header> {
  #pairs: Header[]
  #isReadOnly = false

  private constructor(pairs: Header[]) {
    this.#pairs = pairs
  }

  /** A copy of headers in any form, which may be changed; not of the bytes in it. @throws {IllegalArgumentError} */
  static from(headers: HeadersLike | null | undefined): RecordHeaders {
    if (headers === null || headers === undefined) return new RecordHeaders([])
    if (headers instanceof RecordHeaders) return new RecordHeaders([...headers.#pairs])
    if (typeof headers !== 'object') throw noHeaders(`a ${typeof headers}`)
    if (Array.isArray(headers)) return new RecordHeaders(headers.map(pairOf))
    if (headers instanceof Map) return new RecordHeaders([...headers].map(pairOf))
    return new RecordHeaders(Object.entries(headers).flatMap(pairsOfName))
  }

  get size(): number {
    return this.#pairs.length
  }

  /** Appends a header. @throws {IllegalStateError} once the record was sent. @throws {IllegalArgumentError} */
  add(key: string, value: HeaderValue): this {
    this.#checkWritable()
    this.#pairs.push(checked(key, value))
    return this
  }

  /** Removes all headers of this name. @throws {IllegalStateError} once the record was sent. */
  remove(key: string): this {
    this.#checkWritable()
    this.#pairs = this.#pairs.filter(([name]) => name !== key)
    return this
  }

  /** The value of the last header of this name; undefined where there is none. */
  lastHeader(key: string): HeaderValue | undefined {
    return this.#pairs.findLast(([name]) => name === key)?.[1]
  }

  /** The values of all headers of this name, in order. */
  headers(key: string): HeaderValue[] {
    return this.#pairs.filter(([name]) => name === key).map(([, value]) => value)
  }

  toArray(): Header[] {
    return [...this.#pairs]
  }

  [Symbol.iterator](): Iterator<Header> {
    return this.#pairs[Symbol.iterator]()
  }

  /** From now on nothing can be changed. */
  setReadOnly(): void {
    this.#isReadOnly = true
  }

  /** As they are written; null for none. */
  get pairs(): HeaderPairs | null {
    return this.#pairs.length === 0 ? null : this.#pairs
  }

  toJSON(): { keys: string[] } {
    return { keys: this.#pairs.map(([key]) => key) }
  }

  [inspect.custom](): string {
    return `RecordHeaders(${counted(this.size, 'header')})`
  }

  #checkWritable(): void {
    if (!this.#isReadOnly) return
    throw new IllegalStateError(
      'the headers of a record cannot be changed once it was sent; make a new record',
    )
  }
}

function pairOf(header: unknown): Header {
  if (Array.isArray(header) && header.length === 2) return checked(header[0], header[1])
  if (typeof header === 'object' && header !== null && 'key' in header && 'value' in header) {
    return checked(header.key, header.value)
  }
  throw noHeaders('an entry that is neither [key, value] nor { key, value }')
}

function pairsOfName([key, value]: [string, unknown]): Header[] {
  return Array.isArray(value) ? value.map((each) => checked(key, each)) : [checked(key, value)]
}

function checked(key: unknown, value: unknown): Header {
  if (typeof key !== 'string') throw noHeaders(`a key that is ${key === null ? 'null' : `a ${typeof key}`}`)
  if (value === null || typeof value === 'string' || isBytes(value)) return [key, value]
  throw noHeaders(`a ${typeof value} as the value of ${printable(key)}`)
}

function noHeaders(what: string): IllegalArgumentError {
  return new IllegalArgumentError(`headers are keys with strings, bytes or null as values; got ${what}`)
}
