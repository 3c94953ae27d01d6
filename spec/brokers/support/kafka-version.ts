/**
 * The Kafka versions the broker specs can run: one row each, with everything that differs between them.
 *
 * Data only. The rows say which artifacts make a broker, how it keeps its cluster state, and which of its own
 * tools create topics, dump logs, produce and consume. Every row was started and read back on Java 17; where a
 * row departs from the plain artifact, the reason stands beside the constant it uses.
 */

/** One artifact of the class path, in the order the row lists it. */
export interface Dependency {
  /** `group:artifact:version`. */
  readonly coordinates: string
  /** Transitive artifacts left out, `group:artifact`; `*:*` for all of them. */
  readonly without: readonly string[]
}

/** How topics are made: a request of ours (no JVM needed) where the broker knows it, else its own tool. */
export type TopicCreation =
  | { readonly by: 'request'; readonly apiVersion: 0 | 1 | 2 }
  | {
      readonly by: 'tool'
      readonly mainClass: string
      readonly partitions: string
      readonly replicas: string
    }

/** The option that gives a console tool the address of the cluster. */
export type ToolAddress = 'zookeeper' | 'broker-list' | 'bootstrap-server' | 'new-consumer'

export interface ConsoleTool {
  readonly mainClass: string
  readonly address: ToolAddress
  /** Option that carries one `name=value` for the tool's line reader or formatter. */
  readonly property: string
}

export interface KafkaVersion {
  readonly version: string
  readonly dependencies: readonly Dependency[]
  readonly mode: 'zookeeper' | 'kraft'
  /** What the jars log with; decides the configuration the JVM is given. */
  readonly logging: 'log4j' | 'slf4j-simple'
  readonly createTopics: TopicCreation
  /** Main class of DumpLogSegments; null where no artifact has it. */
  readonly dumpLogSegments: string | null
  readonly consoleConsumer: ConsoleTool | null
  readonly consoleProducer: ConsoleTool | null
}

const jar = (coordinates: string, ...without: string[]): Dependency => ({ coordinates, without })
const kafka = (scala: string, version: string, ...without: string[]): Dependency =>
  jar(`org.apache.kafka:kafka_${scala}:${version}`, ...without)

// log4j 1.2.15 asks for four artifacts that exist nowhere; the compiler alone would double the download.
const WITHOUT_UNRESOLVABLE = [
  'com.sun.jdmk:jmxtools',
  'com.sun.jmx:jmxri',
  'javax.jms:jms',
  'javax.mail:mail',
  'org.slf4j:slf4j-simple',
  'junit:junit',
  'org.scala-lang:scala-compiler',
]
const SLF4J_LOG4J12 = jar('org.slf4j:slf4j-log4j12:1.7.2', 'log4j:log4j')
// The cluster id is made with javax.xml.bind, which left the JDK in 11.
const JAXB = jar('javax.xml.bind:jaxb-api:2.3.1', '*:*')
// From 1.1 the artifact brings no log binding; without one nothing is logged.
const RELOAD4J = jar('org.slf4j:slf4j-reload4j:1.7.36')
// Its own ZooKeeper client (3.4.13) cannot connect on Java 14 and later; 3.4.10 has to come first to win.
const ZOOKEEPER_3_4_10 = jar('org.apache.zookeeper:zookeeper:3.4.10', '*:*')
const SLF4J_SIMPLE = jar('org.slf4j:slf4j-simple:1.7.36')
// Since 3.5 the command line tools live apart; their own dependencies are large and not needed.
const kafkaTools = (version: string): Dependency => jar(`org.apache.kafka:kafka-tools:${version}`, '*:*')

const BY_ZOOKEEPER_TOOL: TopicCreation = {
  by: 'tool',
  mainClass: 'kafka.admin.TopicCommand',
  partitions: '--partitions',
  replicas: '--replication-factor',
}

const OLD_DUMP = 'kafka.tools.DumpLogSegments'

