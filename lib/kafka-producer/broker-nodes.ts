/**
 * The brokers that a producer sends to, by id: which of them can take a produce request now, and when to connect again to
 * one that could not be connected to.
 *
 * Holds one session per broker, which others may use as well. A broker that has moved gets another session; the old one
 * is released when its last request has ended, and so is that of a broker that metadata does not have any more.
 */
import isEqual from 'lodash/isEqual.js'
import sumBy from 'lodash/sumBy.js'
import type { BrokerAddress } from '../broker-address.js'
import type { BrokerSessions } from '../cluster/broker-sessions.js'
import type { KafkaError } from '../errors.js'
import type { BrokerSession, Ready } from '../network/broker-session.js'
import type { ReadyConnection } from '../network/ready-connection.js'
import { type RetryBackoffOptions, retryBackoffMs } from './retry-backoff.js'

export interface BrokerNodesOptions {
  readonly sessions: BrokerSessions
  /** `max.in.flight.requests.per.connection`. */
  readonly maxInFlight: number
  readonly reconnectBackoff: RetryBackoffOptions
  /** null for a broker that no metadata has. */
  addressOf(brokerId: number): BrokerAddress | null
  /** One in use, for a broker whose versions have to be found out; null for none. */
  topics(): readonly string[] | null
  /** A connection is there; or it could not be made. */
  onConnected(broker: string, made: ReadyConnection | KafkaError, brokerId: number): void
}

/** One broker at one address. */
export class BrokerNode {
  readonly id: number
  readonly session: BrokerSession
  inFlight = 0
  /** Not to be sent to before: a quota was exceeded. */
  throttledUntilMs = 0
  /** Requests go out in the order in which they were drained, also where batches are compressed on other threads. */
  lastSend: Promise<void> | null = null
  isConnecting = false
  /** Its session is to be replaced when nothing is left on it. */
  isOutdated = false
  failures = 0
  retryAtMs = 0

  constructor(id: number, session: BrokerSession) {
    this.id = id
    this.session = session
  }
}

export class BrokerNodes {
  readonly #options: BrokerNodesOptions
  readonly #nodes = new Map<number, BrokerNode>()
  /** At an address that their brokers have left, still ending their last requests. */
  readonly #retired = new Set<BrokerNode>()

  constructor(options: BrokerNodesOptions) {
    this.#options = options
  }

  /** Produce requests that wait for their answers. */
  get inFlight(): number {
    return sumBy([...this.#nodes.values()], 'inFlight')
  }

  /** The node that may be sent to now. Begins to connect where there is no connection. */
  ready(id: number, nowMs: number): { node: BrokerNode; connection: ReadyConnection } | null {
    const node = this.#node(id)
    if (!node || node.inFlight >= this.#options.maxInFlight || node.isConnecting || node.isOutdated)
      return null
    if (nowMs < node.retryAtMs || nowMs < node.throttledUntilMs) return null
    const ready = node.session.ready(this.#options.topics())
    if (ready instanceof Promise) {
      void this.#connected(node, ready)
      return null
    }
    if (ready.connection.secondLooks) this.#lookAgain(node)
    return { node, connection: ready.connection }
  }

  /** Metadata has come: brokers that it does not have any more are let go. */
  update(): void {
    for (const [id, node] of this.#nodes) {
      if (this.#options.addressOf(id)) continue
      this.#nodes.delete(id)
      this.#retire(node)
    }
  }

  /** The session of this address was renewed: it is used as soon as nothing is left on the old one. */
  renew(address: BrokerAddress): void {
    for (const node of this.#nodes.values()) {
      if (!isEqual(node.session.address, address)) continue
      node.isOutdated = true
      if (node.inFlight === 0) void this.#replace(node)
    }
  }

  /** When a back-off or a throttle time ends; Infinity where there is none. */
  nextReadyMs(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY
    for (const { retryAtMs, throttledUntilMs } of this.#nodes.values()) {
      const atMs = Math.max(retryAtMs, throttledUntilMs)
      if (atMs > nowMs) nextMs = Math.min(nextMs, atMs)
    }
    return nextMs
  }

  /** A produce request to it has ended. */
  ended(node: BrokerNode): void {
    node.inFlight--
    if (node.inFlight > 0) return
    if (this.#retired.delete(node)) node.session.release()
    else if (node.isOutdated) void this.#replace(node)
  }

  /** With acks 0: resolves when all connected brokers have answered a question behind what was written. Never rejects. */
  async confirm(): Promise<void> {
    const topics = this.#options.topics()
    const connected = [...this.#nodes.values()].filter(({ session }) => session.isConnected)
    if (topics === null) return
    await Promise.all(connected.map(({ session }) => session.fetchMetadata(topics).catch(() => {})))
  }

  /** Releases all sessions; what waits fails with the reason. */
  close(reason: KafkaError): void {
    for (const { session } of [...this.#nodes.values(), ...this.#retired]) session.release(reason)
    this.#nodes.clear()
    this.#retired.clear()
  }

  #node(id: number): BrokerNode | null {
    const known = this.#nodes.get(id)
    const address = this.#options.addressOf(id)
    if (!address || (known && isEqual(known.session.address, address))) return known ?? null
    const node = new BrokerNode(id, this.#options.sessions.hold(address))
    this.#nodes.set(id, node)
    if (known) this.#retire(known)
    return node
  }

  #retire(node: BrokerNode): void {
    if (node.inFlight === 0) node.session.release()
    else this.#retired.add(node)
  }

  #lookAgain({ session }: BrokerNode): void {
    const topics = this.#options.topics()
    if (topics) session.lookAgain(topics)
  }

  /** Never rejects. */
  async #replace(node: BrokerNode): Promise<void> {
    const { sessions, topics, addressOf } = this.#options
    // What was written with acks 0 has been read when a later question is answered.
    const named = topics()
    if (named) await node.session.fetchMetadata(named).catch(() => {})
    const address = addressOf(node.id)
    if (this.#nodes.get(node.id) !== node || !address) return
    this.#nodes.set(node.id, new BrokerNode(node.id, sessions.hold(address)))
    node.session.release()
    this.ready(node.id, performance.now())
  }

  /** Never rejects. */
  async #connected(node: BrokerNode, connecting: Promise<Ready>): Promise<void> {
    node.isConnecting = true
    let made: ReadyConnection | KafkaError
    try {
      made = (await connecting).connection
      node.failures = 0
      node.retryAtMs = 0
    } catch (error) {
      made = error as KafkaError
      this.disconnected(node, performance.now())
    }
    node.isConnecting = false
    // Connecting to a broker that was let go meanwhile need not succeed.
    if (this.#nodes.get(node.id) === node) this.#options.onConnected(node.session.broker, made, node.id)
  }

  /** Its connection ended, or could not be made: it is not connected to again at once. */
  disconnected(node: BrokerNode, nowMs: number): void {
    node.retryAtMs = nowMs + retryBackoffMs(node.failures, this.#options.reconnectBackoff)
    node.failures++
  }
}
