/**
 * Reads a message set as a broker does before it appends, and opens its wrappers. What is refused, is refused whole.
 *
 * As in Kafka 0.8.2, only the outside counts: sizes and checksums within a wrapper are not looked at, and an entry that
 * is cut off at the end of the set is left out.
 */
import { compressionWithId } from '../protocol/records/compression.js'
import { type MessageSetEntry, readMessageSet } from '../protocol/records/message-set.js'

/** The entries of a set in order, each with its messages: itself, or what its wrapper holds. */
export type CheckedSet = readonly {
  readonly codecId: number
  readonly messages: readonly MessageSetEntry[]
}[]

/** What is wrong with a set, as Kafka's error codes say it, and for whoever wonders. */
export class RefusedSet {
  readonly error: 'CORRUPT_MESSAGE' | 'MESSAGE_TOO_LARGE' | 'UNKNOWN_SERVER_ERROR'
  readonly reason: string

  constructor(error: RefusedSet['error'], reason: string) {
    this.error = error
    this.reason = reason
  }
}

export interface SetLimits {
  /** For each plain message and each wrapper, its offset and size fields included. */
  readonly maxMessageBytes: number
  /** Highest codec id that messages may have. */
  readonly lastCodecId: number
}

/** Plain bytes of one wrapper at most: a test broker should not be brought down by a test. */
const MAX_PLAIN_BYTES = 256 * 1024 * 1024
const MAX_DEPTH = 8
/** Of magic 0, beside key and value. */
const ENTRY_OVERHEAD_BYTES = 26
const TIMESTAMP_BYTES = 8

export async function checkSet(set: Buffer, limits: SetLimits): Promise<CheckedSet | RefusedSet> {
  const entries = await attempt('CORRUPT_MESSAGE', async () => readMessageSet(set))
  if (entries instanceof RefusedSet) return entries
  for (const entry of entries) {
    const refused = refusal(entry, limits)
    if (refused) return refused
  }
  return attempt('UNKNOWN_SERVER_ERROR', async () => {
    const checked: { codecId: number; messages: readonly MessageSetEntry[] }[] = []
    for (const entry of entries) {
      checked.push({ codecId: entry.codecId, messages: await opened(entry, MAX_DEPTH) })
    }
    return checked
  })
}

async function attempt<T>(error: RefusedSet['error'], read: () => Promise<T>): Promise<T | RefusedSet> {
  try {
    return await read()
  } catch (cause) {
    return new RefusedSet(error, (cause as Error).message)
  }
}

// The order is Kafka's: an entry that is too large is not read, so its checksum does not matter.
function refusal(entry: MessageSetEntry, { maxMessageBytes, lastCodecId }: SetLimits): RefusedSet | null {
  const bytes = sizeOf(entry)
  if (bytes > maxMessageBytes) {
    return new RefusedSet('MESSAGE_TOO_LARGE', `a message of ${bytes} bytes, the limit is ${maxMessageBytes}`)
  }
  if (!entry.isChecksumValid) return new RefusedSet('CORRUPT_MESSAGE', 'a message with a wrong checksum')
  if (entry.codecId <= lastCodecId) return null
  return new RefusedSet('UNKNOWN_SERVER_ERROR', `a message with codec ${entry.codecId}, unknown in this era`)
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
