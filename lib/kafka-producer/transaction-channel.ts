/**
 * Sends the requests that the {@link TransactionManager} wants sent, one at a time, to coordinators or to any broker, and
 * reports how they ended. Decides nothing about transactions.
 */
import minBy from 'lodash/minBy.js'
import partition from 'lodash/partition.js'
import shuffle from 'lodash/shuffle.js'
import { addressText, type BrokerAddress } from '../broker-address.js'
import type { BrokerSessions } from '../cluster/broker-sessions.js'
import { type KafkaError, UnsupportedVersionError } from '../errors.js'
import type { BrokerSession } from '../network/broker-session.js'
import type { ReadyConnection } from '../network/ready-connection.js'
import { apiVersions, initProducerId } from '../protocol/messages/index.js'
import { version } from '../version.js'
import type { Coordinator, OutgoingRequest } from './request-queue.js'
import { type RetryBackoffOptions, retryBackoffMs } from './retry-backoff.js'
import type { TransactionManager } from './transaction-manager.js'

export interface TransactionChannelOptions {
  readonly transactions: TransactionManager
  readonly sessions: BrokerSessions
  readonly requestTimeoutMs: number
  readonly reconnectBackoff: RetryBackoffOptions
  /** Brokers that may be asked for what any broker answers. */
  candidates(): readonly BrokerAddress[] | Promise<readonly BrokerAddress[]>
  /** One in use, for a broker whose versions have to be found out; null for none. */
  topics(): readonly string[] | null
  /** Nobody can grant producer ids here. @returns whether the producer does without. */
  onNoProducerIds(error: UnsupportedVersionError): boolean
  /** What queued records have to fail with. */
  onRefused(error: KafkaError): void
  /** Something has changed: look for the next request. */
  onChange(): void
}

const TRANSACTION_VERSION = 'transaction.version'
/** The first answer that lists features. */
const FIRST_WITH_FEATURES = 3

export class TransactionChannel {
  readonly #options: TransactionChannelOptions
  /** Held, by address. */
  readonly #sessions = new Map<string, BrokerSession>()
  /** Of the request under way; held once more. */
  #inUse: BrokerSession | null = null
  /** Connections whose brokers were asked for their features. */
  readonly #asked = new WeakSet<ReadyConnection>()
  #delayed: { readonly outgoing: OutgoingRequest; readonly atMs: number } | null = null
  /** Brokers that did not answer, as text: asked last. */
  #failed = new Set<string>()
  #closedFor: KafkaError | null = null
  /** Requests in a row without an answer. */
  #failures = 0

  constructor(options: TransactionChannelOptions) {
    this.#options = options
  }

  /** When a request is to be sent that waits; Infinity where none does. */
  get nextDueMs(): number {
    return this.#delayed?.atMs ?? Number.POSITIVE_INFINITY
  }

