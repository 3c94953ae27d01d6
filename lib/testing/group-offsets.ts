/** Offsets that consumer groups have committed, and those that wait for the end of a transaction. Knows no members. */
import type { ProducerIdentity, TransactionEnd } from './transaction-state.js'

/** As a group has committed it. */
export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  /** Of the message to read next. */
  readonly offset: bigint
  /** −1 where the client gave none. */
  readonly leaderEpoch: number
  readonly metadata: string | null
}

interface Group {
  readonly committed: Map<string, CommittedOffset>
  readonly pending: Map<bigint, CommittedOffset[]>
  /** Of producers that have written or were fenced. */
  readonly epochs: Map<bigint, number>
}

export class GroupOffsets {
  readonly #groups = new Map<string, Group>()

  /** By topic and partition; empty for a group that nobody has named. */
  committed(group: string): CommittedOffset[] {
    const offsets = [...(this.#groups.get(group)?.committed.values() ?? [])]
    return offsets.sort((a, b) => compare(a.topic, b.topic) || a.partition - b.partition)
  }

  /** Whether a producer of a newer epoch has the id. */
  isFenced(group: string, { producerId, producerEpoch }: ProducerIdentity): boolean {
    return producerEpoch < (this.#groups.get(group)?.epochs.get(producerId) ?? producerEpoch)
  }

  /** Keeps offsets until the transaction ends. */
  add(
    name: string,
    { producerId, producerEpoch }: ProducerIdentity,
    offsets: readonly CommittedOffset[],
  ): void {
    const group = this.#group(name)
    group.epochs.set(producerId, producerEpoch)
    group.pending.set(producerId, [...(group.pending.get(producerId) ?? []), ...offsets])
  }

  endTransaction(type: TransactionEnd, name: string, { producerId, producerEpoch }: ProducerIdentity): void {
    const { committed, pending, epochs } = this.#group(name)
    epochs.set(producerId, producerEpoch)
    for (const offset of type === 'COMMIT' ? (pending.get(producerId) ?? []) : [])
      committed.set(`${offset.topic} ${offset.partition}`, offset)
    pending.delete(producerId)
  }

  #group(name: string): Group {
    const group = this.#groups.get(name) ?? { committed: new Map(), pending: new Map(), epochs: new Map() }
    this.#groups.set(name, group)
    return group
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
