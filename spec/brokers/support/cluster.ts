/**
 * A cluster of real Kafka brokers of any version of the table, for one spec or a few.
 *
 *     const cluster = await KafkaCluster.start({ version: '0.8.2.2', brokers: 3 })
 *     await cluster.createTopic('logs', { partitions: 3, replicationFactor: 3 })
 *     …produce to cluster.bootstrap…
 *     expect(await cluster.readTopic('logs')).to.…
 *     await cluster.stop()
 *
 * What is read back is read by Kafka's own classes and tools, never by the code under test. Brokers are
 * processes of their own, on loopback, on free ports, in a temporary folder; they end with this process however
 * it ends. The folder is kept, and named on standard error, when a spec has failed or with KAFKA_KEEP=1.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import type { Settings } from './broker-properties.js'
import { type ClusterLayout, layOutCluster } from './cluster-layout.js'
import { consumeTopic } from './consume.js'
import { createTopic } from './create-topic.js'
import { dumpLogs } from './dump-log.js'
import { eventually } from './eventually.js'
import { FileRecordsReader } from './file-records.js'
import { Jvm } from './jvm.js'
import { type KafkaVersion, kafkaVersion } from './kafka-version.js'
import { type KeyedLine, produceLines } from './produce.js'
import {
  hasFullIsr,
  hasRunningLeader,
  waitForPartitions,
  waitUntilListening,
  waitUntilServing,
} from './readiness.js'
import type { ServerNode } from './server-node.js'
import type { ConsumedRecord, PartitionLog, StoredRecord, StoredRecordInFull } from './stored-record.js'

export interface ClusterOptions {
  /** A version of the table, such as `0.8.2.2`. */
  readonly version: string
  /** How many; their ids are 1, 2, …. Default 1. */
  readonly brokers?: number
  /** Broker settings that win over the harness's own, for all brokers. Default none. */
  readonly config?: Settings
  /** Settings of one broker, which win over all others: what it advertises, for instance. Default none. */
  readonly configOf?: (broker: { id: number; port: number }) => Settings
  /** Further listeners of the only broker, beside its plaintext one: `SSL://127.0.0.1:9093`. Default none. */
  readonly listeners?: readonly string[]
  /** Flags of the brokers' Java, which win over the harness's own. Default none. */
  readonly javaFlags?: readonly string[]
}

export interface TopicOptions {
  /** Default 1. */
  readonly partitions?: number
  /** Default 1. */
  readonly replicationFactor?: number
  /** Settings of the topic, such as `max.message.bytes`. Default none. */
  readonly config?: Readonly<Record<string, string>>
}

const START_ATTEMPTS = 3
const RESTART_TIMEOUT_MS = 60_000
const CONSUME_TIMEOUT_MS = 60_000
const LOG_TIMEOUT_MS = 10_000

/** Clusters of this process that were started and not stopped. */
const living = new Set<KafkaCluster>()

export function livingClusters(): readonly KafkaCluster[] {
  return [...living]
}

export class KafkaCluster {
  readonly version: KafkaVersion
  /** Absolute; holds configurations, logs of the servers (`broker-1.log`) and data (`data-1`). */
  readonly folder: string
  readonly #jvm: Jvm
  readonly #layout: ClusterLayout
  #reader: Promise<FileRecordsReader> | null = null
  #keepReason: string | null = process.env.KAFKA_KEEP === '1' ? 'KAFKA_KEEP is set' : null
  #stopped: Promise<void> | null = null

  private constructor(version: KafkaVersion, folder: string, jvm: Jvm, layout: ClusterLayout) {
    this.version = version
    this.folder = folder
    this.#jvm = jvm
    this.#layout = layout
    living.add(this)
  }

  /**
   * Resolves when all brokers serve and know of each other.
   * @throws {Error} when Java or Maven is missing, the jars cannot be fetched, or a process ends; with its log.
   */
  static async start(options: ClusterOptions): Promise<KafkaCluster> {
    for (let attempt = 1; ; attempt += 1) {
      const cluster = await KafkaCluster.#layOut(options)
      try {
        await cluster.#startAll()
        return cluster
      } catch (error) {
        // Somebody else may have bound one of the ports since they were found free.
        const mayRepeat = attempt < START_ATTEMPTS && cluster.#lostAPort()
        if (!mayRepeat) cluster.keep('it did not start')
        await cluster.stop()
        if (!mayRepeat) throw error
      }
    }
  }

