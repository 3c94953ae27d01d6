/**
 * Message sets of magic 0: `offset:int64, size:int32, message` repeated, without a count.
 *
 * A message is `crc:uint32, magic:int8, attributes:int8, key:bytes, value:bytes`; its checksum covers all after
 * itself. A compressed set is one wrapper message whose value is the compressed set and whose offset is that of the
 * last message inside. Written in one pass into the request; knows no topic.
 *
 * @see classic-producer reference §5.2–5.3, wire-protocol reference §5.2
 */
import { DecodeError } from '../../errors.js'
import { Reader } from '../reader.js'
import type { Payload } from '../types.js'
import type { Serialized, Writer } from '../writer.js'
import { crc32 } from './crc.js'

const MAGIC_0 = 0
const CODEC_MASK = 0x07
/** Bytes of an entry beside key and value: offset 8, size 4, crc 4, magic 1, attributes 1, two lengths 8. */
export const ENTRY_OVERHEAD_BYTES = 26
/** Smallest legal size field: a message with null key and null value. */
const MIN_MESSAGE_BYTES = 14

/** What a message consists of once it is serialized. Null and empty are different, for key and value alike. */
export interface MessageBody {
  readonly key: Serialized
  readonly value: Serialized
}

function writeEntry(
  writer: Writer,
  offset: number,
  attributes: number,
  key: Serialized,
  value: Serialized,
): void {
  writer.int64FromCount(offset)
  const sizeAt = writer.beginLength()
  const crcAt = writer.skip(4)
  writer.int8(MAGIC_0)
  writer.int8(attributes)
  writer.nullableBytes(key)
  writer.nullableBytes(value)
  writer.patchInt32(crcAt, writer.checksum(crcAt + 4, crc32))
  writer.endLength(sizeAt)
}

/** Messages as a plain set, offsets 0…n−1: the broker assigns the real ones. */
export class PlainMessageSet implements Payload {
  readonly #messages: readonly MessageBody[]

  constructor(messages: readonly MessageBody[]) {
    this.#messages = messages
  }

  writeTo(writer: Writer): void {
    const messages = this.#messages
    for (let i = 0; i < messages.length; i++) writeEntry(writer, i, 0, messages[i]!.key, messages[i]!.value)
  }
}

/** A set that has been compressed, as the single wrapper message that carries it. */
export class CompressedMessageSet implements Payload {
  readonly #codecId: number
  readonly #count: number
  readonly #compressed: Uint8Array

  /**
   * @param codecId - 1 gzip, 2 snappy, 3 lz4.
   * @param count - messages inside; at least 1.
   * @param compressed - the compressed bytes of a {@link PlainMessageSet}.
   */
  constructor(codecId: number, count: number, compressed: Uint8Array) {
    this.#codecId = codecId
    this.#count = count
    this.#compressed = compressed
  }

  writeTo(writer: Writer): void {
    writeEntry(writer, this.#count - 1, this.#codecId, null, this.#compressed)
  }
}

/** Bytes these messages take in a set, text counted as if it were ASCII: only a hint for buffers. */
export function estimateSetBytes(messages: readonly MessageBody[]): number {
  let bytes = 0
  for (const { key, value } of messages)
    bytes += ENTRY_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  return bytes
}

/** One entry of a set as read; `key` and `value` are views of the set. */
export interface MessageSetEntry {
  offset: bigint
  magic: number
  codecId: number
  isChecksumValid: boolean
  /** Milliseconds; magic 1 only, else null. */
  timestampMs: bigint | null
  key: Buffer | null
  value: Buffer | null
}

/**
 * Reads a set, wrappers unopened. An incomplete entry at the end is left out, as brokers may cut there.
 *
 * @throws {DecodeError} on a size below the minimum or a magic other than 0 and 1.
 */
export function readMessageSet(set: Buffer): MessageSetEntry[] {
  const reader = new Reader(set)
  const entries: MessageSetEntry[] = []
  while (reader.remaining >= 12) {
    const offset = reader.int64()
    const size = reader.int32()
    if (size < MIN_MESSAGE_BYTES)
      throw new DecodeError(`message of ${size} bytes at byte ${reader.offset} is too short`)
    if (size > reader.remaining) break
    entries.push(readMessage(offset, reader.bytes(size, 'message')))
  }
  return entries
}

function readMessage(offset: bigint, message: Buffer): MessageSetEntry {
  const reader = new Reader(message)
  const crc = reader.uint32()
  const magic = reader.int8()
  if (magic !== 0 && magic !== 1)
    throw new DecodeError(`message at offset ${offset} has magic ${magic}, not 0 or 1`)
  const attributes = reader.int8()
  const timestampMs = magic === 1 ? reader.int64() : null
  return {
    offset,
    magic,
    codecId: attributes & CODEC_MASK,
    isChecksumValid: crc32(message, 4) === crc,
    timestampMs,
    key: readNullable(reader),
    value: readNullable(reader),
  }
}

function readNullable(reader: Reader): Buffer | null {
  const length = reader.int32()
  return length === -1 ? null : reader.bytes(length)
}
