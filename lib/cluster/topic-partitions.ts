/** The partitions of one topic and their leaders, as one answer named them. A plain value: a newer answer makes a new one. */
import sortBy from 'lodash/sortBy.js'

export interface PartitionAndLeader {
  readonly topic: string
  readonly partitionId: number
  /** null while there is none. */
  readonly leaderId: number | null
}

/** A topic's partitions, sorted by id; ids may have gaps, positions have not. */
export class TopicPartitions {
  readonly partitions: readonly PartitionAndLeader[]
  /** Positions of the partitions that have a leader. */
  readonly withLeader: readonly number[]
  readonly #positionById: ReadonlyMap<number, number>

  constructor(partitions: readonly PartitionAndLeader[]) {
    this.partitions = sortBy(partitions, 'partitionId')
    this.withLeader = this.partitions.flatMap(({ leaderId }, position) =>
      leaderId === null ? [] : [position],
    )
    this.#positionById = new Map(this.partitions.map(({ partitionId }, position) => [partitionId, position]))
  }

  positionOf(partitionId: number): number | undefined {
    // Nearly always ids have no gaps, and a position is its id: no look into a map, which is slow with 10,000 partitions.
    if (this.partitions[partitionId]?.partitionId === partitionId) return partitionId
    return this.#positionById.get(partitionId)
  }

  /** Whether one of these brokers leads a partition. */
  isLedByAny(brokerIds: ReadonlySet<number>): boolean {
    if (brokerIds.size === 0) return false
    return this.partitions.some(({ leaderId }) => leaderId !== null && brokerIds.has(leaderId))
  }

  /** Whether the same partitions have the same leaders. */
  isSameAs(other: TopicPartitions): boolean {
    if (this.partitions.length !== other.partitions.length) return false
    return this.partitions.every(({ partitionId, leaderId }, position) => {
      const theirs = other.partitions[position]!
      return theirs.partitionId === partitionId && theirs.leaderId === leaderId
    })
  }
}
