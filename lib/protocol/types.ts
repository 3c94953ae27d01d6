/**
 * The primitive field types of Kafka's message definitions, each in its classic and its compact form.
 *
 * A type is compiled for one (version, flexible) pair into a codec; flexible versions (KIP-482) use the compact
 * forms. Pure: bytes in, values out.
 *
 * @see https://kafka.apache.org/protocol#protocol_types
 */
import { DecodeError, EncodeError, printable } from '../errors.js'
import { wellFormed } from './primitives.js'
import type { Reader } from './reader.js'
import type { Writer } from './writer.js'

export interface Codec<T> {
  /** Fewest bytes one value takes; lets a reader refuse a count that cannot be true. */
  readonly minBytes: number
  read(reader: Reader): T
  write(writer: Writer, value: T): void
}

export interface Type<T> {
  compile(version: number, flexible: boolean): Codec<T>
}

/** Something that writes itself, such as a message set on its way out. */
export interface Payload {
  writeTo(writer: Writer): void
}

const MAX_STRING_BYTES = 32767

function fixed<T>(codec: Codec<T>): Type<T> {
  return { compile: () => codec }
}

function twoForms<T>(classic: Codec<T>, compact: Codec<T>): Type<T> {
  return { compile: (_version, flexible) => (flexible ? compact : classic) }
}

export const boolean: Type<boolean> = fixed({
  minBytes: 1,
  read: (reader) => reader.int8() !== 0,
  write: (writer, value) => writer.int8(value ? 1 : 0),
})

/** A signed integer; one that its bytes cannot hold is refused, because dropping bits would send another number. */
function integer(bytes: number, read: (from: Reader) => number, write: (to: Writer, value: number) => void) {
  const max = 2 ** (8 * bytes - 1) - 1
  return fixed<number>({
    minBytes: bytes,
    read,
    write(writer, value) {
      if (!Number.isInteger(value) || value > max || value < -max - 1) throw outOfRange(value, 8 * bytes)
      write(writer, value)
    },
  })
}

function outOfRange(value: unknown, bits: number): EncodeError {
  return new EncodeError(`${printable(String(value))} does not fit an int${bits}`)
}

export const int8: Type<number> = integer(
  1,
  (reader) => reader.int8(),
  (writer, value) => writer.int8(value),
)

export const int16: Type<number> = integer(
  2,
  (reader) => reader.int16(),
  (writer, value) => writer.int16(value),
)

export const int32: Type<number> = integer(
  4,
  (reader) => reader.int32(),
  (writer, value) => writer.int32(value),
)

export const int64: Type<bigint> = fixed({
  minBytes: 8,
  read: (reader) => reader.int64(),
  write(writer, value) {
    if (BigInt.asIntN(64, value) !== value) throw outOfRange(value, 64)
    writer.int64(value)
  },
})

/** Sixteen bytes as they are; all zero means none. */
export const uuid: Type<Uint8Array> = fixed({
  minBytes: 16,
  read: (reader) => reader.bytes(16, 'uuid'),
  write: (writer, value) => {
    if (value.length !== 16) throw new EncodeError(`a uuid has 16 bytes, not ${value.length}`)
    writer.bytes(value)
  },
})

/** The limit holds for both forms: brokers refuse longer compact strings, too. */
function stringBytes(value: string): Buffer {
  const bytes = Buffer.from(wellFormed(value), 'utf8')
  if (bytes.length <= MAX_STRING_BYTES) return bytes
  throw new EncodeError(`a string of ${bytes.length} bytes exceeds the protocol's ${MAX_STRING_BYTES}`)
}

function writeShortString(writer: Writer, value: string | null): void {
  if (value === null) {
    writer.int16(-1)
    return
  }
  const bytes = stringBytes(value)
  writer.int16(bytes.length)
  writer.bytes(bytes)
}

function readShortString(reader: Reader): string | null {
  const length = reader.int16()
  if (length < -1) throw new DecodeError(`string at byte ${reader.offset} has the negative length ${length}`)
  return length === -1 ? null : reader.utf8(length)
}

function writeCompactString(writer: Writer, value: string | null): void {
  if (value === null) {
    writer.uvarint(0)
    return
  }
  const bytes = stringBytes(value)
  writer.uvarint(bytes.length + 1)
  writer.bytes(bytes)
}

function readCompactString(reader: Reader): string | null {
  const length = reader.uvarint() - 1
  if (length > MAX_STRING_BYTES) {
    throw new DecodeError(
      `string at byte ${reader.offset} has ${length} bytes, ${MAX_STRING_BYTES} are allowed`,
    )
  }
  return length === -1 ? null : reader.utf8(length)
}

