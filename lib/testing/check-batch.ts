/**
 * Reads what Produce v3 and later carry, one record batch, as a broker does before it appends, and opens it.
 *
 * @see docs/reference/wire-protocol.md#record-batches, #what-brokers-refuse
 */
import { compressionWithId } from '../protocol/records/compression.js'
import {
  type ReadBatch,
  type ReadRecord,
  readRecordBatches,
  readRecords,
} from '../protocol/records/read-record-batch.js'
import {
  attempt,
  type CheckedRecord,
  type CheckedRecords,
  MAX_PLAIN_BYTES,
  missingKeys,
  type RecordLimits,
  RefusedRecords,
} from './checked-records.js'
import type { BatchIdentity } from './producer-states.js'

const MAGIC_AT = 16
const MAGIC_2 = 2
const BATCH_HEAD_BYTES = 61
const ZSTD = 4
const FIRST_VERSION_WITH_ZSTD = 7
const LOG_APPEND_TIME = 0x08
const CONTROL = 0x20
const TRANSACTIONAL = 0x10
const NO_PRODUCER_ID = -1n

/** Whether it is one whole record batch; what else there may be in it is checked later. */
export function isOneBatch(records: Buffer): boolean {
  if (records.length < BATCH_HEAD_BYTES || records[MAGIC_AT] !== MAGIC_2) return false
  return records.readInt32BE(8) + 12 === records.length
}

/** @param records - of which {@link isOneBatch} is true. @param version - of the produce request. */
export async function checkBatch(
  records: Buffer,
  version: number,
  limits: RecordLimits,
): Promise<CheckedRecords | RefusedRecords> {
  const [batch] = readRecordBatches(records)
  const refused = refusal(batch!, records.length, version, limits)
  if (refused) return refused
  const messages = await attempt('CORRUPT_MESSAGE', () => opened(batch!))
  if (messages instanceof RefusedRecords) return messages
  return missingKeys(messages, limits) ?? [{ codecId: batch!.codecId, messages, ...numbered(batch!) }]
}

// The order is Kafka's.
function refusal(
  batch: ReadBatch,
  bytes: number,
  version: number,
  { maxMessageBytes, lastCodecId, onInvalidRecord }: RecordLimits,
): RefusedRecords | null {
  if (batch.codecId > lastCodecId)
    return new RefusedRecords('UNKNOWN_SERVER_ERROR', `codec ${batch.codecId}, unknown in this era`)
  if (batch.codecId === ZSTD && version < FIRST_VERSION_WITH_ZSTD)
    return new RefusedRecords('UNSUPPORTED_COMPRESSION_TYPE', `zstd in Produce v${version}`)
  if (batch.baseOffset !== 0n)
    return new RefusedRecords(onInvalidRecord, `a batch with the offset ${batch.baseOffset}`)
  if (bytes > maxMessageBytes)
    return new RefusedRecords(
      'MESSAGE_TOO_LARGE',
      `a batch of ${bytes} bytes, the limit is ${maxMessageBytes}`,
    )
  if (!batch.isChecksumValid) return new RefusedRecords('CORRUPT_MESSAGE', 'a batch with a wrong checksum')
  if (batch.count < 1 || batch.lastOffsetDelta !== batch.count - 1)
    return new RefusedRecords(
      onInvalidRecord,
      `a batch of ${batch.count} records up to ${batch.lastOffsetDelta}`,
    )
  if (batch.attributes & CONTROL) return new RefusedRecords(onInvalidRecord, 'a control batch')
  if (batch.producerId > NO_PRODUCER_ID && batch.baseSequence < 0)
    return new RefusedRecords(onInvalidRecord, `a producer's batch with the number ${batch.baseSequence}`)
  if (batch.attributes & LOG_APPEND_TIME)
    return new RefusedRecords('INVALID_TIMESTAMP', 'a batch that claims the time of the broker')
  return null
}

async function opened(batch: ReadBatch): Promise<CheckedRecord[]> {
  const plain =
    batch.codecId === 0
      ? batch.records
      : await compressionWithId(batch.codecId).decompress(batch.records, MAX_PLAIN_BYTES)
  return readRecords(batch, plain).map(record)
}

function record({ timestampMs, key, value, headers }: ReadRecord): CheckedRecord {
  return { magic: MAGIC_2, timestampMs: Number(timestampMs), key, value, headers }
}

function numbered(batch: ReadBatch): { batch?: BatchIdentity } {
  const { producerId, producerEpoch, baseSequence, count } = batch
  if (producerId <= NO_PRODUCER_ID) return {}
  const isTransactional = (batch.attributes & TRANSACTIONAL) !== 0
  return { batch: { producerId, producerEpoch, baseSequence, count, isTransactional } }
}
