/** What a message consists of once it is serialized, whatever format it is written in. */
import { areReadable } from '../../bytes.js'
import { EncodeError } from '../../errors.js'
import type { Serialized } from '../writer.js'

/** Names with their values, in order; names may repeat. */
export type RecordHeaders = readonly (readonly [name: string, value: Serialized])[]

export interface RecordBody {
  /** Null and empty are different, for key and value alike. */
  readonly key: Serialized
  readonly value: Serialized
  /** Milliseconds since the epoch; −1 for none. Magic 0 has no place for it. */
  readonly timestampMs: number
  /** Null for none. Magic 2 only. */
  readonly headers: RecordHeaders | null
}

/**
 * One record could not be written and may be left out: its bytes are not there any more, because its ArrayBuffer was
 * transferred or shrunk after the caller had handed it over.
 */
export class UnreadableRecordError extends EncodeError {
  readonly #record: RecordBody

  constructor(record: RecordBody, cause: unknown) {
    super('the bytes of a record can no longer be read', { cause })
    this.#record = record
  }

  get record(): RecordBody {
    return this.#record
  }
}

/** What was thrown while this record was written, with the record where it is to blame. */
export function writeError(record: RecordBody, thrown: unknown): unknown {
  return thrown instanceof TypeError ? new UnreadableRecordError(record, thrown) : thrown
}

/** Whether all bytes of a record are still there. */
export function isReadable({ key, value, headers }: RecordBody): boolean {
  if (!canRead(key) || !canRead(value)) return false
  return headers === null || headers.every(([, header]) => canRead(header))
}

function canRead(part: Serialized): boolean {
  return part === null || typeof part === 'string' || areReadable(part)
}

/** Which format produce requests of a version carry: magic 0, 1 or 2. */
export type Magic = 0 | 1 | 2

/** @see docs/reference/wire-protocol.md#message-formats */
export function magicOf(produceVersion: number): Magic {
  if (produceVersion >= 3) return 2
  return produceVersion === 2 ? 1 : 0
}

/**
 * Bytes of an entry beside key, value and headers. Magic 2 writes less than this, whose most is 21; magic 1 has eight
 * more than magic 0's 26 for its timestamp.
 */
export const ENTRY_OVERHEAD_BYTES = 34

/** Most bytes of lengths beside the name and value of a header. */
const HEADER_OVERHEAD_BYTES = 10

/** Bytes a message takes in any format, text counted as if it were ASCII: only a hint, and never less for ASCII. */
export function estimateBytes({ key, value, headers }: RecordBody): number {
  let bytes = ENTRY_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  if (headers) {
    for (const [name, header] of headers) bytes += HEADER_OVERHEAD_BYTES + name.length + (header?.length ?? 0)
  }
  return bytes
}

/** Bytes these messages take together; see {@link estimateBytes}. */
export function estimateSetBytes(records: readonly RecordBody[]): number {
  let bytes = 0
  for (let i = 0; i < records.length; i++) bytes += estimateBytes(records[i]!)
  return bytes
}

/** What stands in front of messages that go together. */
export interface BatchSummary {
  /** At least 1. */
  readonly count: number
  readonly baseTimestampMs: number
  readonly maxTimestampMs: number
}

export function summaryOf(records: readonly RecordBody[]): BatchSummary {
  const baseTimestampMs = records[0]!.timestampMs
  let maxTimestampMs = baseTimestampMs
  for (let i = 1; i < records.length; i++) maxTimestampMs = Math.max(maxTimestampMs, records[i]!.timestampMs)
  return { count: records.length, baseTimestampMs, maxTimestampMs }
}
