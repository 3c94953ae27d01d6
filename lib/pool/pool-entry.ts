/**
 * One broker of a {@link ProducerPool}: its SyncProducer, made when it is first used, and as many permits as requests may be in
 * flight on it. Calls get a permit in their order; one that finds a permit free begins at once, in the turn of the call.
 *
 * A SyncProducer whose call has failed is not used again, unless other calls still use it. It is closed when what was
 * written to it with acks 0 has been read. generic-pool makes and ends SyncProducers; permits are counted here, as a pool's
 * acquire and release take five turns of the microtask queue and four promises for each request.
 */
import { createPool, type Pool } from 'generic-pool'
import { addressText, type BrokerAddress } from '../broker-address.js'
import { ConnectionError } from '../errors.js'
import { Fifo } from '../fifo.js'
import type { SyncProducer } from './sync-producer.js'

export interface PoolEntryOptions {
  /** Makes an unconnected SyncProducer. Must not throw: generic-pool would call it again without pause. */
  create(): SyncProducer
  /** Calls at a time. */
  readonly maxInFlight: number
  /** Before it nothing of the entry is used; must not reject. Default: it may be used at once. */
  readonly ready?: Promise<void> | null
}

export class PoolEntry {
  readonly address: BrokerAddress
  /** SyncProducers that are not closed yet: the one in use, and those that are confirming. */
  readonly members = new Set<SyncProducer>()
  readonly #options: PoolEntryOptions
  /** Of one. */
  readonly #pool: Pool<SyncProducer>
  /** What the next call gets; null where that takes one from the pool. */
  #current: SyncProducer | null = null
  #arriving: Promise<SyncProducer> | null = null
  #isReady: boolean
  /** Calls under way. */
  #inUse = 0
  /** Each begins one call. */
  readonly #waiting = new Fifo<() => void>()
  #retired: Promise<void> | null = null
  #onIdle: (() => void) | null = null

  constructor(address: BrokerAddress, options: PoolEntryOptions) {
    this.address = address
    this.#options = options
    const { create, ready = null } = options
    this.#pool = createPool(
      {
        create: async () => {
          const producer = create()
          this.members.add(producer)
          return producer
        },
        destroy: (producer) => this.#end(producer),
      },
      { min: 0, max: 1, autostart: false },
    )
    this.#isReady = ready === null
    void ready?.then(() => {
      this.#isReady = true
      this.#beginWaiting()
    })
  }

  /** Calls `work` with the SyncProducer, when there is a permit for it. @throws what `work` throws. */
  use<T>(work: (producer: SyncProducer) => Promise<T>): Promise<T> {
    if (this.#mayBegin) return this.#run(work)
    return new Promise((resolve) => this.#waiting.push(() => resolve(this.#run(work))))
  }

  /** Resolves when no call uses it or waits for it any more, and it is closed. To be called when no further call is made. */
  retire(): Promise<void> {
    this.#retired ??= this.#retire()
    return this.#retired
  }

  get #mayBegin(): boolean {
    return this.#isReady && this.#inUse < this.#options.maxInFlight
  }

  async #run<T>(work: (producer: SyncProducer) => Promise<T>): Promise<T> {
    this.#inUse++
    try {
      return await work(this.#current ?? (await this.#first()))
    } catch (error) {
      if (this.#inUse === 1) void this.#discard()
      throw error
    } finally {
      this.#inUse--
      this.#beginWaiting()
    }
  }

  /**
   * That it takes some turns of the microtask queue is needed: the refresh that has named the leader may have more to ask on the same
   * connection (topic ids), and behind a produce request that would go over a connection of its own.
   */
  #first(): Promise<SyncProducer> {
    this.#arriving ??= this.#acquire()
    return this.#arriving
  }

  async #acquire(): Promise<SyncProducer> {
    const producer = await this.#pool.acquire()
    this.#arriving = null
    this.#current = producer
    return producer
  }

  #beginWaiting(): void {
    while (this.#waiting.size > 0 && this.#mayBegin) this.#waiting.shift()!()
    if (this.#inUse === 0 && this.#waiting.size === 0) this.#onIdle?.()
  }

  async #retire(): Promise<void> {
    if (this.#inUse > 0 || this.#waiting.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    await this.#discard()
    // A destroy() ends before what it destroys has ended; clear() waits for that.
    await this.#pool.drain()
    await this.#pool.clear()
  }

  async #discard(): Promise<void> {
    const producer = this.#current
    this.#current = null
    if (producer) await this.#pool.destroy(producer)
  }

  async #end(producer: SyncProducer): Promise<void> {
    // When this fails the connection is closed, and its listener is called with the unconfirmed writes.
    await producer.confirm().catch(() => {})
    this.members.delete(producer)
    producer.close(new ConnectionError(`the connection to ${addressText(this.address)} was retired`))
  }
}
