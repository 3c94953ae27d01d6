/**
 * What one partition stores: message sets and record batches as they were received, and the messages in them with the offsets that the
 * broker gave.
 */
import type { CheckedRecords } from './checked-records.js'

export type CodecName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** A message as it can be read back. */
export interface StoredMessage {
  readonly partition: number
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In their order; names may repeat. Empty before the format of 0.11. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
  /**
   * Of the message, or of the broker where the topic has `LogAppendTime`: milliseconds since the epoch. −1 where the
   * client gave none, null where the format has no place for it.
   */
  readonly timestampMs: number | null
  /** Of the wrapper or batch it came in. */
  readonly codec: CodecName
  readonly magic: number
}

const codecNames: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

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

  /**
   * @param set - that nobody else writes to, and `checked` is a view of.
   * @param appendTimeMs - in place of the messages' own timestamps; null leaves them.
   * @returns the offset of the first message, −1 for a set without any, which is not kept.
   */
  append(set: Buffer, checked: CheckedRecords, appendTimeMs: number | null): bigint {
    if (checked.length === 0) return -1n
    const baseOffset = this.endOffset
    this.#sets.push(set)
    for (const { codecId, messages } of checked) {
      const codec = codecNames[codecId] ?? 'none'
      for (const message of messages) {
        this.#messages.push({
          partition: this.#partition,
          offset: this.endOffset,
          ...message,
          timestampMs: message.magic === 0 ? null : (appendTimeMs ?? message.timestampMs),
          codec,
        })
      }
    }
    return baseOffset
  }
}
