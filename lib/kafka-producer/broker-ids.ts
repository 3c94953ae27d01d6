/** Broker ids by address, for what is counted by connection. Of a broker that no metadata has named: −1, as in Java. */
import { addressText } from '../broker-address.js'
import type { ClusterMetadata } from '../cluster/cluster-metadata.js'

export class BrokerIds {
  readonly #cluster: ClusterMetadata
  readonly #byBroker = new Map<string, number>()

  constructor(cluster: ClusterMetadata) {
    this.#cluster = cluster
  }

  /** Metadata has come. */
  forget(): void {
    this.#byBroker.clear()
  }

  /** @param broker - `host:port`. */
  of(broker: string): number {
    let id = this.#byBroker.get(broker)
    if (id === undefined) {
      const cluster = this.#cluster
      id = cluster.brokerIds.find((known) => addressText(cluster.addressOf(known)!) === broker) ?? -1
      this.#byBroker.set(broker, id)
    }
    return id
  }
}
