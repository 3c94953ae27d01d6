/**
 * Message sets of magic 0 and 1: `offset:int64, size:int32, message` repeated, without a count.
 *
 * A message is `crc:uint32, magic:int8, attributes:int8, key:bytes, value:bytes`, with `timestamp:int64` before the key
 * in magic 1; its checksum covers all after itself. A compressed set is one wrapper message whose value is the
 * compressed set, whose offset is that of the last message inside, and whose timestamp is the latest one inside.
 * Written in one pass into the request; knows no topic.
 *
 * @see docs/reference/wire-protocol.md#message-sets
 */
import { counted } from '../../counted.js'
import { DecodeError } from '../../errors.js'
import { putInt32, putInt64 } from '../primitives.js'
import { Reader } from '../reader.js'
import { lengthOf, putNullableBytes, roomOf, type Serialized } from '../serialized.js'
import type { Payload } from '../types.js'
import type { Writer } from '../writer.js'
import { crc32 } from './crc.js'
import {
  type BatchSummary,
  ENTRY_OVERHEAD_BYTES,
  type Magic,
  type RecordBody,
  writeError,
} from './record-body.js'

const CODEC_MASK = 0x07
/** Smallest legal size field: a message with null key and null value. */
const MIN_MESSAGE_BYTES = 14

type OldMagic = Exclude<Magic, 2>

function writeEntry(
  writer: Writer,
  offset: number,
  magic: OldMagic,
  attributes: number,
  timestampMs: number,
  key: Serialized,
  value: Serialized,
): void {
  const keyLength = lengthOf(key)
  const valueLength = lengthOf(value)
  const keyRoom = ENTRY_OVERHEAD_BYTES + roomOf(key, keyLength, writer.free - ENTRY_OVERHEAD_BYTES)
  const buffer = writer.room(keyRoom + roomOf(value, valueLength, writer.free - keyRoom))
  const sizeAt = putInt64(buffer, offset, writer.length)
  const crcAt = sizeAt + 4
  let at = crcAt + 4
  buffer[at++] = magic
  buffer[at++] = attributes
  if (magic === 1) at = putInt64(buffer, timestampMs, at)
  at = putNullableBytes(buffer, key, keyLength, at)
  at = putNullableBytes(buffer, value, valueLength, at)
  putInt32(buffer, crc32(buffer, crcAt + 4, at), crcAt)
  putInt32(buffer, at - crcAt, sizeAt)
  writer.advanceTo(at)
}

/** Messages as a plain set, offsets 0…n−1: the broker assigns the real ones. */
export class PlainMessageSet implements Payload {
  readonly #magic: OldMagic
  readonly #messages: readonly RecordBody[]

  constructor(magic: OldMagic, messages: readonly RecordBody[]) {
    this.#magic = magic
    this.#messages = messages
  }

  /** @throws {UnreadableRecordError} when the bytes of a message are not there any more. */
  writeTo(writer: Writer): void {
    const magic = this.#magic
    const messages = this.#messages
    let i = 0
    try {
      for (; i < messages.length; i++) {
        const { timestampMs, key, value } = messages[i]!
        writeEntry(writer, i, magic, 0, timestampMs, key, value)
      }
    } catch (thrown) {
      throw writeError(messages[i]!, thrown)
    }
  }
}

/** A set that has been compressed, as the single wrapper message that carries it. */
export class CompressedMessageSet implements Payload {
  readonly #magic: OldMagic
  readonly #codecId: number
  readonly #summary: BatchSummary
  readonly #compressed: Uint8Array

  /**
   * @param codecId - 1 gzip, 2 snappy, 3 lz4.
   * @param summary - of the messages inside.
   * @param compressed - the compressed bytes of a {@link PlainMessageSet} of the same magic.
   */
  constructor(magic: OldMagic, codecId: number, summary: BatchSummary, compressed: Uint8Array) {
    this.#magic = magic
    this.#codecId = codecId
    this.#summary = summary
    this.#compressed = compressed
  }

  writeTo(writer: Writer): void {
    const { count, maxTimestampMs } = this.#summary
    writeEntry(writer, count - 1, this.#magic, this.#codecId, maxTimestampMs, null, this.#compressed)
  }
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
 * Reads a set, wrappers unopened. An incomplete entry at the end is left out, as brokers may truncate there.
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
      throw new DecodeError(`message of ${counted(size, 'byte')} at byte ${reader.offset} is too short`)
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