  static async #layOut(options: ClusterOptions): Promise<KafkaCluster> {
    const { version, brokers: brokerCount = 1, config = {}, configOf = () => ({}), javaFlags = [] } = options
    const { listeners = [] } = options
    const row = kafkaVersion(version)
    const folder = mkdtempSync(path.join(realpathSync(os.tmpdir()), `kafka-${version}-`))
    const jvm = await Jvm.prepare(row, folder)
    const plan = { version: row, jvm, folder, brokerCount, config, configOf, javaFlags, listeners }
    const layout = await layOutCluster(plan)
    return new KafkaCluster(row, folder, jvm, layout)
  }

  async #startAll(): Promise<void> {
    const { coordinator, brokers, zookeeper } = this.#layout
    coordinator?.start()
    // A broker that finds ZooKeeper's port closed loses a second or two.
    if (coordinator && zookeeper) await waitUntilListening(coordinator)
    for (const broker of brokers) broker.start()
    await waitUntilServing(this.version, brokers)
  }

  #lostAPort(): boolean {
    return this.#nodes().some((node) => /Address already in use|BindException/i.test(node.log()))
  }

  #nodes(): ServerNode[] {
    const { coordinator, brokers } = this.#layout
    return coordinator ? [...brokers, coordinator] : [...brokers]
  }

  /** `host:port` of every broker, running or not, in the order of their ids. */
  get bootstrap(): string[] {
    return this.#layout.brokers.map(({ address }) => address)
  }

  /** `host:port`; null where there is no ZooKeeper. */
  get zookeeper(): string | null {
    return this.#layout.zookeeper
  }

  get brokerIds(): number[] {
    return this.#layout.brokers.map(({ id }) => id)
  }

  /** Pids of the servers that are alive: brokers, and ZooKeeper or controller. */
  get pids(): number[] {
    return this.#nodes().flatMap(({ pid }) => pid ?? [])
  }

  /** `host:port` of one broker; it does not change over restarts. */
  addressOf(id: number): string {
    return this.#broker(id).address
  }

  /** Resolves when every running broker knows a leader and the full ISR of each partition. */
  async createTopic(name: string, options: TopicOptions = {}): Promise<void> {
    const { partitions = 1, replicationFactor = 1, config = {} } = options
    const creator = {
      version: this.version,
      jvm: this.#jvm,
      zookeeper: this.zookeeper,
      running: this.#running(),
    }
    await createTopic(creator, { name, partitions, replicationFactor, config })
    await waitForPartitions(this.#layout.brokers, name, hasFullIsr, partitions)
  }

  /**
   * Waits until all running brokers agree on a running leader for every partition of an existing topic, which
   * after a kill takes the 3 s of the session. Resolves with partition → broker id.
   */
  waitForLeaders(topic: string): Promise<ReadonlyMap<number, number>> {
    return waitForPartitions(this.#layout.brokers, topic, hasRunningLeader)
  }

  /** Waits until all running brokers agree on a leader and the full ISR of every partition of an existing topic. */
  async waitForFullIsr(topic: string): Promise<void> {
    await waitForPartitions(this.#layout.brokers, topic, hasFullIsr)
  }

  /** Id of the broker that leads; waits as {@link waitForLeaders} does. */
  async leaderOf(topic: string, partition: number): Promise<number> {
    const leader = (await this.waitForLeaders(topic)).get(partition)
    if (leader === undefined) throw new Error(`topic ${topic} has no partition ${partition}`)
    return leader
  }

  /** SIGKILL. Resolves when the process is gone; leaders have not moved yet then. */
  async killBroker(id: number): Promise<void> {
    await this.#broker(id).kill()
  }

  /** SIGTERM: a clean end, which hands leadership over where the version does that. */
  async stopBroker(id: number): Promise<void> {
    await this.#broker(id).stop()
  }

  /** Starts a stopped or killed broker again, same port and data. Resolves when it serves. */
  async startBroker(id: number): Promise<void> {
    const broker = this.#broker(id)
    const attempt = async (): Promise<true | null> => {
      broker.start()
      try {
        await waitUntilServing(this.version, this.#layout.brokers)
        return true
      } catch (error) {
        // Some versions end when ZooKeeper still holds the registration of the process that was killed.
        if (broker.state === 'crashed' && /NodeExists|already registered/.test(broker.log())) return null
        throw error
      }
    }
    const what = (): string => `${broker.name} to be let in again`
    await eventually(attempt, { timeoutMs: RESTART_TIMEOUT_MS, everyMs: 500, what })
  }

  /** SIGSTOP: the broker keeps its connections and answers nothing until {@link resumeBroker}. */
  pauseBroker(id: number): void {
    this.#broker(id).pause()
  }

  resumeBroker(id: number): void {
    this.#broker(id).resume()
  }

  #broker(id: number): ServerNode {
    const broker = this.#layout.brokers.find((candidate) => candidate.id === id)
    if (!broker) throw new Error(`the cluster has no broker ${id}, only ${this.brokerIds.join(', ')}`)
    return broker
  }

  #running(): ServerNode[] {
    return this.#layout.brokers.filter(({ state }) => state === 'running')
  }

  /** Writes lines with the console producer of this version; see {@link produceLines}. */
  produceLines(topic: string, lines: readonly KeyedLine[], options: { codec?: string } = {}): Promise<void> {
    return produceLines({ ...this.#tools(), topic, lines, ...options })
  }

  /**
   * What the leaders' logs hold, by partition and offset, binary-safe. Includes what is not yet replicated.
   * With `broker` that broker's replicas are read instead, also while it is down.
   */
  async readTopic(topic: string, options: { broker?: number } = {}): Promise<StoredRecordInFull[]> {
    const logs = await this.#logs(topic, options.broker)
    this.#reader ??= FileRecordsReader.start()
    return (await this.#reader).read(logs)
  }

  /** As {@link readTopic}, by DumpLogSegments of this version: UTF-8 only; see dump-log.ts. */
  async dumpTopic(topic: string, options: { broker?: number } = {}): Promise<StoredRecord[]> {
    return dumpLogs(this.version, this.#jvm, await this.#logs(topic, options.broker))
  }

  /** `count` records from the beginning, by the console consumer of this version; see consume.ts. */
  consumeTopic(
    topic: string,
    count: number,
    options: { isCommittedOnly?: boolean } = {},
  ): Promise<ConsumedRecord[]> {
    return consumeTopic({ ...this.#tools(), ...options, topic, count, timeoutMs: CONSUME_TIMEOUT_MS })
  }

  #tools() {
    const bootstrap = this.#running().map(({ address }) => address)
    return { version: this.version, jvm: this.#jvm, zookeeper: this.zookeeper, bootstrap }
  }

  async #logs(topic: string, broker: number | undefined): Promise<PartitionLog[]> {
    if (broker !== undefined) return this.#broker(broker).partitionLogs(topic)
    const leaders = [...(await this.waitForLeaders(topic))].sort(([a], [b]) => a - b)
    return Promise.all(
      leaders.map(([partition, leader]) => logOfLeader(this.#broker(leader), topic, partition)),
    )
  }

  /**
   * Runs one of Kafka's tools of this version, such as `kafka.admin.TopicCommand`; gives what it printed. The exit
   * codes of old tools mean nothing, so read that.
   */
  async runTool(mainClass: string, ...args: string[]): Promise<string> {
    const { stdout, stderr } = await this.#jvm.runTool({ mainClass, args })
    return `${stdout}${stderr}`
  }

  /** As {@link runTool}, with this as its standard input. */
  async runToolOn(input: Readable, mainClass: string, ...args: string[]): Promise<string> {
    const { stdout, stderr } = await this.#jvm.runTool({ mainClass, args }, { input })
    return `${stdout}${stderr}`
  }

  /** Keeps the folder when the cluster stops, and says why then. The first reason stays. */
  keep(reason: string): void {
    this.#keepReason ??= reason
  }

  /** Ends all processes and removes the folder, unless it is to be kept. Can be called again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll()
    return this.#stopped
  }

  async #stopAll(): Promise<void> {
    const reader = await this.#reader?.catch(() => null)
    await reader?.close()
    const { brokers, coordinator } = this.#layout
    // The data is thrown away, so nobody needs a clean end but those who record a class archive with it.
    await Promise.all(brokers.filter((broker) => broker.isRecordingArchive).map((broker) => broker.stop()))
    await Promise.all(brokers.map((broker) => broker.kill()))
    await (coordinator?.isRecordingArchive ? coordinator.stop() : coordinator?.kill())
    living.delete(this)
    if (this.#keepReason === null) rmSync(this.folder, { recursive: true, force: true })
    else
      process.stderr.write(
        `kept the Kafka ${this.version.version} cluster ${this.folder}: ${this.#keepReason}\n`,
      )
  }
}

/** With KRaft a broker is named as leader a moment before it has created its log. */
function logOfLeader(leader: ServerNode, topic: string, partition: number): Promise<PartitionLog> {
  return eventually(() => leader.partitionLog(topic, partition), {
    timeoutMs: LOG_TIMEOUT_MS,
    what: () => `${leader.name} to create the log of ${topic}-${partition}`,
  })
}
