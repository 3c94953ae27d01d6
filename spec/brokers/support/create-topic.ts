/**
 * Creates topics: by a request where brokers know it (0.10.1 and later), else by Kafka's own tool.
 */
import { fetchControllerId, type NewTopic, requestTopic } from './admin-requests.js'
import { eventually } from './eventually.js'
import type { Jvm } from './jvm.js'
import { isAtLeast, type KafkaVersion, type TopicCreation } from './kafka-version.js'
import type { ServerNode } from './server-node.js'

const CREATE_TIMEOUT_MS = 30_000

// Passing states right after a start or a failover: no controller yet, too few brokers registered, try later.
const RETRIABLE_CODES = new Set([7, 15, 38, 41])

export interface TopicCreator {
  readonly version: KafkaVersion
  readonly jvm: Jvm
  /** `host:port`; needed by the tools only. */
  readonly zookeeper: string | null
  /** Brokers that can be asked. */
  readonly running: readonly ServerNode[]
}

/** Resolves when the cluster has accepted the topic; its leaders come later. Rejects when it exists already. */
export async function createTopic(creator: TopicCreator, topic: NewTopic): Promise<void> {
  const { createTopics } = creator.version
  if (createTopics.by === 'request') await createByRequest(creator, createTopics.apiVersion, topic)
  else await createByTool(creator, createTopics, topic)
}

async function createByRequest(creator: TopicCreator, apiVersion: 0 | 1 | 2, topic: NewTopic): Promise<void> {
  let lastCode = 0
  const attempt = async (): Promise<true | null> => {
    lastCode = await requestTopic(await controllerPort(creator.running), apiVersion, topic)
    if (lastCode === 0) return true
    if (RETRIABLE_CODES.has(lastCode)) return null
    throw new Error(`topic ${topic.name} was refused with error code ${lastCode}`)
  }
  const what = (): string => `topic ${topic.name} to be accepted; the last error code was ${lastCode}`
  await eventually(attempt, { timeoutMs: CREATE_TIMEOUT_MS, everyMs: 100, what })
}

async function controllerPort(running: readonly ServerNode[]): Promise<number> {
  const [first] = running
  if (!first) throw new Error('no broker is running that could be asked for a topic')
  const controllerId = await fetchControllerId(first.port)
  return (running.find(({ id }) => id === controllerId) ?? first).port
}

async function createByTool(
  creator: TopicCreator,
  tool: TopicCreation & { by: 'tool' },
  topic: NewTopic,
): Promise<void> {
  const config = Object.entries(topic.config).flatMap(([key, value]) => ['--config', `${key}=${value}`])
  const takesVerb = isAtLeast(creator.version.version, '0.8.1')
  if (!takesVerb && config.length > 0) throw new Error('0.8.0 has no settings per topic')
  const args = [
    ...(takesVerb ? ['--create'] : []),
    ...['--zookeeper', creator.zookeeper ?? '', '--topic', topic.name],
    ...[tool.partitions, String(topic.partitions), tool.replicas, String(topic.replicationFactor)],
    ...config,
  ]
  const run = await creator.jvm.runTool({ mainClass: tool.mainClass, args })
  // The exit code is 0 either way up to 0.9.
  if (/created topic|creation succeeded/i.test(run.stdout.toString())) return
  throw new Error(`topic ${topic.name} was refused (${run.exit}): ${run.stdout}${run.stderr}`)
}
