/**
 * Reads and writes messages after a text that looks like the tables of the protocol guide.
 *
 * A line is `name type versions`, indented below the structure or array it belongs to. Types: `bool`, `int8` to
 * `int64`, `string` (always nullable here), `uuid`, `bytes`, `struct`, `[]` an array of structures, `[]int32` of
 * anything else. Versions: `3+`, `0-12`. `tag 0` makes a tagged field, which exists in flexible versions alone.
 *
 * Brokers read what a client wrote, the specs of the brokers also write requests and read answers; so both
 * directions exist for everything. Nothing of lib/ is used.
 */
import { type ByteReader, ByteWriter } from './bytes.js'

export type Value = boolean | number | string | null | Buffer | Value[] | Struct
export interface Struct {
  [field: string]: Value
}

interface Field {
  name: string
  /** Of the element where `isArray`; undefined for a structure. */
  type: string | undefined
  isArray: boolean
  from: number
  to: number
  tag: number | undefined
  fields: Field[]
}

export type Schema = readonly Field[]

/** The coding of one version of one message. */
export interface Coding {
  version: number
  isFlexible: boolean
}

/** @throws {Error} naming the line that is no field. */
export function parseSchema(text: string): Schema {
  const root: Field[] = []
  const open: { indent: number; fields: Field[] }[] = [{ indent: -1, fields: root }]
  for (const line of text.split('\n').filter((candidate) => candidate.trim() !== '')) {
    const indent = line.search(/\S/)
    while (open.at(-1)!.indent >= indent) open.pop()
    const field = parseField(line.trim())
    open.at(-1)!.fields.push(field)
    open.push({ indent, fields: field.fields })
  }
  return root
}

function parseField(line: string): Field {
  const found = /^(\w+) +(\[\])?(\w+)? +(\d+)(\+|-(\d+))?(?: tag (\d+))?$/.exec(line)
  if (found === null) throw new Error(`no field of a message: "${line}"`)
  const [, name, array, type, from, range, to, tag] = found
  return {
    name: name!,
    type: type === 'struct' ? undefined : type,
    isArray: array !== undefined,
    from: Number(from),
    to: range === '+' ? Number.POSITIVE_INFINITY : Number(to ?? from),
    tag: tag === undefined ? undefined : Number(tag),
    fields: [],
  }
}

const existsIn = (field: Field, { version }: Coding) => version >= field.from && version <= field.to

export function readStruct(schema: Schema, coding: Coding, from: ByteReader): Struct {
  const struct: Struct = {}
  const present = schema.filter((field) => existsIn(field, coding))
  for (const field of present)
    if (field.tag === undefined) struct[field.name] = readField(field, coding, from)
  if (coding.isFlexible) {
    for (let left = from.unsignedVarint(); left > 0; left -= 1) {
      const tag = from.unsignedVarint()
      const end = from.unsignedVarint() + from.at
      const field = present.find((candidate) => candidate.tag === tag)
      if (field !== undefined) struct[field.name] = readField(field, coding, from)
      from.take(end - from.at)
    }
  }
  return struct
}

function readField(field: Field, coding: Coding, from: ByteReader): Value {
  if (!field.isArray) return readOne(field, coding, from)
  const count = coding.isFlexible ? from.unsignedVarint() - 1 : from.int32()
  return count === -1 ? null : Array.from({ length: count }, () => readOne(field, coding, from))
}

function readOne({ type, fields }: Field, coding: Coding, from: ByteReader): Value {
  const compactLength = () => from.unsignedVarint() - 1
  switch (type) {
    case undefined:
      return readStruct(fields, coding, from)
    case 'bool':
      return from.int8() !== 0
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return from[type]()
    case 'uuid':
      return from.take(16).toString('base64url')
    case 'string':
      return from.sized(coding.isFlexible ? compactLength() : from.int16())?.toString('utf8') ?? null
    case 'bytes':
      return from.sized(coding.isFlexible ? compactLength() : from.int32())
    default:
      throw new Error(`no type of a message: "${type}"`)
  }
}

/** A tagged field that `struct` lacks is left out; any other that it lacks is a mistake in the caller. */
export function writeStruct(schema: Schema, coding: Coding, struct: Struct, to: ByteWriter): ByteWriter {
  const present = schema.filter((field) => existsIn(field, coding))
  for (const field of present) if (field.tag === undefined) writeField(field, coding, struct[field.name], to)
  if (!coding.isFlexible) return to
  const tagged = present.filter(({ name, tag }) => tag !== undefined && struct[name] !== undefined)
  to.unsignedVarint(tagged.length)
  for (const field of tagged.sort((a, b) => a.tag! - b.tag!)) {
    const value = writeField(field, coding, struct[field.name], new ByteWriter()).build()
    to.unsignedVarint(field.tag!).unsignedVarint(value.length).raw(value)
  }
  return to
}

function writeField(field: Field, coding: Coding, value: Value | undefined, to: ByteWriter): ByteWriter {
  if (value === undefined) throw new Error(`version ${coding.version} wants a value for ${field.name}`)
  if (!field.isArray) return writeOne(field, coding, value, to)
  const elements = value as Value[] | null
  const count = elements === null ? -1 : elements.length
  if (coding.isFlexible) to.unsignedVarint(count + 1)
  else to.int32(count)
  for (const element of elements ?? []) writeOne(field, coding, element, to)
  return to
}

function writeOne({ type, fields }: Field, coding: Coding, value: Value, to: ByteWriter): ByteWriter {
  switch (type) {
    case undefined:
      return writeStruct(fields, coding, value as Struct, to)
    case 'bool':
      return to.int8(value === true ? 1 : 0)
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return to[type](value as number)
    case 'uuid':
      return to.raw(Buffer.from(value as string, 'base64url'))
    case 'string':
      return writeSized(value === null ? null : Buffer.from(value as string, 'utf8'), coding, 'int16', to)
    case 'bytes':
      return writeSized(value as Buffer | null, coding, 'int32', to)
    default:
      throw new Error(`no type of a message: "${type}"`)
  }
}

function writeSized(
  bytes: Buffer | null,
  { isFlexible }: Coding,
  length: 'int16' | 'int32',
  to: ByteWriter,
): ByteWriter {
  const count = bytes === null ? -1 : bytes.length
  if (isFlexible) to.unsignedVarint(count + 1)
  else to[length](count)
  return bytes === null ? to : to.raw(bytes)
}
