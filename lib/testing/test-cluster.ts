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
import type { TlsOptions } from 'node:tls'
import { EventEmitter } from 'eventemitter3'
import { type TestClusterEvents, tell } from './cluster-events.js'
import { ClusterFeatures } from './cluster-features.js'
import { type ClusterLogin, erasOf, loginOf, type TestClusterOptions } from './cluster-options.js'
import { type CoordinatorKind, Coordinators } from './coordinators.js'
import { type EraName, eraNamed } from './eras.js'
import { Failover } from './failover.js'
import { Faults } from './faults.js'
import { type CommittedOffset, GroupOffsets } from './group-offsets.js'
import type { VersionCaps } from './offered-apis.js'
import type { PartitionLog, StoredMarker, StoredMessage } from './partition-log.js'
import type { ReceivedRequest } from './request-handler.js'
import { type BrokerContext, TestBroker } from './test-broker.js'
import { type TopicOptions, Topics } from './topics.js'
import { Transactions } from './transactions.js'

/** Requests that are remembered; older ones are forgotten. */
const MAX_REMEMBERED_REQUESTS = 10_000

export class TestCluster extends EventEmitter<TestClusterEvents> {
  readonly faults = new Faults()
  readonly #brokers: readonly TestBroker[]
  readonly #topics: Topics
  readonly #clusterId = randomBytes(16).toString('base64url')
  readonly #versionCaps: VersionCaps
  readonly #login: ClusterLogin
  readonly #tls: TlsOptions | null
  readonly #autoCreateTopics: boolean
  readonly #failover: Failover
  readonly #coordinators: Coordinators
  readonly #groupOffsets = new GroupOffsets()
  readonly #transactions: Transactions
  readonly #features: ClusterFeatures
  #requests: ReceivedRequest[] = []

  private constructor(options: TestClusterOptions) {
    super()
    const eras = erasOf(options)
    const ids = [...eras.keys()]
    this.#versionCaps = options.apiVersions ?? {}
    this.#login = loginOf(options)
    this.#tls = options.tls ?? null
    this.#autoCreateTopics = options.autoCreateTopics ?? true
    this.#features = new ClusterFeatures(options.transactionVersion ?? 2)
    this.#coordinators = new Coordinators(ids)
    this.#failover = new Failover(options.failover ?? true, {
      isUp: (id) => this.broker(id).isUp,
      move: (isGone) => this.#moveFrom(isGone),
    })
    this.#topics = new Topics(ids, {
      partitions: options.defaultPartitions ?? 1,
      maxMessageBytes: options.maxMessageBytes ?? 1_000_012,
    })
    this.#transactions = new Transactions({
      topics: this.#topics,
      groupOffsets: this.#groupOffsets,
      onEnded: (ended) => tell(() => this.emit('transaction', ended)),
    })
    this.#brokers = eras.map(
      (era, id) => new TestBroker(id, options.racks?.[id] ?? null, era, this.#context()),
    )
  }

  /** @throws {RangeError} for options that no cluster can be started with, and misspelt ones. */
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

  /**
   * Everything stored in a topic, ordered by partition and offset: what a `read_uncommitted` consumer gets, messages of
   * open and of aborted transactions among them.
   */
  messages(topic: string): StoredMessage[] {
    return this.#logs(topic).flatMap((log) => log.messages)
  }

  /**
   * What a `read_committed` consumer gets of it: messages outside of transactions and of committed ones, in each
   * partition up to the first message of an open transaction.
   */
  committed(topic: string): StoredMessage[] {
    return this.#logs(topic).flatMap((log) => log.committed)
  }

  /** The markers that ended transactions, ordered by partition and offset. */
  markers(topic: string): StoredMarker[] {
    return this.#logs(topic).flatMap((log) => log.markers)
  }

  /** Offsets that a consumer group has committed with transactions, ordered by topic and partition. */
  committedOffsets(group: string): CommittedOffset[] {
    return this.#groupOffsets.committed(group)
  }

  /** The broker that coordinates a transactional id or a group; null while none does that is up. */
  coordinatorOf(kind: CoordinatorKind, name: string): number | null {
    const id = this.#coordinators.of(kind, name)
    return id !== null && this.broker(id).isUp ? id : null
  }

  /** @param broker - null leaves it without a coordinator until it is moved again. */
  moveCoordinator(kind: CoordinatorKind, name: string, broker: number | null): void {
    this.#coordinators.move(kind, name, broker)
  }

  /** Lets the partitions of a topic forget all producers, as after `producer.id.expiration.ms`. */
  forgetProducers(topic: string): void {
    for (const log of this.#logs(topic)) log.producers.clear()
  }

  /** Message sets and record batches of a partition as they were received, one per produce request. */
  messageSets(topic: string, partition: number): readonly Buffer[] {
    return this.#topics.partition(topic, partition).log.sets
  }

  /** Changes a password, or adds a user, where the cluster has users. Connections that are open stay. @param password - null removes the user. */
  setPassword(user: string, password: string | null): void {
    this.#login.users.set(user, password)
  }

  clearRequests(): void {
    this.#requests = []
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Stops all brokers; nothing is left open. What was stored can still be read. */
  async close(): Promise<void> {
    await Promise.all(this.#brokers.map((broker) => broker.stop()))
    for (const broker of this.#brokers) broker.giveUpPort()
    this.#failover.close()
    this.#transactions.close()
  }

  #logs(topic: string): PartitionLog[] {
    return this.#topics.get(topic).partitions.map(({ log }) => log)
  }

  #live(): TestBroker[] {
    return this.#brokers.filter((broker) => broker.isUp)
  }

  #moveFrom(isGone: (broker: number) => boolean): void {
    const to = this.#live().map(({ id }) => id)
    this.#topics.moveLeadersFrom(isGone, to)
    this.#coordinators.moveFrom(isGone, to)
  }

  #context(): BrokerContext {
    return {
      topics: this.#topics,
      faults: this.faults,
      versionCaps: this.#versionCaps,
      login: this.#login.listener,
      tls: this.#tls,
      clusterId: this.#clusterId,
      autoCreateTopics: this.#autoCreateTopics,
      transactions: this.#transactions,
      groupOffsets: this.#groupOffsets,
      coordinators: this.#coordinators,
      features: () => this.#features.levels,
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
      onUp: (broker) => {
        this.#features.update(this.#brokers.map(({ era }) => era))
        this.#failover.up(broker)
      },
      onDown: (broker) => this.#failover.down(broker),
    }
  }
}