const consumer = (mainClass: string, address: ToolAddress, property = '--property'): ConsoleTool => ({
  mainClass,
  address,
  property,
})
const producer = consumer
const BOOTSTRAP_CONSUMER = consumer('kafka.tools.ConsoleConsumer', 'bootstrap-server')
const NEW_CONSUMER = consumer('kafka.tools.ConsoleConsumer', 'new-consumer')
const TOOLS_CONSUMER = consumer('org.apache.kafka.tools.consumer.ConsoleConsumer', 'bootstrap-server')
const BROKER_LIST_PRODUCER = producer('kafka.tools.ConsoleProducer', 'broker-list')
const BOOTSTRAP_PRODUCER = producer('kafka.tools.ConsoleProducer', 'bootstrap-server')
const TOOLS_PRODUCER = producer('org.apache.kafka.tools.ConsoleProducer', 'bootstrap-server')

const ZOOKEEPER_ROW = { mode: 'zookeeper', logging: 'log4j', dumpLogSegments: OLD_DUMP } as const
const KRAFT_ROW = {
  mode: 'kraft',
  logging: 'slf4j-simple',
  createTopics: { by: 'request', apiVersion: 2 },
  dumpLogSegments: OLD_DUMP,
  consoleConsumer: TOOLS_CONSUMER,
  consoleProducer: TOOLS_PRODUCER,
} as const

