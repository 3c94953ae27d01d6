/**
 * Message sets of magic 0 (Kafka 0.8), written and read by hand for specs.
 *
 * An entry is `offset int64, size int32, crc uint32, magic int8, attributes int8, key bytes, value bytes`; the
 * CRC-32 covers everything behind itself. A compressed set is one entry whose value is the compressed inner
 * set. Imports nothing from lib/.
 */
import { crc32, gunzipSync, gzipSync } from 'node:zlib'
import { readLz4OfMagic0 } from './lz4.js'
import { reading, wire } from './wire.js'

/** The codec bits of `attributes`. */
export const codecs = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const

const CODEC_MASK = 0b111

/** Codec → how a reader of 0.8 sees inside; snappy is left closed. */
const decompressors: Record<number, (value: Buffer) => Buffer> = {
  [codecs.gzip]: gunzipSync,
  [codecs.lz4]: readLz4OfMagic0,
}

/** A message to write; a string stands for its UTF-8 bytes. */
export interface MessageToWrite {
  key?: Uint8Array | string | null
  value?: Uint8Array | string | null
  /** Default: the position in the set, as the Scala producer numbers them. */
  offset?: bigint | number
  /** Default 0: magic 0's only flags are the codec. */
  attributes?: number
}

/** One message as it was found. */
export interface MessageRead {
  offset: bigint
  crcIsValid: boolean
  magic: number
  attributes: number
  key: Buffer | null
  value: Buffer | null
  /** The messages inside, where `attributes` names gzip or lz4. */
  inner?: MessageRead[]
}

function messageBytes(message: MessageToWrite): Buffer {
  const behindCrc = wire()
    .int8(0)
    .int8(message.attributes ?? 0)
    .bytes(message.key ?? null)
    .bytes(message.value ?? null)
    .build()
  return wire().uint32(crc32(behindCrc)).raw(behindCrc).build()
}

/** The bytes of an uncompressed set, without its length. */
export function messageSet(messages: readonly MessageToWrite[]): Buffer {
  const set = wire()
  messages.forEach((message, index) => {
    set.int64(message.offset ?? index).bytes(messageBytes(message))
  })
  return set.build()
}

/** The bytes of a gzip wrapper around `messages`: key null, the last inner offset as its own. */
export function gzipMessageSet(messages: readonly MessageToWrite[]): Buffer {
  const value = gzipSync(messageSet(messages))
  return messageSet([{ value, attributes: codecs.gzip, offset: messages.length - 1 }])
}

/** Reads a set to its last byte, looking into gzip and lz4 wrappers. Throws a RangeError on a partial entry. */
export function readMessageSet(set: Uint8Array): MessageRead[] {
  const from = reading(set)
  const messages: MessageRead[] = []
  while (from.remaining > 0) {
    const offset = from.int64()
    messages.push(readMessage(offset, from.raw(from.int32())))
  }
  return messages
}

function readMessage(offset: bigint, bytes: Buffer): MessageRead {
  const from = reading(bytes)
  const crc = from.uint32()
  const crcIsValid = crc === crc32(bytes.subarray(4))
  const message: MessageRead = {
    offset,
    crcIsValid,
    magic: from.int8(),
    attributes: from.int8(),
    key: from.bytes(),
    value: from.bytes(),
  }
  from.end()
  const decompress = decompressors[message.attributes & CODEC_MASK]
  if (decompress !== undefined && message.value !== null)
    message.inner = readMessageSet(decompress(message.value))
  return message
}
