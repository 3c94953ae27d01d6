/**
 * What earlier attempts to connect to a broker say about the next one: how long it may take, and which address of the
 * name comes first.
 *
 * Kept by `host:port` and beyond the end of connections, whoever asks for them: a broker that is far away must not be
 * given up on as early each time, and a name behind whose first address nothing works must not lead there for ever.
 *
 * @see Kafka's ClusterConnectionStates 4.3; KIP-302, KIP-601
 */

export interface ConnectionState {
  /** Attempts in a row that did not connect. */
  readonly failures: number
  /** IP address that the last connection went to; null before the first. */
  readonly lastAddress: string | null
}

/** Brokers of a cluster with changing addresses must not pile up. */
const MAX_REMEMBERED = 1000

const UNKNOWN: ConnectionState = { failures: 0, lastAddress: null }

export class ConnectionStates {
  /** The one that was tried last is the last one. */
  readonly #byBroker = new Map<string, ConnectionState>()

  /** @param broker - `host:port`. */
  of(broker: string): ConnectionState {
    return this.#byBroker.get(broker) ?? UNKNOWN
  }

  connected(broker: string, lastAddress: string): void {
    this.#set(broker, { failures: 0, lastAddress })
  }

  failed(broker: string): void {
    const { failures, lastAddress } = this.of(broker)
    this.#set(broker, { failures: failures + 1, lastAddress })
  }

  #set(broker: string, state: ConnectionState): void {
    this.#byBroker.delete(broker)
    this.#byBroker.set(broker, state)
    if (this.#byBroker.size > MAX_REMEMBERED) this.#byBroker.delete(this.#byBroker.keys().next().value!)
  }
}
