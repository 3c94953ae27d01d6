/**
 * Reads a message set as a broker does before it appends, and opens its wrappers. What is refused, is refused whole.
 *
 * As in Kafka 0.8.2, only the outside counts: sizes and checksums within a wrapper are not looked at, and an entry that
 * is incomplete at the end of the set is left out.
 */
import { compressionWithId } from '../protocol/records/compression.js'
import { type MessageSetEntry, readMessageSet } from '../protocol/records/message-set.js'
import { PlainRecordBatch } from '../protocol/records/record-batch.js'
import { Writer } from '../protocol/writer.js'
import {
  attempt,
  type CheckedRecord,
  type CheckedRecords,
  MAX_PLAIN_BYTES,
  missingKeys,
  type RecordLimits,
  RefusedRecords,
} from './checked-records.js'

const MAX_DEPTH = 8
/** Of magic 0, beside key and value. */
const ENTRY_OVERHEAD_BYTES = 26
const TIMESTAMP_BYTES = 8

export async function checkSet(set: Buffer, limits: RecordLimits): Promise<CheckedRecords | RefusedRecords> {
  const entries = await attempt('CORRUPT_MESSAGE', async () => readMessageSet(set))
  if (entries instanceof RefusedRecords) return entries
  for (const entry of entries) {
    const refused = refusal(entry, limits)
    if (refused) return refused
  }
  const checked = await attempt('UNKNOWN_SERVER_ERROR', () => allOpened(entries))
  if (checked instanceof RefusedRecords) return checked
  const messages = checked.flatMap((entry) => entry.messages)
  return tooLargeConverted(checked, limits) ?? missingKeys(messages, limits) ?? checked
}

/** What is compressed may well shrink again, and is not measured here. */
function tooLargeConverted(
  checked: CheckedRecords,
  { convertsTo, maxMessageBytes }: RecordLimits,
): RefusedRecords | null {
  if (convertsTo === null || checked.some(({ codecId }) => codecId !== 0)) return null
  const messages = checked.flatMap((entry) => entry.messages)
  const bytes = convertsTo === 1 ? Math.max(0, ...messages.map(bytesInMagic1)) : bytesInBatch(messages)
  if (bytes <= maxMessageBytes) return null
  const reason = `${bytes} bytes in format ${convertsTo}, the limit is ${maxMessageBytes}`
  return new RefusedRecords('MESSAGE_TOO_LARGE', reason)
}

function bytesInMagic1({ key, value }: CheckedRecord): number {
  return ENTRY_OVERHEAD_BYTES + TIMESTAMP_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
}

function bytesInBatch(messages: readonly CheckedRecord[]): number {
  if (messages.length === 0) return 0
  const writer = new Writer()
  const records = messages.map(({ key, value, timestampMs }) => ({
    key,
    value,
    timestampMs: timestampMs ?? -1,
    headers: null,
  }))
  new PlainRecordBatch(records).writeTo(writer)
  return writer.length
}

async function allOpened(entries: readonly MessageSetEntry[]): Promise<CheckedRecords> {
  const checked: { codecId: number; messages: readonly CheckedRecord[] }[] = []
  for (const entry of entries) {
    const messages = await opened(entry, MAX_DEPTH)
    checked.push({ codecId: entry.codecId, messages: messages.map(record) })
  }
  return checked
}

function record({ magic, timestampMs, key, value }: MessageSetEntry): CheckedRecord {
  return { magic, timestampMs: timestampMs === null ? null : Number(timestampMs), key, value, headers: [] }
}

// The order is Kafka's: an entry that is too large is not read, so its checksum does not matter.
function refusal(
  entry: MessageSetEntry,
  { maxMessageBytes, lastCodecId }: RecordLimits,
): RefusedRecords | null {
  const bytes = sizeOf(entry)
  if (bytes > maxMessageBytes) {
    return new RefusedRecords(
      'MESSAGE_TOO_LARGE',
      `a message of ${bytes} bytes, the limit is ${maxMessageBytes}`,
    )
  }
  if (!entry.isChecksumValid) return new RefusedRecords('CORRUPT_MESSAGE', 'a message with a wrong checksum')
  if (entry.codecId <= lastCodecId) return null
  return new RefusedRecords(
    'UNKNOWN_SERVER_ERROR',
    `a message with codec ${entry.codecId}, unknown in this era`,
  )
}

function sizeOf({ key, value, timestampMs }: MessageSetEntry): number {
  const timestampBytes = timestampMs === null ? 0 : TIMESTAMP_BYTES
  return ENTRY_OVERHEAD_BYTES + timestampBytes + (key?.length ?? 0) + (value?.length ?? 0)
}

/** The messages of an entry: itself, or what its wrapper holds, wrappers in it opened likewise. */
async function opened(entry: MessageSetEntry, depth: number): Promise<readonly MessageSetEntry[]> {
  if (entry.codecId === 0) return [entry]
  if (depth === 0) throw new RangeError(`wrappers within wrappers, more than ${MAX_DEPTH} deep`)
  if (entry.value === null) throw new RangeError('a wrapper without a value')
  const plain = await compressionWithId(entry.codecId).decompress(entry.value, MAX_PLAIN_BYTES)
  const inner = await Promise.all(readMessageSet(plain).map((message) => opened(message, depth - 1)))
  return inner.flat()
}
