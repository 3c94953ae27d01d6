/**
 * What one partition stores: message sets and record batches as they were received, the messages in them with the offsets that the
 * broker gave, and the markers that end transactions.
 */
import type { CheckedRecords } from './checked-records.js'
import type { Era } from './eras.js'
import { type BatchIdentity, ProducerStates } from './producer-states.js'

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
  /** Only with idempotence. */
  readonly producer?: StoredProducer
}

/** Who wrote a message, and which number it has among those of its producer in the partition. */
export interface StoredProducer {
  readonly id: bigint
  readonly epoch: number
  readonly sequence: number
  readonly isTransactional: boolean
}

/** A control record: the end of a transaction. It has an offset as messages have. */
export interface StoredMarker {
  readonly partition: number
  readonly offset: bigint
  readonly type: 'COMMIT' | 'ABORT'
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** The messages of one transaction in this partition share it. */
interface TransactionOutcome {
  end: 'open' | 'COMMIT' | 'ABORT'
}

const codecNames: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const SEQUENCES = 2 ** 31

export class PartitionLog {
  readonly producers = new ProducerStates()
  readonly #partition: number
  readonly #messages: StoredMessage[] = []
  /** Of the message at the same place; null for one outside of transactions. */
  readonly #transactions: (TransactionOutcome | null)[] = []
  readonly #open = new Map<bigint, TransactionOutcome>()
  readonly #markers: StoredMarker[] = []
  readonly #sets: Buffer[] = []

  constructor(partition: number) {
    this.#partition = partition
  }

  /** The offset that the next message or marker gets. */
  get endOffset(): bigint {
    return BigInt(this.#messages.length + this.#markers.length)
  }

  /** All of them, of transactions that are open or were aborted as well. */
  get messages(): readonly StoredMessage[] {
    return this.#messages
  }

  /**
   * What a `read_committed` consumer gets: nothing of an aborted transaction, and nothing behind the first message of an
   * open one.
   */
  get committed(): readonly StoredMessage[] {
    const lastStable = this.#transactions.findIndex((transaction) => transaction?.end === 'open')
    const stable = lastStable < 0 ? this.#messages : this.#messages.slice(0, lastStable)
    return stable.filter((_, index) => this.#transactions[index]?.end !== 'ABORT')
  }

  get markers(): readonly StoredMarker[] {
    return this.#markers
  }

  /** As received, one per produce request; without markers, which nobody sends. */
  get sets(): readonly Buffer[] {
    return this.#sets
  }

  hasOpenTransaction(producerId: bigint, producerEpoch: number): boolean {
    return this.#open.has(producerId) && this.producers.epochOf(producerId) === producerEpoch
  }

  /**
   * @param set - that nobody else writes to, and `checked` is a view of.
   * @param appendTimeMs - in place of the messages' own timestamps; null leaves them.
   * @returns the offset of the first message, −1 for a set without any, which is not kept.
   */
  append(set: Buffer, checked: CheckedRecords, appendTimeMs: number | null, era: Era): bigint {
    if (checked.length === 0) return -1n
    const baseOffset = this.endOffset
    this.#sets.push(set)
    for (const { codecId, messages, batch } of checked) {
      if (batch) {
        const timestampMs = appendTimeMs ?? latestOf(messages)
        this.producers.append(batch, { baseOffset, timestampMs }, era)
      }
      const transaction = batch?.isTransactional ? this.#transactionOf(batch.producerId) : null
      const codec = codecNames[codecId] ?? 'none'
      for (const [index, message] of messages.entries()) {
        this.#messages.push({
          partition: this.#partition,
          offset: this.endOffset,
          ...message,
          timestampMs: message.magic === 0 ? null : (appendTimeMs ?? message.timestampMs),
          codec,
          ...(batch && { producer: producerOf(batch, index) }),
        })
        this.#transactions.push(transaction)
      }
    }
    return baseOffset
  }

  /** Writes the marker that ends the transaction of a producer. @param producerEpoch - that fences older ones. */
  endTransaction(type: 'COMMIT' | 'ABORT', producerId: bigint, producerEpoch: number): void {
    const offset = this.endOffset
    this.#markers.push({ partition: this.#partition, offset, type, producerId, producerEpoch })
    this.producers.marked(producerId, producerEpoch)
    const transaction = this.#open.get(producerId)
    if (transaction) transaction.end = type
    this.#open.delete(producerId)
  }

  #transactionOf(producerId: bigint): TransactionOutcome {
    const open = this.#open.get(producerId) ?? { end: 'open' }
    this.#open.set(producerId, open)
    return open
  }
}

function latestOf(messages: readonly { readonly timestampMs: number | null }[]): number {
  return messages.reduce((latest, { timestampMs }) => Math.max(latest, timestampMs ?? -1), -1)
}

function producerOf(batch: BatchIdentity, index: number): StoredProducer {
  const { producerId, producerEpoch, baseSequence, isTransactional } = batch
  const sequence = (baseSequence + index) % SEQUENCES
  return { id: producerId, epoch: producerEpoch, sequence, isTransactional }
}
