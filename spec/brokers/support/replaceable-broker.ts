/**
 * One broker whose version is replaced under its clients, as an upgrade does: same address, same data.
 *
 *     const broker = await ReplaceableBroker.create()
 *     await broker.become('0.8.2.2')
 *     await broker.become('2.8.2')                     // ended cleanly, started again as another version
 *     await broker.become('4.3.1', { mode: 'kraft' })  // data of its own: there is no way from ZooKeeper to KRaft here
 *     await broker.stop()
 *
 * ZooKeeper is the newest one throughout, which clients of all versions can talk to; operators upgrade it apart, too.
 */
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { commonSettings, kraftSettings, type Settings, zookeeperBrokerSettings } from './broker-properties.js'
import { brokerNode, type ClusterPlan, formattedFolder, zookeeperNode } from './cluster-layout.js'
import { FileRecordsReader } from './file-records.js'
import { freePorts } from './free-port.js'
import { Jvm } from './jvm.js'
import { kafkaVersion } from './kafka-version.js'
import { waitUntilListening, waitUntilServing } from './readiness.js'
import type { ServerNode } from './server-node.js'
import type { StoredRecordInFull } from './stored-record.js'

/** The last version that can use ZooKeeper, so it comes with the newest one. */
const ZOOKEEPER_FROM = '3.9.2'
const BROKER_ID = 1

export class ReplaceableBroker {
  /** `host:port`; never changes. */
  readonly address: string
  /** Absolute; holds configurations, a log per version and the data. */
  readonly folder: string
  readonly #config: Settings
  readonly #ports: { readonly broker: number; readonly zookeeper: number; readonly controller: number }
  #zookeeper: ServerNode | null = null
  #broker: ServerNode | null = null
  /** The last broker on each data folder, in the order of their first use. */
  readonly #storages = new Map<string, ServerNode>()
  #reader: FileRecordsReader | null = null

  private constructor(folder: string, config: Settings, ports: readonly number[]) {
    const [broker, zookeeper, controller] = ports as [number, number, number]
    this.folder = folder
    this.#config = config
    this.#ports = { broker, zookeeper, controller }
    this.address = `127.0.0.1:${broker}`
  }

  /** @param config - broker settings that win over the harness's own, for every version. */
  static async create(config: Settings = {}): Promise<ReplaceableBroker> {
    const folder = mkdtempSync(path.join(realpathSync(os.tmpdir()), 'kafka-replaced-'))
    return new ReplaceableBroker(folder, config, await freePorts(3))
  }

  /** Ends the running version, if any, and starts `version`. Resolves when that serves. */
  async become(
    version: string,
    { mode = 'zookeeper' }: { mode?: 'zookeeper' | 'kraft' } = {},
  ): Promise<void> {
    const plan = await this.#plan(version)
    await this.#broker?.stop()
    if (mode === 'zookeeper') await this.#startZookeeper()
    const node = mode === 'zookeeper' ? this.#zookeeperBroker(plan) : this.#kraftBroker(plan)
    this.#broker = brokerNode(plan, { id: BROKER_ID, port: this.#ports.broker, ...node })
    this.#storages.set(mode, this.#broker)
    this.#broker.start()
    await waitUntilServing(plan.version, [this.#broker])
  }

  /**
   * What the logs hold, by partition and offset: one list for each storage (that of ZooKeeper versions, that of
   * KRaft), in the order of their first use.
   */
  async readTopic(topic: string): Promise<StoredRecordInFull[][]> {
    this.#reader ??= await FileRecordsReader.start()
    const reader = this.#reader
    return Promise.all([...this.#storages.values()].map((node) => reader.read(node.partitionLogs(topic))))
  }

  /** Ends everything. The folder stays with `keep`, and is named on standard error. */
  async stop({ keep = false }: { keep?: boolean } = {}): Promise<void> {
    await this.#reader?.close()
    await this.#broker?.kill()
    await this.#zookeeper?.kill()
    if (keep) process.stderr.write(`kept the replaced Kafka brokers: ${this.folder}\n`)
    else rmSync(this.folder, { recursive: true, force: true })
  }

  async #plan(version: string): Promise<ClusterPlan> {
    const row = kafkaVersion(version)
    const folder = path.join(this.folder, version)
    const jvm = await Jvm.prepare(row, folder)
    const configOf = () => ({})
    return { version: row, jvm, folder, brokerCount: 1, config: this.#config, configOf, javaFlags: [] }
  }

  async #startZookeeper(): Promise<void> {
    if (this.#zookeeper) return
    this.#zookeeper = zookeeperNode(await this.#plan(ZOOKEEPER_FROM), this.#ports.zookeeper)
    this.#zookeeper.start()
    await waitUntilListening(this.#zookeeper)
  }

  #zookeeperBroker({ version }: ClusterPlan): { settings: Settings; dataFolder: string } {
    const { broker: port } = this.#ports
    const zookeeper = `127.0.0.1:${this.#ports.zookeeper}`
    const dataFolder = path.join(this.folder, 'data')
    const node = { id: BROKER_ID, port, zookeeper, dataFolder }
    const own = zookeeperBrokerSettings(version.version, node)
    return { dataFolder, settings: { ...commonSettings(version.version, 1), ...own } }
  }

  #kraftBroker(plan: ClusterPlan): { settings: Settings; dataFolder: string } {
    const { controller } = this.#ports
    const dataFolder = path.join(this.folder, 'data-kraft')
    if (!existsSync(dataFolder)) formattedFolder(plan, BROKER_ID, dataFolder)
    const listener = `PLAINTEXT://${this.address}`
    const voters = `${BROKER_ID}@127.0.0.1:${controller}`
    const settings = {
      ...kraftSettings({ id: BROKER_ID, roles: 'broker,controller', voters, dataFolder }),
      listeners: `${listener},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': listener,
    }
    return { dataFolder, settings }
  }
}
