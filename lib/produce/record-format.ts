/**
 * How a batch is written for a broker: the format that its version takes, compressed in one piece where that is set.
 *
 * @see docs/reference/wire-protocol.md#message-formats, #compression
 */
import { counted } from '../counted.js'
import { asKafkaError, EncodeError, type KafkaError, printable, UnsupportedCodecError } from '../errors.js'
import { requestBuffers } from '../protocol/buffer-pool.js'
import type { Compression } from '../protocol/records/compression.js'
import { CompressedMessageSet, PlainMessageSet } from '../protocol/records/message-set.js'
import { CompressedRecordBatch, PlainRecordBatch } from '../protocol/records/record-batch.js'
import {
  estimateSetBytes,
  type Magic,
  magicOf,
  summaryOf,
  UnreadableRecordError,
} from '../protocol/records/record-body.js'
import { writeRecords } from '../protocol/records/write-records.js'
import type { Payload } from '../protocol/types.js'
import { Writer } from '../protocol/writer.js'
import { type PartitionBatch, partitionName } from './partition-batch.js'

export interface PayloadOptions {
  readonly compression: Compression | null
  /** Empty means all topics. */
  readonly compressedTopics: ReadonlySet<string>
  /** The setting that names the codec, for texts. Default: `compression.codec`. */
  readonly codecKey?: string
}

/** A batch as it goes out. */
export interface BatchPayload {
  readonly payload: Payload
  /** Bytes of the payload, about: text counts as if it were ASCII. */
  readonly sizeHint: number
  /** What counts against `max.message.bytes`, about: 0 where each message counts by itself. */
  readonly limitedBytes: number
}

/** zstd came with Kafka 2.1. */
const ZSTD = 'zstd'
const FIRST_PRODUCE_WITH_ZSTD = 7

/**
 * @throws {EncodeError | UnsupportedCodecError} when this batch cannot be written for such a broker.
 * @throws {UnreadableRecordError} when the bytes of a message are not there any more; a plain payload finds that out
 *   only when it is written.
 */
export function payloadOf(
  batch: PartitionBatch,
  produceVersion: number,
  broker: string,
  options: PayloadOptions,
): BatchPayload | Promise<BatchPayload> {
  const { compression, compressedTopics, codecKey } = options
  const magic = magicOf(produceVersion)
  const isPlain = !compression || (compressedTopics.size > 0 && !compressedTopics.has(batch.topic))
  if (isPlain) return plainPayload(batch, magic)
  checkCodec(compression, batch, produceVersion, broker, codecKey)
  return compressedPayload(batch, magic, compression)
}

/** @throws {UnsupportedCodecError} when such a broker does not know the codec. */
export function checkCodec(
  { name }: Compression,
  { topic, partition }: Pick<PartitionBatch, 'topic' | 'partition'>,
  produceVersion: number,
  broker: string,
  codecKey = 'compression.codec',
): void {
  if (name !== ZSTD || produceVersion >= FIRST_PRODUCE_WITH_ZSTD) return
  const text = `${codecKey}=zstd needs Kafka 2.1 or newer, and ${broker} supports Produce v${produceVersion}: use gzip, snappy or lz4`
  throw new UnsupportedCodecError(text, { broker, topic, partition })
}

function plainPayload({ messages, producer }: PartitionBatch, magic: Magic): BatchPayload {
  const sizeHint = estimateSetBytes(messages)
  if (magic !== 2) return { payload: new PlainMessageSet(magic, messages), sizeHint, limitedBytes: 0 }
  return { payload: new PlainRecordBatch(messages, producer), sizeHint, limitedBytes: sizeHint }
}

async function compressedPayload(
  batch: PartitionBatch,
  magic: Magic,
  compression: Compression,
): Promise<BatchPayload> {
  const { messages, producer } = batch
  const summary = summaryOf(messages)
  const plain = new Writer(estimateSetBytes(messages), requestBuffers)
  let compressed: Uint8Array
  try {
    if (magic === 2) writeRecords(plain, messages, summary.baseTimestampMs)
    else new PlainMessageSet(magic, messages).writeTo(plain)
    compressed = await compression.compress(plain.finish(), magic)
  } catch (cause) {
    // Not released: another thread may still read it.
    if (asKafkaError(cause) instanceof UnreadableRecordError) throw cause
    throw notCompressed(batch, compression, cause)
  }
  plain.release()
  const payload =
    magic === 2
      ? new CompressedRecordBatch(compression.id, summary, compressed, producer)
      : new CompressedMessageSet(magic, compression.id, summary, compressed)
  return { payload, sizeHint: compressed.length, limitedBytes: compressed.length }
}

function notCompressed(
  { topic, partition, messages }: PartitionBatch,
  { name }: Compression,
  cause: unknown,
): KafkaError {
  const place = printable(partitionName(topic, partition))
  const text = `${counted(messages.length, 'message')} to ${place} cannot be compressed with ${name}`
  return new EncodeError(text, { topic, partition, cause })
}
