/**
 * What one partition stores: message sets as they were received, and the messages in them with the offsets that the
 * broker gave.
 */
import type { CheckedSet } from './check-set.js'

export type CodecName = 'none' | 'gzip' | 'snappy' | 'lz4'

/** A message as it can be read back. */
export interface StoredMessage {
  readonly partition: number
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Of the wrapper it came in. */
  readonly codec: CodecName
  readonly magic: number
}

const codecNames: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4']

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
   * @returns the offset of the first message, −1 for a set without any, which is not kept.
   */
  append(set: Buffer, checked: CheckedSet): bigint {
    if (checked.length === 0) return -1n
    const baseOffset = this.endOffset
    this.#sets.push(set)
    for (const { codecId, messages } of checked) {
      const codec = codecNames[codecId] ?? 'none'
      for (const { key, value, magic } of messages) {
        this.#messages.push({ partition: this.#partition, offset: this.endOffset, key, value, codec, magic })
      }
    }
    return baseOffset
  }
}