  /** Sends what is next, if it is time. */
  poll(nowMs: number, hasIncompleteBatches: boolean): void {
    if (this.#closedFor) return
    if (!this.#delayed) {
      const outgoing = this.#options.transactions.nextRequest(hasIncompleteBatches)
      if (!outgoing) return
      this.#delayed = { outgoing, atMs: nowMs + Math.max(outgoing.afterMs, this.#reconnectMs()) }
    }
    if (this.#delayed.atMs > nowMs) return
    const { outgoing } = this.#delayed
    this.#delayed = null
    void this.#send(outgoing)
  }

  /** Metadata has come: lets brokers go that it does not have. @param brokers - all of the cluster. */
  update(brokers: readonly BrokerAddress[]): void {
    if (brokers.length === 0) return
    const known = new Set(brokers.map(addressText))
    for (const broker of this.#sessions.keys()) if (!known.has(broker)) this.#letGo(broker)
  }

  /** The session of this address was renewed; the next request goes over the new one. */
  renew(address: BrokerAddress): void {
    this.#letGo(addressText(address))
  }

  close(reason: KafkaError): void {
    this.#closedFor ??= reason
    for (const session of this.#sessions.values()) session.release(reason)
    this.#sessions.clear()
    this.#endUse(reason)
  }

  /** Never rejects. */
  async #send({ request, to }: OutgoingRequest): Promise<void> {
    const { transactions, requestTimeoutMs: timeoutMs, topics } = this.#options
    const address = to ?? (await this.#anyBroker())
    if (this.#closedFor) return
    this.#inUse = this.#hold(address).hold()
    try {
      const { connection } = await this.#inUse.ready(topics())
      if (request.coordinator !== 'group') await this.#introduce(connection, request.coordinator !== null)
      const used = versionOf(connection, request)
      const response = await connection.request(request.api, request.body, { timeoutMs, version: used })
      this.#failed.delete(addressText(address))
      this.#failures = 0
      if (this.#closedFor) return
      const error = transactions.answered(request, used, response)
      if (error) this.#options.onRefused(error)
    } catch (error) {
      this.#failed.add(addressText(address))
      if (this.#closedFor) return
      this.#unanswered(request, error as KafkaError)
    } finally {
      this.#endUse()
    }
    this.#options.onChange()
  }

  #unanswered(request: OutgoingRequest['request'], error: KafkaError): void {
    if (
      error instanceof UnsupportedVersionError &&
      request.kind === 'InitProducerId' &&
      this.#options.onNoProducerIds(error)
    ) {
      return
    }
    this.#failures++
    const refused = this.#options.transactions.unanswered(request, error)
    if (refused) this.#options.onRefused(refused)
  }

  /** Brokers that are down are not asked in a tight loop. */
  #reconnectMs(): number {
    if (this.#failures === 0) return 0
    return retryBackoffMs(this.#failures - 1, this.#options.reconnectBackoff)
  }

  /** A broker was connected to: what it says of the cluster counts from the next transaction on. Never rejects. */
  learnFrom(connection: ReadyConnection): void {
    if (this.#options.transactions.isTransactional) this.#learn(connection).catch(() => {})
  }

  /** What a broker says of itself that matters to transactions, once for each connection. */
  async #introduce(connection: ReadyConnection, isCoordinator: boolean): Promise<void> {
    const { transactions } = this.#options
    if (!transactions.isTransactional) return
    if (isCoordinator) transactions.coordinatorReady(newestOf(connection))
    await this.#learn(connection)
  }

  async #learn(connection: ReadyConnection): Promise<void> {
    const { transactions, requestTimeoutMs: timeoutMs } = this.#options
    if (this.#asked.has(connection)) return
    this.#asked.add(connection)
    if (!connection.knows(apiVersions, FIRST_WITH_FEATURES)) return
    const question = { clientSoftwareName: 'kafka-classic-producer', clientSoftwareVersion: version }
    const { finalizedFeatures } = await connection.request(apiVersions, question, { timeoutMs })
    const feature = finalizedFeatures.find(({ name }) => name === TRANSACTION_VERSION)
    transactions.learnTransactionVersion(feature?.maxVersionLevel ?? 0)
  }

  async #anyBroker(): Promise<BrokerAddress> {
    const candidates = shuffle(await this.#options.candidates())
    const [failed, others] = partition(candidates, (one) => this.#failed.has(addressText(one)))
    if (others.length === 0) this.#failed.clear()
    const load = (address: BrokerAddress): number => {
      const session = this.#options.sessions.find(address)
      return session?.isConnected ? session.load : Number.MAX_SAFE_INTEGER
    }
    return minBy(others, load) ?? failed[0]!
  }

  #endUse(reason?: KafkaError): void {
    this.#inUse?.release(reason)
    this.#inUse = null
  }

  /** A request under way holds its session as well. */
  #letGo(broker: string): void {
    this.#sessions.get(broker)?.release()
    this.#sessions.delete(broker)
  }

  #hold(address: BrokerAddress | Coordinator): BrokerSession {
    const { host, port } = address
    const key = addressText({ host, port })
    const known = this.#sessions.get(key)
    if (known) return known
    const session = this.#options.sessions.hold({ host, port })
    this.#sessions.set(key, session)
    return session
  }
}

function versionOf(
  connection: ReadyConnection,
  { api, newestVersion, oldestVersion }: OutgoingRequest['request'],
) {
  const found = connection.version(api, newestVersion)
  if (found >= oldestVersion) return found
  const text = `${connection.broker} offers ${api.name} v${found}, and v${oldestVersion} is needed: transactions need Kafka 0.11 or newer`
  throw new UnsupportedVersionError(text, { broker: connection.broker })
}

/** −1 where the broker grants no producer ids. */
function newestOf(connection: ReadyConnection): number {
  try {
    return connection.version(initProducerId)
  } catch {
    return -1
  }
}
