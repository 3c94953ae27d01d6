/**
 * A Kafka cluster inside this process, for demos and for the tests of applications: it stores what it receives, gives
 * it back, and goes wrong on demand. It has no replicas, no consumers and no disk.
 *
 * @example
 *   const cluster = await TestCluster.start({ brokers: 3 })
 *   cluster.createTopic('logs', { partitions: 4 })
 *   cluster.faults.on('Produce', { topic: 'logs', partition: 1 }, errorCode(6))
 *   … new Producer({ 'metadata.broker.list': cluster.bootstrap, … }) …
 *   cluster.messages('logs')   // [{ partition, offset, key, value, headers, timestampMs, codec, magic }, …]
 *   await cluster.close()
 */
import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'eventemitter3'
import { type EraName, eraNamed } from './eras.js'
import { Faults } from './faults.js'
import type { VersionCaps } from './offered-apis.js'
import type { StoredMessage } from './partition-log.js'
import type { ReceivedRequest } from './request-handler.js'
import { type BrokerContext, TestBroker } from './test-broker.js'
import { type TopicOptions, Topics } from './topics.js'

export interface TestClusterOptions {
  /** Default 1; their ids count from 0. */
  brokers?: number
  /** Kafka release whose ways it has; a list has one for each broker. Default `0.8`. */
  era?: EraName | readonly EraName[]
  /**
   * API key → first and last version that get through, as with a proxy in front of the brokers: others are neither
   * listed nor taken. Default: all of the era's.
   */
  apiVersions?: VersionCaps
  /** `broker.rack` of each broker, in answers from Metadata v1 on. Default none. */
  racks?: readonly string[]
  /** Whether naming an unknown topic creates it. Default true. */
  autoCreateTopics?: boolean
  /** Partitions of topics that are created without a number. Default 1. */
  defaultPartitions?: number
  /** Largest message, or compressed set, in bytes. Default 1,000,012, as in Kafka. */
  maxMessageBytes?: number
  /**
   * Whether the partitions of a broker that stops get another leader: at once, this many milliseconds later unless it is
   * up again by then, or not. Default true.
   */
  failover?: boolean | number
}

export interface TestClusterEvents {
  request: (request: ReceivedRequest) => void
  stored: (event: { broker: number; topic: string; partition: number; baseOffset: bigint }) => void
  /** A set was not stored. `reason` is for people: what the error code leaves open. */
  refused: (event: {
    broker: number
    topic: string
    partition: number
    errorCode: number
    reason: string
  }) => void
  connection: (event: { broker: number; connection: number }) => void
}

// What a test counts must not change with the release that happens to be the newest.
const DEFAULT_ERA: EraName = '0.8'

/** Requests that are remembered; older ones are forgotten. */
const MAX_REMEMBERED_REQUESTS = 10_000

export class TestCluster extends EventEmitter<TestClusterEvents> {
  readonly faults = new Faults()
  readonly #brokers: readonly TestBroker[]
  readonly #topics: Topics
  readonly #clusterId = randomBytes(16).toString('base64url')
  readonly #versionCaps: VersionCaps
  readonly #autoCreateTopics: boolean
  readonly #failover: boolean | number
  readonly #failovers = new Map<number, NodeJS.Timeout>()
  #requests: ReceivedRequest[] = []

