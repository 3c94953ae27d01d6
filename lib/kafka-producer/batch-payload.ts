/**
 * A batch as its leader takes it: as it was built (magic 2), compressed where that is set; or, for brokers before 0.11, its
 * records written once more in their format. Kafka's client converts down at the same place.
 */
import { printable, UnsupportedVersionError } from '../errors.js'
import { partitionName } from '../produce/partition-batch.js'
import { checkCodec, payloadOf } from '../produce/record-format.js'
import type { Compression } from '../protocol/records/compression.js'
import type { BatchProducer } from '../protocol/records/record-batch.js'
import { magicOf, type RecordBody } from '../protocol/records/record-body.js'
import type { Payload } from '../protocol/types.js'
import type { Writer } from '../protocol/writer.js'
import type { ProducerBatch } from './producer-batch.js'

export interface BatchPayloadOptions {
  /** Of the leader's connection. */
  readonly produceVersion: number
  /** `host:port`. */
  readonly broker: string
  /** null for none. */
  readonly compression: Compression | null
  /** Who writes it, and with which number; none before magic 2. */
  readonly producer: BatchProducer
}

/** The setting that names the codec. */
const CODEC_KEY = 'compression.type'
const ALL_TOPICS: ReadonlySet<string> = new Set()

/**
 * @throws {UnsupportedVersionError | UnsupportedCodecError} when the broker is too old for headers, for numbers, or for the
 *   codec; sending it again is of no use. At once, or by rejection.
 */
export function batchPayload(batch: ProducerBatch, options: BatchPayloadOptions): Payload | Promise<Payload> {
  const { produceVersion, broker, compression, producer } = options
  if (magicOf(produceVersion) !== 2) return olderPayload(batch, options)
  if (!compression) return new EncodedBatch(batch.encode(producer))
  checkCodec(compression, batch, produceVersion, broker, CODEC_KEY)
  return batch.compress(compression).then(() => new EncodedBatch(batch.encode(producer)))
}

class EncodedBatch implements Payload {
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  writeTo(writer: Writer): void {
    writer.bytes(this.#bytes)
  }
}

async function olderPayload(
  batch: ProducerBatch,
  { produceVersion, broker, compression, producer }: BatchPayloadOptions,
): Promise<Payload> {
  if (producer.producerId >= 0n) throw tooOld(batch, broker, 'a producer id (enable.idempotence)')
  const messages = batch.builder.readRecords().map(({ key, value, timestampMs, headers }): RecordBody => {
    if (headers.length > 0) throw tooOld(batch, broker, 'headers')
    return { key, value, timestampMs: Number(timestampMs), headers: null }
  })
  const { topic, partition } = batch
  const options = { compression, compressedTopics: ALL_TOPICS, codecKey: CODEC_KEY }
  const { payload } = await payloadOf({ topic, partition, messages }, produceVersion, broker, options)
  return payload
}

function tooOld({ topic, partition }: ProducerBatch, broker: string, what: string): UnsupportedVersionError {
  const place = printable(partitionName(topic, partition))
  const text = `records for ${place} have ${what}, which needs Kafka 0.11 or newer: ${broker} is older`
  return new UnsupportedVersionError(text, { broker, topic, partition })
}
