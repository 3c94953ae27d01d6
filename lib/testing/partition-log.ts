/**
 * What one partition stores: message sets as they were received, and the messages in them with the offsets that the
 * broker gave. Opens wrappers with its own loop.
 */
import { compressionWithId } from '../protocol/records/compression.js'
import { type MessageSetEntry, readMessageSet } from '../protocol/records/message-set.js'

export type CodecName = 'none' | 'gzip' | 'snappy' | 'lz4'

/** A message as it can be read back. */
export interface StoredMessage {
  readonly partition: number
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Of the set it came in. */
  readonly codec: CodecName
  readonly magic: number
}

const codecNames: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4']
/** Plain bytes of one wrapper at most: a test broker should not be brought down by a test. */
const MAX_PLAIN_BYTES = 256 * 1024 * 1024

/** What is wrong with a set, as Kafka's error codes say it. */
export type Refusal = 'CORRUPT_MESSAGE' | 'MESSAGE_TOO_LARGE' | 'UNKNOWN_SERVER_ERROR'

export interface CheckedSet {
  readonly entries: readonly { readonly entry: MessageSetEntry; readonly inner: readonly MessageSetEntry[] }[]
}

/** Bytes of an entry before its message: offset and size. */
const ENTRY_HEAD_BYTES = 12

/**
 * Reads a set as a broker does before it appends.
 *
 * @param maxMessageBytes - for each plain message and each wrapper.
 */
export function checkSet(set: Buffer, maxMessageBytes: number, lastCodecId: number): CheckedSet | Refusal {
  try {
    const entries = readMessageSet(set)
    if (entries.some((entry) => !entry.isChecksumValid)) return 'CORRUPT_MESSAGE'
    if (entries.some((entry) => entry.codecId > lastCodecId)) return 'UNKNOWN_SERVER_ERROR'
    if (entries.some((entry) => sizeOf(entry) > maxMessageBytes)) return 'MESSAGE_TOO_LARGE'
    return { entries: entries.map((entry) => ({ entry, inner: opened(entry) })) }
  } catch {
    return 'CORRUPT_MESSAGE'
  }
}

function sizeOf({ key, value, timestampMs }: MessageSetEntry): number {
  return ENTRY_HEAD_BYTES + 14 + (timestampMs === null ? 0 : 8) + (key?.length ?? 0) + (value?.length ?? 0)
}

/** The messages of an entry: itself, or what its wrapper holds. */
function opened(entry: MessageSetEntry): readonly MessageSetEntry[] {
  if (entry.codecId === 0) return [entry]
  return readMessageSet(
    compressionWithId(entry.codecId).decompress(entry.value ?? Buffer.alloc(0), MAX_PLAIN_BYTES),
  )
}

export class PartitionLog {
  readonly #partition: number
  readonly #messages: StoredMessage[] = []
  readonly #sets: Buffer[] = []

  constructor(partition: number) {
    this.#partition = partition
  }

  /** The offset that the next message gets. */
  get endOffset(): bigint {
    return BigInt(this.#messages.length)
  }

  get messages(): readonly StoredMessage[] {
    return this.#messages
  }

  /** As received, one per produce request. */
  get sets(): readonly Buffer[] {
    return this.#sets
  }

  /** @param checked - of a set that nobody else writes to. @returns the offset of the first message. */
  append(set: Buffer, checked: CheckedSet): bigint {
    const baseOffset = this.endOffset
    this.#sets.push(set)
    for (const { entry, inner } of checked.entries) {
      const codec = codecNames[entry.codecId] ?? 'none'
      for (const { key, value, magic } of inner) {
        this.#messages.push({ partition: this.#partition, offset: this.endOffset, key, value, codec, magic })
      }
    }
    return baseOffset
  }
}
