/** What checking the records of a partition comes to, whatever their format: what can be stored, or why nothing is. */
import type { BatchIdentity } from './producer-states.js'

export interface CheckedRecord {
  readonly magic: number
  /** Milliseconds; −1 where the client gave none, null where the format has no place for it. */
  readonly timestampMs: number | null
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

/** The entries in order, each with its messages: itself, or what its wrapper or batch holds. */
export type CheckedRecords = readonly {
  readonly codecId: number
  readonly messages: readonly CheckedRecord[]
  /** Of a batch that a producer has numbered. */
  readonly batch?: BatchIdentity
}[]

/** Kafka's error codes of what is refused; for a wrong format it is that of a record that is not valid. */
export const refusalCodes = {
  UNKNOWN_SERVER_ERROR: -1,
  CORRUPT_MESSAGE: 2,
  MESSAGE_TOO_LARGE: 10,
  INVALID_TIMESTAMP: 32,
  UNSUPPORTED_COMPRESSION_TYPE: 76,
  INVALID_RECORD: 87,
  INVALID_FORMAT: 87,
} as const

export type RefusalName = keyof typeof refusalCodes

/** What is wrong, as Kafka's error codes say it, and for whoever wonders. */
export class RefusedRecords {
  readonly error: RefusalName
  readonly reason: string
  /** Records that are to blame, by their place in the batch; empty where the whole is. */
  readonly recordIndexes: readonly number[]

  constructor(error: RefusalName, reason: string, recordIndexes: readonly number[] = []) {
    this.error = error
    this.reason = reason
    this.recordIndexes = recordIndexes
  }
}

export interface RecordLimits {
  /** Per plain message and per wrapper with magic 0 and 1, per batch with magic 2; all their fields included. */
  readonly maxMessageBytes: number
  /** Highest codec id that messages may have. */
  readonly lastCodecId: number
  /** Of the topic: a message without a key is refused. */
  readonly mustHaveKeys: boolean
  readonly onInvalidRecord: 'CORRUPT_MESSAGE' | 'INVALID_RECORD'
  /** Format that older messages are made into, which makes them larger, before they are measured again. */
  readonly convertsTo: null | 1 | 2
}

/** Plain bytes of one wrapper or batch at most: a test broker should not be brought down by a test. */
export const MAX_PLAIN_BYTES = 256 * 1024 * 1024

export async function attempt<T>(error: RefusalName, read: () => Promise<T>): Promise<T | RefusedRecords> {
  try {
    return await read()
  } catch (cause) {
    return new RefusedRecords(error, (cause as Error).message)
  }
}

/** Null when all have the key that they need. */
export function missingKeys(
  messages: readonly CheckedRecord[],
  { mustHaveKeys, onInvalidRecord }: RecordLimits,
): RefusedRecords | null {
  if (!mustHaveKeys) return null
  const indexes = messages.flatMap(({ key }, index) => (key === null ? [index] : []))
  if (indexes.length === 0) return null
  return new RefusedRecords(onInvalidRecord, 'a message without a key in a compacted topic', indexes)
}

/** What the answer says of a partition. */
export interface StoredPartition {
  readonly errorCode: number
  readonly baseOffset: bigint
  readonly logAppendTimeMs?: bigint
  readonly logStartOffset?: bigint
  readonly errorMessage?: string
  readonly recordErrors?: { batchIndex: number; message: string }[]
  /** With NOT_LEADER_FOR_PARTITION, where somebody leads it. */
  readonly currentLeader?: { leaderId: number; leaderEpoch: number }
}
