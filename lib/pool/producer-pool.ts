/**
 * Broker id → its SyncProducer, which is one connection, with as many permits as requests may be in flight on it; one
 * by default. A view on sessions: one that somebody else uses is released and not closed.
 *
 * Follows the metadata without tearing anything down: an entry is replaced only when its host or port changed, and
 * retired when its broker leads nothing any more, both after the request in flight has ended and what was written with
 * acks 0 has been read. A leader that turns up later is connected before its first message.
 *
 * @see docs/decisions/0000-classic-producer.md#d4; the original rebuilt every entry at each refresh, docs/reference/classic-producer.md#producerpool
 */
import type { BrokerAddress } from '../broker-address.js'
import { ConnectionError, type KafkaError } from '../errors.js'
import { PoolEntry } from './pool-entry.js'
import type { SyncProducer } from './sync-producer.js'

export interface ProducerPoolOptions {
  /** Makes an unconnected SyncProducer, with a session of its own or one that others use as well. */
  create(address: BrokerAddress): SyncProducer
  /**
   * `max.in.flight.requests.per.connection`. Default 1. With more, the caller has to see to it that requests of one
   * partition do not overtake each other.
   */
  maxInFlight?: number
}

export class ProducerPool {
  readonly #options: ProducerPoolOptions
  readonly #entries = new Map<number, PoolEntry>()
  /** Entries on their way out, still ending their last request. */
  readonly #retiring = new Set<PoolEntry>()
  #closed = false
  #closedFor: KafkaError | undefined

  constructor(options: ProducerPoolOptions) {
    this.#options = options
  }

  /** The address a broker is reached at, or undefined when the pool has no entry for it. */
  addressOf(brokerId: number): BrokerAddress | undefined {
    return this.#entries.get(brokerId)?.address
  }

  get brokerIds(): number[] {
    return [...this.#entries.keys()]
  }

  /**
   * Makes the pool hold exactly these leaders. The first time it opens no connection, since a message is waiting to do
   * so; later it connects to leaders that are new.
   *
   * @param topicByLeader - a topic that exists on the broker, to be named by whoever has to find out its versions.
   */
  update(
    leaders: ReadonlyMap<number, BrokerAddress>,
    topicByLeader: ReadonlyMap<number, string> = new Map(),
  ): void {
    if (this.#closed) return
    const shouldWarm = this.#entries.size > 0
    for (const [id, entry] of this.#entries) {
      const wanted = leaders.get(id)
      if (wanted && wanted.host === entry.address.host && wanted.port === entry.address.port) continue
      this.#entries.delete(id)
      void this.#retire(entry)
    }
    for (const [id, address] of leaders) {
      if (this.#entries.has(id)) continue
      const entry = this.#open(address)
      this.#entries.set(id, entry)
      if (shouldWarm) warm(entry, topicByLeader.get(id) ?? null)
    }
  }

  /**
   * Replaces the connection to an address, without any other reason than that a new one is wanted. Who waits for the
   * broker goes on with the new one when all requests of the old one have ended, so nothing is overtaken.
   */
  renew({ host, port }: BrokerAddress): void {
    for (const [id, entry] of this.#entries) {
      const { address } = entry
      if (address.host !== host || address.port !== port) continue
      this.#entries.set(id, this.#open(address, this.#retire(entry)))
    }
  }

  /**
   * Runs `work` with the SyncProducer of this broker, at once where a permit is free; else it waits for one.
   *
   * @throws {ConnectionError} when the pool has no entry for the broker, or is closed.
   */
  use<T>(brokerId: number, work: (producer: SyncProducer) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(brokerId)
    if (entry) return entry.use(work)
    const why = this.#closed ? 'the producer is closed' : 'no metadata names its address'
    return Promise.reject(new ConnectionError(`broker ${brokerId} cannot be reached: ${why}`))
  }

  /** All SyncProducers that exist, retiring ones included. */
  members(): SyncProducer[] {
    return [...this.#entries.values(), ...this.#retiring].flatMap((entry) => [...entry.members])
  }

  /** Closes every connection at once; what waits on them fails with `reason`. A second call does nothing more. */
  async close(reason?: KafkaError): Promise<void> {
    this.#closed = true
    this.#closedFor ??= reason
    for (const entry of this.#entries.values()) void this.#retire(entry)
    this.#entries.clear()
    for (const entry of this.#retiring) for (const member of entry.members) member.close(reason)
    await Promise.all([...this.#retiring].map((entry) => entry.retire()))
  }

  /** @param ready - before it nothing of the entry is used; must not reject. */
  #open(address: BrokerAddress, ready: Promise<void> | null = null): PoolEntry {
    const create = (): SyncProducer => {
      const producer = this.#options.create(address)
      // For whoever was still waiting when the pool was closed.
      if (this.#closed) producer.close(this.#closedFor)
      return producer
    }
    return new PoolEntry(address, { create, maxInFlight: this.#options.maxInFlight ?? 1, ready })
  }

  /** @returns when nothing of it is left. */
  async #retire(entry: PoolEntry): Promise<void> {
    this.#retiring.add(entry)
    await entry.retire()
    this.#retiring.delete(entry)
  }
}

/** Connects without keeping anybody from the permit. A failure shows again, and counts, with the first message. */
function warm(entry: PoolEntry, topic: string | null): void {
  void entry.use(async (producer) => {
    producer.connect(topic).catch(() => {})
  })
}
