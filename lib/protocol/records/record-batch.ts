/**
 * Writes record batches (magic 2): a head of 61 bytes, then the records, compressed together or plain.
 *
 * The checksum is CRC-32C from the attributes to the end. Timestamps are kept relative to the first record's.
 *
 * @see docs/reference/wire-protocol.md#record-batches; https://kafka.apache.org/documentation/#recordbatch
 */
import { putBigInt64, putInt16, putInt32, putInt64 } from '../primitives.js'
import type { Payload } from '../types.js'
import type { Writer } from '../writer.js'
import { crc32c } from './crc32c.js'
import { type BatchSummary, type RecordBody, summaryOf } from './record-body.js'
import { BATCH_HEAD_BYTES } from './record-sizes.js'
import { writeRecords } from './write-records.js'

const MAGIC_2 = 2
const NO_LEADER_EPOCH = -1
const TRANSACTIONAL = 0x10

/** Who writes a batch, and where it stands in the sequence of its partition (KIP-98). */
export interface BatchProducer {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** Sequence number of the first record; the others count on from there. */
  readonly baseSequence: number
  readonly isTransactional: boolean
}

/** Without idempotence. */
export const NO_PRODUCER: BatchProducer = {
  producerId: -1n,
  producerEpoch: -1,
  baseSequence: -1,
  isTransactional: false,
}

/** Records as one plain batch, at least one. */
export class PlainRecordBatch implements Payload {
  readonly #records: readonly RecordBody[]
  readonly #producer: BatchProducer

  /** @param producer - default: none, as without idempotence. */
  constructor(records: readonly RecordBody[], producer = NO_PRODUCER) {
    this.#records = records
    this.#producer = producer
  }

  /** @throws {UnreadableRecordError} when the bytes of a record are not there any more. */
  writeTo(writer: Writer): void {
    const summary = summaryOf(this.#records)
    const at = beginBatch(writer)
    writeRecords(writer, this.#records, summary.baseTimestampMs)
    endBatch(writer, at, 0, summary, this.#producer)
  }
}

/** Records that have been compressed together. */
export class CompressedRecordBatch implements Payload {
  readonly #codecId: number
  readonly #summary: BatchSummary
  readonly #compressed: Uint8Array
  readonly #producer: BatchProducer

  /**
   * @param codecId - 1 gzip, 2 snappy, 3 lz4, 4 zstd.
   * @param compressed - what {@link writeRecords} wrote, compressed.
   * @param producer - as for {@link PlainRecordBatch}.
   */
  constructor(codecId: number, summary: BatchSummary, compressed: Uint8Array, producer = NO_PRODUCER) {
    this.#codecId = codecId
    this.#summary = summary
    this.#compressed = compressed
    this.#producer = producer
  }

  writeTo(writer: Writer): void {
    const at = beginBatch(writer)
    writer.bytes(this.#compressed)
    endBatch(writer, at, this.#codecId, this.#summary, this.#producer)
  }
}

/** Leaves room for the head. @returns where it is. */
function beginBatch(writer: Writer): number {
  return writer.skip(BATCH_HEAD_BYTES)
}

function endBatch(
  writer: Writer,
  at: number,
  codecId: number,
  { count, baseTimestampMs, maxTimestampMs }: BatchSummary,
  producer: BatchProducer,
): void {
  putBatchHead(writer.room(0), at, writer.length, codecId, count, baseTimestampMs, maxTimestampMs, producer)
}

/** Writes the head of a batch whose records stand behind it, up to `end`. */
export function putBatchHead(
  buffer: Buffer,
  from: number,
  end: number,
  codecId: number,
  count: number,
  baseTimestampMs: number,
  maxTimestampMs: number,
  { producerId, producerEpoch, baseSequence, isTransactional }: BatchProducer,
): void {
  const lengthAt = putInt64(buffer, 0, from)
  let at = putInt32(buffer, end - lengthAt - 4, lengthAt)
  at = putInt32(buffer, NO_LEADER_EPOCH, at)
  buffer[at++] = MAGIC_2
  const crcAt = at
  at = putInt16(buffer, isTransactional ? codecId | TRANSACTIONAL : codecId, crcAt + 4)
  at = putInt32(buffer, count - 1, at)
  at = putInt64(buffer, baseTimestampMs, at)
  at = putInt64(buffer, maxTimestampMs, at)
  at = putBigInt64(buffer, producerId, at)
  at = putInt16(buffer, producerEpoch, at)
  at = putInt32(buffer, baseSequence, at)
  putInt32(buffer, count, at)
  putInt32(buffer, crc32c(buffer, crcAt + 4, end), crcAt)
}