/** Oldest first. */
export const KAFKA_VERSIONS: readonly KafkaVersion[] = [
  {
    ...ZOOKEEPER_ROW,
    version: '0.8.0',
    dependencies: [kafka('2.10', '0.8.0', ...WITHOUT_UNRESOLVABLE), SLF4J_LOG4J12],
    createTopics: {
      by: 'tool',
      mainClass: 'kafka.admin.CreateTopicCommand',
      partitions: '--partition',
      replicas: '--replica',
    },
    consoleConsumer: consumer('kafka.consumer.ConsoleConsumer', 'zookeeper'),
    consoleProducer: producer('kafka.producer.ConsoleProducer', 'broker-list'),
  },
  {
    ...ZOOKEEPER_ROW,
    version: '0.8.1.1',
    dependencies: [kafka('2.10', '0.8.1.1', ...WITHOUT_UNRESOLVABLE), SLF4J_LOG4J12],
    createTopics: BY_ZOOKEEPER_TOOL,
    consoleConsumer: consumer('kafka.consumer.ConsoleConsumer', 'zookeeper'),
    consoleProducer: producer('kafka.producer.ConsoleProducer', 'broker-list'),
  },
  {
    ...ZOOKEEPER_ROW,
    version: '0.8.2.2',
    dependencies: [kafka('2.11', '0.8.2.2')],
    createTopics: BY_ZOOKEEPER_TOOL,
    consoleConsumer: consumer('kafka.tools.ConsoleConsumer', 'zookeeper'),
    consoleProducer: BROKER_LIST_PRODUCER,
  },
  {
    ...ZOOKEEPER_ROW,
    version: '0.9.0.1',
    dependencies: [kafka('2.11', '0.9.0.1')],
    createTopics: BY_ZOOKEEPER_TOOL,
    consoleConsumer: NEW_CONSUMER,
    consoleProducer: BROKER_LIST_PRODUCER,
  },
  {
    ...ZOOKEEPER_ROW,
    version: '0.10.0.1',
    dependencies: [kafka('2.11', '0.10.0.1')],
    createTopics: BY_ZOOKEEPER_TOOL,
    consoleConsumer: NEW_CONSUMER,
    consoleProducer: BROKER_LIST_PRODUCER,
  },
  {
    ...ZOOKEEPER_ROW,
    version: '0.10.2.2',
    dependencies: [kafka('2.12', '0.10.2.2'), JAXB],
    createTopics: { by: 'request', apiVersion: 1 },
    consoleConsumer: BOOTSTRAP_CONSUMER,
    consoleProducer: BROKER_LIST_PRODUCER,
  },
  {
    ...ZOOKEEPER_ROW,
    version: '0.11.0.3',
    dependencies: [kafka('2.12', '0.11.0.3'), JAXB],
    createTopics: { by: 'request', apiVersion: 2 },
    consoleConsumer: BOOTSTRAP_CONSUMER,
    consoleProducer: BROKER_LIST_PRODUCER,
  },
  {
    ...ZOOKEEPER_ROW,
    version: '1.0.2',
    dependencies: [kafka('2.12', '1.0.2')],
    createTopics: { by: 'request', apiVersion: 2 },
    consoleConsumer: BOOTSTRAP_CONSUMER,
    consoleProducer: BROKER_LIST_PRODUCER,
  },
  {
    ...ZOOKEEPER_ROW,
    version: '1.1.1',
    dependencies: [kafka('2.12', '1.1.1'), RELOAD4J],
    createTopics: { by: 'request', apiVersion: 2 },
    consoleConsumer: BOOTSTRAP_CONSUMER,
    consoleProducer: BROKER_LIST_PRODUCER,
  },
  {
    ...ZOOKEEPER_ROW,
    version: '2.0.1',
    dependencies: [ZOOKEEPER_3_4_10, kafka('2.12', '2.0.1'), RELOAD4J],
    createTopics: { by: 'request', apiVersion: 2 },
    consoleConsumer: BOOTSTRAP_CONSUMER,
    consoleProducer: BROKER_LIST_PRODUCER,
  },
  {
    ...ZOOKEEPER_ROW,
    version: '2.8.2',
    dependencies: [kafka('2.13', '2.8.2'), RELOAD4J],
    createTopics: { by: 'request', apiVersion: 2 },
    consoleConsumer: BOOTSTRAP_CONSUMER,
    consoleProducer: BOOTSTRAP_PRODUCER,
  },
  {
    ...ZOOKEEPER_ROW,
    version: '3.0.2',
    dependencies: [kafka('2.13', '3.0.2'), RELOAD4J],
    createTopics: { by: 'request', apiVersion: 2 },
    consoleConsumer: BOOTSTRAP_CONSUMER,
    consoleProducer: BOOTSTRAP_PRODUCER,
  },
  {
    ...KRAFT_ROW,
    version: '3.9.2',
    dependencies: [kafka('2.13', '3.9.2'), RELOAD4J, kafkaTools('3.9.2')],
    logging: 'log4j',
    consoleProducer: BOOTSTRAP_PRODUCER,
  },
  {
    ...KRAFT_ROW,
    version: '4.0.2',
    dependencies: [kafka('2.13', '4.0.2'), SLF4J_SIMPLE, kafkaTools('4.0.2')],
  },
  {
    ...KRAFT_ROW,
    version: '4.1.2',
    dependencies: [kafka('2.13', '4.1.2'), SLF4J_SIMPLE, kafkaTools('4.1.2')],
  },
  {
    ...KRAFT_ROW,
    version: '4.2.2',
    // kafka-tools 4.2.2 had not been published in November 2026; 4.2.1 runs on the 4.2.2 jars.
    dependencies: [kafka('2.13', '4.2.2'), SLF4J_SIMPLE, kafkaTools('4.2.1')],
    consoleConsumer: { ...TOOLS_CONSUMER, property: '--formatter-property' },
    consoleProducer: { ...TOOLS_PRODUCER, property: '--reader-property' },
  },
  {
    ...KRAFT_ROW,
    version: '4.3.1',
    dependencies: [kafka('2.13', '4.3.1'), SLF4J_SIMPLE, kafkaTools('4.3.1')],
    dumpLogSegments: 'org.apache.kafka.tools.DumpLogSegments',
    consoleConsumer: { ...TOOLS_CONSUMER, property: '--formatter-property' },
    consoleProducer: { ...TOOLS_PRODUCER, property: '--reader-property' },
  },
  {
    ...KRAFT_ROW,
    version: '4.4.0',
    // In November 2026 kafka-tools(-api) 4.4.0 had not been published: with the older api the broker runs, no tool.
    dependencies: [
      kafka('2.13', '4.4.0', 'org.apache.kafka:kafka-tools-api'),
      jar('org.apache.kafka:kafka-tools-api:4.3.1'),
      SLF4J_SIMPLE,
    ],
    dumpLogSegments: null,
    consoleConsumer: null,
    consoleProducer: null,
  },
]

/** The row of one version. Throws an Error that lists the known ones. */
export function kafkaVersion(version: string): KafkaVersion {
  const row = KAFKA_VERSIONS.find((candidate) => candidate.version === version)
  if (row) return row
  const known = KAFKA_VERSIONS.map((candidate) => candidate.version).join(', ')
  throw new Error(`Kafka ${version} is not in the table of the broker specs; known are ${known}`)
}

/** True when `version` is `bound` or later, compared number by number: 0.10.2 comes after 0.9. */
export function isAtLeast(version: string, bound: string): boolean {
  const left = version.split('.').map(Number)
  const right = bound.split('.').map(Number)
  for (let i = 0; i < right.length; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}
