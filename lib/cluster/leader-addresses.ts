/**
 * The addresses of brokers, and which of the brokers lead a partition that is known. Counted as topics change, since
 * there may be many of them.
 */
import { type BrokerAddress, isReachable } from '../broker-address.js'
import { printable } from '../errors.js'
import type { MetadataResponse } from '../protocol/messages/index.js'
import type { PartitionAndLeader } from './topic-partitions.js'

/** The brokers that an answer lists and that can be connected to. */
export interface LiveBrokers {
  readonly ids: ReadonlySet<number>
  /** Those with another address than before. */
  readonly moved: ReadonlySet<number>
}

export class LeaderAddresses {
  readonly #addressById = new Map<number, BrokerAddress>()
  /** Broker id → how many partitions known here it leads. */
  readonly #ledCountById = new Map<number, number>()

  of(brokerId: number): BrokerAddress | undefined {
    return this.#addressById.get(brokerId)
  }

  /** Of those that lead something, by broker id; none for a leader that no answer has listed. */
  all(): Map<number, BrokerAddress> {
    const leaders = new Map<number, BrokerAddress>()
    for (const id of this.#ledCountById.keys()) {
      const address = this.#addressById.get(id)
      if (address) leaders.set(id, address)
    }
    return leaders
  }

  /** These partitions are known now in place of those. */
  replace(before: readonly PartitionAndLeader[], now: readonly PartitionAndLeader[]): void {
    this.#count(before, -1)
    this.#count(now, 1)
  }

  /** @param warnings - lines for the log are added here. */
  take(brokers: MetadataResponse['brokers'], warnings: string[]): LiveBrokers {
    const ids = new Set<number>()
    const moved = new Set<number>()
    for (const broker of brokers) {
      const { nodeId, host, port } = broker
      // −1 stands for "no leader"; whoever lists such a broker must not make it one.
      if (nodeId < 0) continue
      if (!isReachable(broker)) {
        warnings.push(`broker ${nodeId} advertises the unusable address "${printable(host)}":${port}`)
        continue
      }
      if (ids.has(nodeId)) warnings.push(`broker id ${nodeId} is listed twice; the last address counts`)
      ids.add(nodeId)
      const known = this.#addressById.get(nodeId)
      if (known?.host !== host || known.port !== port) moved.add(nodeId)
      this.#addressById.set(nodeId, { host, port })
    }
    return { ids, moved }
  }

  #count(partitions: readonly PartitionAndLeader[], by: number): void {
    for (const { leaderId } of partitions) {
      if (leaderId === null) continue
      const count = (this.#ledCountById.get(leaderId) ?? 0) + by
      if (count > 0) this.#ledCountById.set(leaderId, count)
      else this.#ledCountById.delete(leaderId)
    }
  }
}
