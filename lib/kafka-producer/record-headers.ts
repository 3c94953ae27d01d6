/**
 * The headers of a record: names with values, in order; names may repeat. Kafka's `RecordHeaders`.
 *
 * May be changed until the record has been serialized, by interceptors and serializers too; not afterwards.
 * Text is stored as UTF-8. Neither `inspect` nor JSON shows values.
 */
import { inspect } from 'node:util'
import { counted } from '../counted.js'
import { type HeaderPair, type HeaderValue, headerPair, headerPairs } from '../header-pairs.js'
import type { RecordHeaders as HeaderPairs } from '../protocol/records/record-body.js'
import { IllegalStateError } from './errors.js'
import { IllegalArgumentError } from './record-errors.js'

export type { HeaderValue } from '../header-pairs.js'

export type Header = HeaderPair

/**
 * By name, where an array is several headers of one name; or anything iterable, such as an array, a Map, the Headers of
 * fetch or what a record already has, that yields `[key, value]` or `{ key, value }`.
 */
export type HeadersLike =
  | Iterable<Header | { readonly key: string; readonly value: HeaderValue }>
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
    return new RecordHeaders(headerPairs(headers, noHeaders))
  }

  get size(): number {
    return this.#pairs.length
  }

  /** Appends a header. @throws {IllegalStateError} once the record was sent. @throws {IllegalArgumentError} */
  add(key: string, value: HeaderValue): this {
    this.#checkWritable()
    this.#pairs.push(headerPair(key, value, noHeaders))
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

function noHeaders(what: string, cause?: unknown): IllegalArgumentError {
  const text = `headers are keys with strings, bytes or null as values, as an object, a Map or pairs; got ${what}`
  return new IllegalArgumentError(text, { cause })
}
