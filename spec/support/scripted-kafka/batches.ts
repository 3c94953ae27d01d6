/**
 * Record batches (magic 2) and message sets (magic 0 and 1) as values, and back.
 *
 * Written for the judge alone, so that what the library writes is not read by its own mirror image. Encoding exists for
 * the specs of the brokers.
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
import { ByteReader, ByteWriter, crc32, crc32c } from './bytes.js'
import { type Codec, codecOf, compress, decompress } from './codecs.js'

export interface DecodedRecord {
  /** Delta of the offset in a batch, the offset itself in a message set. */
  off: number
  ts: number
  k: Buffer | null
  v: Buffer | null
  h?: [name: string, value: Buffer | null][]
}

export interface DecodedBatch {
  magic: number
  /** All bytes, the offset included. */
  size: number
  crcOk: boolean
  codec: Codec
  attributes: number
  records: DecodedRecord[]
  bytes: Buffer
  /** Magic 0 and 1: of the message that is plain or wraps others. */
  offset?: number
  /** Magic 2. */
  v2?: BatchHeader
}

export interface BatchHeader {
  baseOffset: number
  leaderEpoch: number
  lastOffsetDelta: number
  baseTimestamp: number
  maxTimestamp: number
  producerId: number
  producerEpoch: number
  baseSequence: number
  count: number
}

const MAGIC_AT = 16
const CODEC_BITS = 0x07
const TRANSACTIONAL_BIT = 0x10

export const isTransactional = ({ attributes }: DecodedBatch) => (attributes & TRANSACTIONAL_BIT) !== 0

/** The batches of one partition of a produce request; in a message set every outer message counts as one. */
export function decodeBatches(bytes: Buffer): DecodedBatch[] {
  const found: DecodedBatch[] = []
  for (let at = 0; at < bytes.length; at += found.at(-1)!.size) {
    const size = 12 + bytes.readInt32BE(at + 8)
    const batch = bytes.subarray(at, at + size)
    if (batch.length < size) throw new RangeError(`a batch of ${size} bytes, ${batch.length} are there`)
    found.push(batch[MAGIC_AT] === 2 ? decodeBatch(batch) : decodeMessage(batch))
  }
  return found
}

function decodeBatch(bytes: Buffer): DecodedBatch {
  const from = new ByteReader(bytes)
  const baseOffset = from.int64()
  from.int32()
  const leaderEpoch = from.int32()
  const magic = from.int8()
  const crc = from.uint32()
  const attributes = from.int16()
  const v2 = {
    baseOffset,
    leaderEpoch,
    lastOffsetDelta: from.int32(),
    baseTimestamp: from.int64(),
    maxTimestamp: from.int64(),
    producerId: from.int64(),
    producerEpoch: from.int16(),
    baseSequence: from.int32(),
    count: from.int32(),
  }
  const codec = codecOf(attributes & CODEC_BITS)
  const body = new ByteReader(decompress(codec, from.take(from.remaining), magic))
  const records = Array.from({ length: v2.count }, () => decodeRecord(body, v2.baseTimestamp))
  if (body.remaining > 0) throw new RangeError(`${body.remaining} bytes behind the last record`)
  const crcOk = crc === crc32c(bytes.subarray(21))
  return { magic, size: bytes.length, crcOk, codec, attributes, records, bytes, v2 }
}

function decodeRecord(from: ByteReader, baseTimestamp: number): DecodedRecord {
  const length = from.varint()
  const end = from.at + length
  const attributes = from.int8()
  if (attributes !== 0) throw new RangeError(`attributes ${attributes} of a record, expected 0`)
  const ts = baseTimestamp + from.varint()
  const off = from.varint()
  const [k, v] = [from.sized(from.varint()), from.sized(from.varint())]
  const headers = Array.from({ length: from.varint() }, (): [string, Buffer | null] => [
    from.take(from.varint()).toString('utf8'),
    from.sized(from.varint()),
  ])
  if (from.at !== end) throw new RangeError(`a record of ${length} bytes ends at ${from.at}, not ${end}`)
  return { off, ts, k, v, ...(headers.length > 0 && { h: headers }) }
}

function decodeMessage(bytes: Buffer): DecodedBatch {
  const from = new ByteReader(bytes)
  const offset = from.int64()
  from.int32()
  const crc = from.uint32()
  const magic = from.int8()
  const attributes = from.int8()
  const ts = magic === 0 ? -1 : from.int64()
  const [k, v] = [from.sized(from.int32()), from.sized(from.int32())]
  if (from.remaining > 0) throw new RangeError(`${from.remaining} bytes behind a message`)
  const codec = codecOf(attributes & CODEC_BITS)
  const records =
    codec === 'none'
      ? [{ off: offset, ts, k, v }]
      : decodeBatches(decompress(codec, v!, magic)).flatMap((inner) => inner.records)
  const crcOk = crc === crc32(bytes.subarray(16))
  return { magic, size: bytes.length, crcOk, codec, attributes, records, bytes, offset }
}

/** One batch of magic 2; the last offset delta follows from `records`. */
export function encodeBatch(
  header: Omit<BatchHeader, 'lastOffsetDelta' | 'count'>,
  attributes: number,
  records: readonly DecodedRecord[],
): Buffer {
  const body = records.map((record) => encodeRecord(record, header.baseTimestamp))
  const covered = new ByteWriter()
    .int16(attributes)
    .int32(records.length - 1)
    .int64(header.baseTimestamp)
    .int64(header.maxTimestamp)
    .int64(header.producerId)
    .int16(header.producerEpoch)
    .int32(header.baseSequence)
    .int32(records.length)
    .raw(compress(codecOf(attributes & CODEC_BITS), Buffer.concat(body)))
    .build()
  const tail = new ByteWriter().int32(header.leaderEpoch).int8(2).uint32(crc32c(covered)).raw(covered).build()
  return new ByteWriter().int64(header.baseOffset).int32(tail.length).raw(tail).build()
}

function encodeRecord({ off, ts, k, v, h = [] }: DecodedRecord, baseTimestamp: number): Buffer {
  const to = new ByteWriter()
    .int8(0)
    .varint(ts - baseTimestamp)
    .varint(off)
  const sized = (bytes: Buffer | null) => to.varint(bytes?.length ?? -1).raw(bytes ?? Buffer.alloc(0))
  sized(k)
  sized(v)
  to.varint(h.length)
  for (const [name, value] of h) {
    sized(Buffer.from(name, 'utf8'))
    sized(value)
  }
  const record = to.build()
  return new ByteWriter().varint(record.length).raw(record).build()
}
