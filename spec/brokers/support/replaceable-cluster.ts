/**
 * Brokers whose version is replaced under their clients, one by one, as an upgrade does: same addresses, same data.
 *
 *     const cluster = await ReplaceableCluster.create({ brokers: 3 })
 *     await cluster.become('0.8.2.2')                  // all of them
 *     await cluster.become('2.8.2', { id: 1 })         // ended cleanly, started again as another version
 *     await cluster.stop()
 *
 * A single one can go on to KRaft, `become('4.3.1', { mode: 'kraft' })`, with data of its own: there is no way from
 * ZooKeeper to KRaft here. ZooKeeper is the newest one throughout, which clients of all versions can talk to;
 * operators upgrade it apart, too.
 */
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { kraftSettings, type Settings, zookeeperBrokerSettings } from './broker-properties.js'
import { brokerNode, type ClusterPlan, formattedFolder, zookeeperNode } from './cluster-layout.js'
import { FileRecordsReader } from './file-records.js'
import { freePorts } from './free-port.js'
import { Jvm } from './jvm.js'
import { kafkaVersion } from './kafka-version.js'
import { hasRunningLeader, waitForPartitions, waitUntilListening, waitUntilServing } from './readiness.js'
import type { ServerNode } from './server-node.js'
import type { StoredRecordInFull } from './stored-record.js'

/** The last version that can use ZooKeeper, so it comes with the newest one. */
const ZOOKEEPER_FROM = '3.9.2'

/** Of the only broker that can become one of KRaft. */
const KRAFT_ID = 1

type Mode = 'zookeeper' | 'kraft'

export interface ReplaceableOptions {
  /** Their ids are 1, 2, …. Default 1. */
  readonly brokers?: number
  /** Broker settings that win over the harness's own, for every version that knows them. Default none. */
  readonly config?: Settings
}

export class ReplaceableCluster {
  /** `host:port` of each, in the order of their ids; never changes. */
  readonly bootstrap: readonly string[]
  /** Absolute; holds configurations, a log per version and the data. */
  readonly folder: string
  readonly #config: Settings
  readonly #ports: {
    readonly brokers: readonly number[]
    readonly zookeeper: number
    readonly controller: number
  }
  #zookeeper: ServerNode | null = null
  /** By id. */
  readonly #brokers = new Map<number, ServerNode>()
  /** The brokers that last ran in each mode, in the order of its first use. */
  readonly #storages = new Map<Mode, Map<number, ServerNode>>()
  #reader: FileRecordsReader | null = null

  private constructor(folder: string, config: Settings, ports: readonly number[]) {
    const [zookeeper, controller, ...brokers] = ports as [number, number, ...number[]]
    this.folder = folder
    this.#config = config
    this.#ports = { brokers, zookeeper, controller }
    this.bootstrap = brokers.map((port) => `127.0.0.1:${port}`)
  }

  static async create({ brokers = 1, config = {} }: ReplaceableOptions = {}): Promise<ReplaceableCluster> {
    const folder = mkdtempSync(path.join(realpathSync(os.tmpdir()), 'kafka-replaced-'))
    return new ReplaceableCluster(folder, config, await freePorts(2 + brokers))
  }

  get brokerIds(): number[] {
    return this.bootstrap.map((_, index) => index + 1)
  }

  /** Ends the running version of a broker, if any, and starts `version`. Resolves when that serves. Default: all. */
  async become(
    version: string,
    { mode = 'zookeeper', id }: { mode?: Mode; id?: number } = {},
  ): Promise<void> {
    const ids = id === undefined ? this.brokerIds : [id]
    const plan = await this.#plan(version)
    await Promise.all(ids.map((one) => this.#brokers.get(one)?.stop()))
    if (mode === 'zookeeper') await this.#startZookeeper()
    const started = ids.map((one) => this.#start(plan, mode, one))
    await waitUntilServing(plan.version, started)
  }

  /** Resolves when all brokers agree on a running leader of every partition of a topic. */
  async waitForLeaders(topic: string): Promise<ReadonlyMap<number, number>> {
    return waitForPartitions([...this.#brokers.values()], topic, hasRunningLeader)
  }

  /**
   * What the logs hold, by partition and offset: one list for each storage (that of ZooKeeper versions, that of
   * KRaft), in the order of their first use; of one broker, by default the first.
   */
  async readTopic(topic: string, id = 1): Promise<StoredRecordInFull[][]> {
    this.#reader ??= await FileRecordsReader.start()
    const reader = this.#reader
    return Promise.all(
      [...this.#storages.values()].map((nodes) => reader.read(nodes.get(id)!.partitionLogs(topic))),
    )
  }

  /** Ends everything. The folder stays with `keep`, and is named on standard error. */
  async stop({ keep = false }: { keep?: boolean } = {}): Promise<void> {
    await this.#reader?.close()
    await Promise.all([...this.#brokers.values()].map((broker) => broker.kill()))
    await this.#zookeeper?.kill()
    if (keep) process.stderr.write(`kept the replaced Kafka brokers: ${this.folder}\n`)
    else rmSync(this.folder, { recursive: true, force: true })
  }

  async #plan(version: string): Promise<ClusterPlan> {
    const row = kafkaVersion(version)
    const folder = path.join(this.folder, version)
    const jvm = await Jvm.prepare(row, folder)
    const configOf = () => ({})
    const brokerCount = this.bootstrap.length
    return {
      version: row,
      jvm,
      folder,
      brokerCount,
      config: this.#config,
      configOf,
      javaFlags: [],
      listeners: [],
    }
  }

  async #startZookeeper(): Promise<void> {
    if (this.#zookeeper) return
    this.#zookeeper = zookeeperNode(await this.#plan(ZOOKEEPER_FROM), this.#ports.zookeeper)
    this.#zookeeper.start()
    await waitUntilListening(this.#zookeeper)
  }

  #start(plan: ClusterPlan, mode: Mode, id: number): ServerNode {
    const port = this.#ports.brokers[id - 1]!
    const own = mode === 'zookeeper' ? this.#zookeeperBroker(plan, id, port) : this.#kraftBroker(plan, port)
    const broker = brokerNode(plan, { id, port, ...own })
    this.#brokers.set(id, broker)
    const storage = this.#storages.get(mode) ?? new Map<number, ServerNode>()
    this.#storages.set(mode, storage.set(id, broker))
    broker.start()
    return broker
  }

  #zookeeperBroker(
    { version }: ClusterPlan,
    id: number,
    port: number,
  ): { settings: Settings; dataFolder: string } {
    const zookeeper = `127.0.0.1:${this.#ports.zookeeper}`
    const dataFolder = path.join(this.folder, `data-${id}`)
    return {
      dataFolder,
      settings: zookeeperBrokerSettings(version.version, { id, port, zookeeper, dataFolder }),
    }
  }

  #kraftBroker(plan: ClusterPlan, port: number): { settings: Settings; dataFolder: string } {
    const { controller } = this.#ports
    const dataFolder = path.join(this.folder, 'data-kraft')
    if (!existsSync(dataFolder)) formattedFolder(plan, KRAFT_ID, dataFolder)
    const listener = `PLAINTEXT://127.0.0.1:${port}`
    const voters = `${KRAFT_ID}@127.0.0.1:${controller}`
    const settings = {
      ...kraftSettings({ id: KRAFT_ID, roles: 'broker,controller', voters, dataFolder }),
      listeners: `${listener},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': listener,
    }
    return { dataFolder, settings }
  }
}
