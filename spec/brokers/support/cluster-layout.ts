/**
 * What processes a cluster consists of, and the files each of them starts from.
 *
 * Up to 3.0 a ZooKeeper and the brokers. After that KRaft: one broker is its own controller; several get a
 * controller process of their own, so that any number of brokers may be killed at once.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  commonSettings,
  kraftSettings,
  propertiesText,
  type Settings,
  zookeeperBrokerSettings,
  zookeeperSettings,
} from './broker-properties.js'
import { freePorts } from './free-port.js'
import type { Jvm } from './jvm.js'
import type { KafkaVersion } from './kafka-version.js'
import { ServerNode } from './server-node.js'

export interface ClusterPlan {
  readonly version: KafkaVersion
  readonly jvm: Jvm
  /** Absolute; everything of the cluster is inside. */
  readonly folder: string
  readonly brokerCount: number
  /** Broker settings that win over the harness's own. */
  readonly config: Settings
  /** Settings of one broker, which win over all others. */
  readonly configOf: (broker: { id: number; port: number }) => Settings
  /** Of the brokers' Java; they win over the harness's own. */
  readonly javaFlags: readonly string[]
  /** Beside the plaintext one, of the only broker. */
  readonly listeners: readonly string[]
}

export interface ClusterLayout {
  /** `host:port` of ZooKeeper; null in KRaft mode. */
  readonly zookeeper: string | null
  /** ZooKeeper, or the controller of its own; null when the broker is its own controller. */
  readonly coordinator: ServerNode | null
  /** Ids 1, 2, … */
  readonly brokers: readonly ServerNode[]
}

const COORDINATOR_ID = 100
const COORDINATOR_HEAP_MB = 128
// Any 16 bytes in base64url name a cluster.
const CLUSTER_ID = 'c3BlYy1jbHVzdGVyLTAwMQ'

export function layOutCluster(plan: ClusterPlan): Promise<ClusterLayout> {
  return plan.version.mode === 'zookeeper' ? zookeeperLayout(plan) : kraftLayout(plan)
}

async function zookeeperLayout(plan: ClusterPlan): Promise<ClusterLayout> {
  const [zookeeperPort, ...ports] = (await freePorts(1 + plan.brokerCount)) as [number, ...number[]]
  const zookeeper = `127.0.0.1:${zookeeperPort}`
  const brokers = ports.map((port, index) => {
    const id = index + 1
    const dataFolder = path.join(plan.folder, `data-${id}`)
    const own = zookeeperBrokerSettings(plan.version.version, { id, port, zookeeper, dataFolder })
    const listeners = [own.listeners, ...plan.listeners].join(',')
    const settings = plan.listeners.length > 0 ? { ...own, listeners } : own
    return brokerNode(plan, { id, port, dataFolder, settings })
  })
  return { zookeeper, coordinator: zookeeperNode(plan, zookeeperPort), brokers }
}

export function zookeeperNode(plan: ClusterPlan, port: number): ServerNode {
  const dataFolder = path.join(plan.folder, 'zookeeper')
  const file = writeProperties(plan, 'zookeeper.properties', zookeeperSettings(port, dataFolder))
  const program = {
    mainClass: 'org.apache.zookeeper.server.quorum.QuorumPeerMain',
    args: [file],
    flags: [
      '-Dzookeeper.admin.enableServer=false',
      '-Dzookeeper.jmx.log4j.disable=true', // 3.4 asks for a class that reload4j lacks
      '-Dzookeeper.forceSync=no',
    ],
    heapMb: 64,
  }
  const launch = () => plan.jvm.startServer(program, path.join(plan.folder, 'zookeeper.log'))
  return new ServerNode({ id: COORDINATOR_ID, name: 'ZooKeeper', port, dataFolder, launch })
}

async function kraftLayout(plan: ClusterPlan): Promise<ClusterLayout> {
  const [controllerPort, ...ports] = (await freePorts(1 + plan.brokerCount)) as [number, ...number[]]
  const isOwnController = plan.brokerCount === 1
  const voters = `${isOwnController ? 1 : COORDINATOR_ID}@127.0.0.1:${controllerPort}`
  const controllerListener = `CONTROLLER://127.0.0.1:${controllerPort}`
  const brokers = ports.map((port, index) => {
    const id = index + 1
    const dataFolder = formattedFolder(plan, id)
    const listener = [`PLAINTEXT://127.0.0.1:${port}`, ...plan.listeners].join(',')
    const settings = {
      ...kraftSettings({ id, roles: isOwnController ? 'broker,controller' : 'broker', voters, dataFolder }),
      listeners: isOwnController ? `${listener},${controllerListener}` : listener,
      'advertised.listeners': listener,
    }
    return brokerNode(plan, { id, port, dataFolder, settings })
  })
  const coordinator = isOwnController
    ? null
    : controllerNode(plan, controllerPort, voters, controllerListener)
  return { zookeeper: null, coordinator, brokers }
}

function controllerNode(plan: ClusterPlan, port: number, voters: string, listeners: string): ServerNode {
  const id = COORDINATOR_ID
  const dataFolder = formattedFolder(plan, id)
  const file = writeProperties(plan, 'controller.properties', {
    ...commonSettings(plan.version.version, plan.brokerCount),
    ...kraftSettings({ id, roles: 'controller', voters, dataFolder }),
    listeners,
    ...plan.config, // the controller decides about new topics, so their defaults are needed here too
  })
  const program = { mainClass: 'kafka.Kafka', args: [file], heapMb: COORDINATOR_HEAP_MB }
  const launch = () => plan.jvm.startServer(program, path.join(plan.folder, 'controller.log'))
  return new ServerNode({ id, name: 'controller', port, dataFolder, launch })
}

/**
 * A data folder as the storage tool's `format` leaves it, without the second that the tool takes. Feature levels
 * other than metadata.version stay 0 this way, which plain and idempotent producing does not notice.
 */
export function formattedFolder(
  plan: ClusterPlan,
  id: number,
  dataFolder = path.join(plan.folder, `data-${id}`),
): string {
  mkdirSync(dataFolder)
  const settings = { version: 1, 'cluster.id': CLUSTER_ID, 'node.id': id }
  writeFileSync(path.join(dataFolder, 'meta.properties'), propertiesText(settings))
  return dataFolder
}

export function brokerNode(
  plan: ClusterPlan,
  broker: { id: number; port: number; dataFolder: string; settings: Settings },
): ServerNode {
  const file = writeProperties(plan, `broker-${broker.id}.properties`, {
    ...commonSettings(plan.version.version, plan.brokerCount),
    ...broker.settings,
    ...plan.config,
    ...plan.configOf(broker),
  })
  const program = { mainClass: 'kafka.Kafka', args: [file], flags: plan.javaFlags }
  const logFile = path.join(plan.folder, `broker-${broker.id}.log`)
  const launch = () => plan.jvm.startServer(program, logFile)
  return new ServerNode({ ...broker, name: `broker ${broker.id}`, launch })
}

function writeProperties(plan: ClusterPlan, name: string, settings: Settings): string {
  const file = path.join(plan.folder, name)
  writeFileSync(file, propertiesText(settings))
  return file
}
