/**
 * Which broker coordinates a transactional id or a consumer group. As in Kafka, names are spread over the partitions of
 * an internal topic of each kind by their hash, and who leads the partition is the coordinator.
 *
 * @see TransactionStateManager and GroupMetadataManager (Kafka 3.9), `partitionFor`
 */
export type CoordinatorKind = 'transaction' | 'group'

/** `transaction.state.log.num.partitions` and `offsets.topic.num.partitions` of Kafka. */
const PARTITIONS = 50

export class Coordinators {
  readonly #brokerIds: readonly number[]
  readonly #leaders: Readonly<Record<CoordinatorKind, (number | null)[]>>

  constructor(brokerIds: readonly number[]) {
    this.#brokerIds = brokerIds
    const spread = (): number[] =>
      Array.from({ length: PARTITIONS }, (_, partition) => brokerIds[partition % brokerIds.length]!)
    this.#leaders = { transaction: spread(), group: spread() }
  }

  /** A broker that may be down; null for none. */
  of(kind: CoordinatorKind, name: string): number | null {
    return this.#leaders[kind][partitionOf(name)]!
  }

  /**
   * Moves all names of the same partition.
   *
   * @param broker - null for none. @throws {RangeError} for a broker that does not exist.
   */
  move(kind: CoordinatorKind, name: string, broker: number | null): void {
    if (!Object.hasOwn(this.#leaders, kind))
      throw new RangeError(`there are coordinators of kind transaction and group, not ${String(kind)}`)
    if (broker !== null && !this.#brokerIds.includes(broker))
      throw new RangeError(`there is no broker ${broker}; the test cluster has ${this.#brokerIds.join(', ')}`)
    this.#leaders[kind][partitionOf(name)] = broker
  }

  /** As leaders of partitions move from brokers that are down. */
  moveFrom(isDown: (broker: number) => boolean, to: readonly number[]): void {
    if (to.length === 0) return
    for (const leaders of Object.values(this.#leaders)) {
      for (const [partition, leader] of leaders.entries())
        if (leader !== null && isDown(leader)) leaders[partition] = to[partition % to.length]!
    }
  }
}

/** As Java's `hashCode` of a text, its sign taken off. */
function partitionOf(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = (Math.imul(31, hash) + name.charCodeAt(i)) | 0
  return (hash & 0x7fffffff) % PARTITIONS
}