  private constructor(options: TestClusterOptions) {
    super()
    const ids = Array.from({ length: options.brokers ?? 1 }, (_, id) => id)
    this.#versionCaps = options.apiVersions ?? {}
    this.#autoCreateTopics = options.autoCreateTopics ?? true
    this.#failover = options.failover ?? true
    this.#topics = new Topics(ids, {
      partitions: options.defaultPartitions ?? 1,
      maxMessageBytes: options.maxMessageBytes ?? 1_000_012,
    })
    this.#brokers = ids.map((id) => {
      const era = eraOf(id, ids.length, options.era ?? DEFAULT_ERA)
      return new TestBroker(id, options.racks?.[id] ?? null, era, this.#context())
    })
  }

  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    const cluster = new TestCluster(options)
    await Promise.all(cluster.#brokers.map((broker) => broker.start()))
    return cluster
  }

  /** `host:port,…` of all brokers: a value for `metadata.broker.list`. */
  get bootstrap(): string {
    return this.#brokers.map(({ host, port }) => `${host}:${port}`).join(',')
  }

  /** Requests received so far, oldest first; the last 10,000. */
  get requests(): readonly ReceivedRequest[] {
    return this.#requests
  }

  get topics(): string[] {
    return this.#topics.names
  }

  /** @throws {RangeError} for an id that no broker has. */
  broker(id: number): TestBroker {
    const broker = this.#brokers[id]
    if (broker) return broker
    throw new RangeError(`the test cluster has brokers 0 to ${this.#brokers.length - 1}, not ${id}`)
  }

  createTopic(name: string, options?: TopicOptions): void {
    this.#topics.create(name, options)
  }

  addPartitions(name: string, count: number): void {
    this.#topics.addPartitions(name, count)
  }

  deleteTopic(name: string): void {
    this.#topics.delete(name)
  }

  /** Null while the partition has no leader that is up. */
  leaderOf(topic: string, partition: number): number | null {
    const { leader } = this.#topics.partition(topic, partition)
    return leader !== null && this.broker(leader).isUp ? leader : null
  }

  /** @param broker - null leaves the partition without a leader until it is moved again. */
  moveLeader(topic: string, partition: number, broker: number | null): void {
    this.#topics.moveLeader(topic, partition, broker)
  }

  /** As `broker(id).stop()`. */
  stopBroker(id: number): Promise<void> {
    return this.broker(id).stop()
  }

  /** As `broker(id).start(options)`. */
  startBroker(id: number, options: { port?: number; era?: EraName } = {}): Promise<void> {
    return this.broker(id).start(options)
  }

  /**
   * A rolling upgrade, or the way back: brokers restart with another release, one after the other, at their addresses.
   * One that is down comes up with it.
   *
   * @param id - of one broker. Default: all.
   * @throws {RangeError} for an era that is not known.
   */
  async setEra(era: EraName, id?: number): Promise<void> {
    eraNamed(era)
    for (const broker of id === undefined ? this.#brokers : [this.broker(id)]) {
      await broker.stop()
      await broker.start({ era })
    }
  }

  /** Everything stored in a topic, ordered by partition and offset. */
  messages(topic: string): StoredMessage[] {
    return this.#topics.get(topic).partitions.flatMap(({ log }) => log.messages)
  }

  /** Message sets and record batches of a partition as they were received, one per produce request. */
  messageSets(topic: string, partition: number): readonly Buffer[] {
    return this.#topics.partition(topic, partition).log.sets
  }

  clearRequests(): void {
    this.#requests = []
  }

  /** Stops all brokers; nothing is left open. What was stored can still be read. */
  async close(): Promise<void> {
    await Promise.all(this.#brokers.map((broker) => broker.stop()))
    for (const broker of this.#brokers) broker.giveUpPort()
    for (const id of this.#brokers.keys()) this.#cancelFailover(id)
  }

  #live(): TestBroker[] {
    return this.#brokers.filter((broker) => broker.isUp)
  }

  #down(id: number): void {
    if (this.#failover === true) this.#failOver()
    else if (this.#failover !== false) {
      this.#failovers.set(
        id,
        setTimeout(() => {
          this.#cancelFailover(id)
          this.#failOver()
        }, this.#failover),
      )
    }
  }

  #up(id: number): void {
    this.#cancelFailover(id)
    if (this.#failover !== false) this.#failOver()
  }

  #cancelFailover(id: number): void {
    clearTimeout(this.#failovers.get(id))
    this.#failovers.delete(id)
  }

  #failOver(): void {
    this.#topics.moveLeadersFrom(
      (id) => this.#isGone(id),
      this.#live().map(({ id }) => id),
    )
  }

  /** Down, and nobody waits for it any more. */
  #isGone(id: number): boolean {
    return !this.broker(id).isUp && !this.#failovers.has(id)
  }

  #context(): BrokerContext {
    return {
      topics: this.#topics,
      faults: this.faults,
      versionCaps: this.#versionCaps,
      clusterId: this.#clusterId,
      autoCreateTopics: this.#autoCreateTopics,
      liveBrokers: () => this.#live().map(({ id, host, port, rack }) => ({ id, host, port, rack })),
      onRequest: (request) => {
        if (this.#requests.length >= MAX_REMEMBERED_REQUESTS) this.#requests = this.#requests.slice(1000)
        this.#requests.push(request)
        tell(() => this.emit('request', request))
      },
      onStored: (broker, topic, partition, baseOffset) =>
        tell(() => this.emit('stored', { broker, topic, partition, baseOffset })),
      onRefused: (broker, topic, partition, errorCode, reason) =>
        tell(() => this.emit('refused', { broker, topic, partition, errorCode, reason })),
      onConnection: (broker, connection) => tell(() => this.emit('connection', { broker, connection })),
      onUp: (broker) => this.#up(broker),
      onDown: (broker) => this.#down(broker),
    }
  }
}

/** @throws {RangeError} for a list of another length. */
function eraOf(id: number, brokers: number, eras: EraName | readonly EraName[]): EraName {
  if (typeof eras === 'string') return eras
  if (eras.length === brokers) return eras[id]!
  throw new RangeError(`the test cluster has ${brokers} brokers and ${eras.length} eras`)
}

/** A listener that throws is a failing test, not a broken request: it does not end the connection unheard. */
function tell(emit: () => void): void {
  try {
    emit()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
