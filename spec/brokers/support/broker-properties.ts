/**
 * The server.properties of brokers, controllers and ZooKeeper, for every version of the table.
 *
 * Small and quick rather than like production: few threads, small buffers, short sessions. A test decides when
 * leaders move, so automatic rebalancing is off. Settings a version does not know are left out.
 */
import { escapeKey, escapeValue } from 'properties-file/escape'
import { isAtLeast } from './kafka-version.js'

export type Settings = Readonly<Record<string, string | number | boolean>>

/** Text of a properties file. */
export function propertiesText(settings: Settings): string {
  const lines = Object.entries(settings).map(
    ([key, value]) => `${escapeKey(key, true)}=${escapeValue(String(value), true)}`,
  )
  return `${lines.join('\n')}\n`
}

/** `[lowest version, key, value]`; the same in ZooKeeper and KRaft mode. */
const COMMON: readonly (readonly [since: string, key: string, value: string | number | boolean])[] = [
  ['0.8', 'num.partitions', 1],
  ['0.8', 'auto.create.topics.enable', true],
  ['0.8', 'num.network.threads', 2],
  ['0.8', 'num.io.threads', 4],
  ['0.8', 'log.index.size.max.bytes', 1_048_576],
  ['0.8.1', 'log.cleaner.dedupe.buffer.size', 4_194_304], // 128 MB of heap otherwise
  ['0.8', 'log.retention.hours', 24_000],
  ['0.10', 'log.retention.ms', -1], // by the times of records, which specs set as they like
  ['0.8', 'message.max.bytes', 10_485_760],
  ['0.8', 'replica.fetch.max.bytes', 10_485_760], // less than message.max.bytes would stop replication
  ['0.8', 'replica.lag.time.max.ms', 5000],
  // A follower leaves a paused leader only after this time, and the controller waits for it: 30 s each otherwise.
  ['0.8', 'replica.socket.timeout.ms', 3000],
  ['0.8.1', 'delete.topic.enable', true],
  ['0.8.1', 'auto.leader.rebalance.enable', false],
  ['0.8.2', 'offsets.topic.num.partitions', 1],
  ['0.8.2', 'offsets.topic.replication.factor', 1],
  ['0.11', 'transaction.state.log.num.partitions', 1],
  ['0.11', 'transaction.state.log.replication.factor', 1],
  ['0.11', 'transaction.state.log.min.isr', 1],
  ['0.11', 'group.initial.rebalance.delay.ms', 0],
  ['4.0', 'share.coordinator.state.topic.num.partitions', 1],
  ['4.0', 'share.coordinator.state.topic.replication.factor', 1],
  ['4.0', 'share.coordinator.state.topic.min.isr', 1],
]

/** What brokers and controllers share. New topics get a replica on every broker, at most three. */
export function commonSettings(version: string, brokerCount: number): Settings {
  const known = COMMON.filter(([since]) => isAtLeast(version, since)).map(([, key, value]) => [key, value])
  return { ...Object.fromEntries(known), 'default.replication.factor': Math.min(3, brokerCount) }
}

/** A broker that keeps its cluster state in the ZooKeeper at `zookeeper` (`host:port`). */
export function zookeeperBrokerSettings(
  version: string,
  { id, port, zookeeper, dataFolder }: { id: number; port: number; zookeeper: string; dataFolder: string },
): Settings {
  return {
    'broker.id': id,
    'zookeeper.connect': zookeeper,
    'zookeeper.session.timeout.ms': 3000, // a dead broker's leaders move after this time
    'zookeeper.connection.timeout.ms': 20_000,
    'controller.socket.timeout.ms': 5000,
    'log.dirs': dataFolder,
    'controlled.shutdown.max.retries': 1,
    'controlled.shutdown.retry.backoff.ms': 200,
    ...zookeeperBrokerAddress(version, port),
  }
}

function zookeeperBrokerAddress(version: string, port: number): Settings {
  if (isAtLeast(version, '0.9')) return { listeners: `PLAINTEXT://127.0.0.1:${port}` }
  const bound = { port, 'host.name': '127.0.0.1' }
  if (!isAtLeast(version, '0.8.1')) return bound
  return { ...bound, 'advertised.host.name': '127.0.0.1', 'advertised.port': port }
}

/** The settings of every node of a KRaft cluster about the others. */
export function kraftSettings(node: {
  id: number
  roles: string
  voters: string
  dataFolder: string
}): Settings {
  const protocols = ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT', 'SSL:SSL']
  return {
    'process.roles': node.roles,
    'node.id': node.id,
    'controller.quorum.voters': node.voters,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': [
      ...protocols,
      'SASL_PLAINTEXT:SASL_PLAINTEXT',
      'SASL_SSL:SASL_SSL',
    ].join(','),
    'broker.session.timeout.ms': 3000, // a dead broker's leaders move after this time
    'broker.heartbeat.interval.ms': 500,
    'log.dirs': node.dataFolder,
  }
}

/** ZooKeeper itself. The tick of 500 ms permits the short sessions above. */
export function zookeeperSettings(port: number, dataFolder: string): Settings {
  return {
    dataDir: dataFolder,
    clientPort: port,
    clientPortAddress: '127.0.0.1',
    tickTime: 500,
    maxClientCnxns: 0,
    'admin.enableServer': false,
  }
}