function required<T>(read: (reader: Reader) => T | null, what: string): (reader: Reader) => T {
  return (reader) => {
    const value = read(reader)
    if (value === null)
      throw new DecodeError(`${what} ending at byte ${reader.offset} is null and may not be`)
    return value
  }
}

export const string: Type<string> = twoForms<string>(
  { minBytes: 2, read: required(readShortString, 'string'), write: writeShortString },
  { minBytes: 1, read: required(readCompactString, 'string'), write: writeCompactString },
)

export const nullableString: Type<string | null> = twoForms<string | null>(
  { minBytes: 2, read: readShortString, write: writeShortString },
  { minBytes: 1, read: readCompactString, write: writeCompactString },
)

/** A string that may be null from this version on. */
export function nullableStringFrom(first: number): Type<string | null> {
  return {
    compile: (version, flexible) =>
      version >= first
        ? nullableString.compile(version, flexible)
        : notNull(string.compile(version, flexible)),
  }
}

function notNull<T>(codec: Codec<T>): Codec<T | null> {
  return {
    ...codec,
    write(writer, value) {
      if (value === null) throw new EncodeError('null cannot be sent in this version of the request')
      codec.write(writer, value)
    },
  }
}

/** Bytes that may not be null. Read as a view. */
export const bytes: Type<Buffer> = twoForms<Buffer>(
  {
    minBytes: 4,
    read: (reader) => reader.bytes(reader.int32(), 'bytes'),
    write: (writer, value) => {
      writer.int32(value.length)
      writer.bytes(value)
    },
  },
  {
    minBytes: 1,
    read: (reader) => {
      const length = reader.uvarint()
      if (length === 0) throw new DecodeError(`bytes ending at byte ${reader.offset} are null and may not be`)
      return reader.bytes(length - 1, 'bytes')
    },
    write: (writer, value) => {
      writer.uvarint(value.length + 1)
      writer.bytes(value)
    },
  },
)

/**
 * A length, then message sets or record batches. Written from something that writes itself, so that they never
 * exist as a buffer of their own; read as a view.
 */
export const records: Type<Payload | Buffer | null> = twoForms<Payload | Buffer | null>(
  {
    minBytes: 4,
    read: (reader) => {
      const length = reader.int32()
      return length === -1 ? null : reader.bytes(length, 'records')
    },
    write: (writer, value) => {
      const at = writer.beginLength()
      if (value === null) {
        writer.patchInt32(at, -1)
      } else {
        if (Buffer.isBuffer(value)) writer.bytes(value)
        else value.writeTo(writer)
        writer.endLength(at)
      }
    },
  },
  {
    minBytes: 1,
    read: (reader) => {
      const length = reader.uvarint()
      return length === 0 ? null : reader.bytes(length - 1, 'records')
    },
    write: (writer, value) => {
      if (value === null) {
        writer.uvarint(0)
      } else if (Buffer.isBuffer(value)) {
        writer.uvarint(value.length + 1)
        writer.bytes(value)
      } else {
        // The width of a compact length depends on its value: five bytes, the continuation bits kept, is legal
        // for every reader and needs no second pass.
        const at = writer.skip(5)
        value.writeTo(writer)
        writer.patchWideUvarint(at, writer.length - at - 5 + 1)
      }
    },
  },
)

/** An array's type; its element is there for whoever walks the tables. */
export interface ArrayType<E, T> extends Type<T> {
  readonly element: Type<E>
}

/** `array(int32)`, `array(struct({ … }))`: a count, then the elements. */
export function array<T>(element: Type<T>): ArrayType<T, T[]> {
  const type = nullableArray(element)
  return {
    element,
    compile(version, flexible) {
      const codec = type.compile(version, flexible)
      return { minBytes: codec.minBytes, read: required(codec.read, 'array'), write: codec.write }
    },
  }
}

/** As {@link array}; null is −1, or 0 in the compact form. */
export function nullableArray<T>(element: Type<T>): ArrayType<T, T[] | null> {
  return {
    element,
    compile(version, flexible) {
      const codec = element.compile(version, flexible)
      const minBytes = Math.max(1, codec.minBytes)
      return {
        minBytes: flexible ? 1 : 4,
        read(reader) {
          const count = flexible ? reader.uvarint() - 1 : reader.int32()
          if (count === -1) return null
          reader.checkCount(count, minBytes)
          const elements: T[] = []
          for (let i = 0; i < count; i++) elements.push(codec.read(reader))
          return elements
        },
        write(writer, value) {
          if (flexible) writer.uvarint(value === null ? 0 : value.length + 1)
          else writer.int32(value === null ? -1 : value.length)
          if (value !== null) for (const one of value) codec.write(writer, one)
        },
      }
    },
  }
}
