/**
 * When a cluster is ready: its servers listen, its brokers know each other, its partitions have leaders.
 *
 * All of it is seen from outside, by Metadata requests to every running broker, because brokers learn at
 * different moments. Every look first checks that the processes live: a dead one is reported with its log.
 */
import { type ClusterMetadata, fetchMetadata, type PartitionMetadata } from './admin-requests.js'
import { eventually } from './eventually.js'
import { isFree } from './free-port.js'
import { isAtLeast, type KafkaVersion } from './kafka-version.js'
import type { ServerNode } from './server-node.js'

/** Generous: with other work on the machine starts take several times as long. */
const READY_TIMEOUT_MS = 90_000

/** 0.8.0 writes `Started`, later versions `started`. */
const STARTED_LINE = /, started \(kafka\.server\.KafkaServer\)/i

/** What must hold for a partition, as a broker describes it, before it counts as ready. */
export type PartitionCondition = (partition: PartitionMetadata, runningIds: ReadonlySet<number>) => boolean

export const hasRunningLeader: PartitionCondition = ({ leader }, runningIds) => runningIds.has(leader)

/** Not to be asked of 0.8 after a restart: it goes on reporting the old ISR for minutes. */
export const hasFullIsr: PartitionCondition = (partition, runningIds) =>
  hasRunningLeader(partition, runningIds) &&
  partition.inSyncReplicas.length === partition.replicas.length &&
  partition.replicas.length > 0

export async function waitUntilListening(node: ServerNode): Promise<void> {
  const look = async (): Promise<true | null> => {
    node.assertAlive()
    return (await isFree(node.port)) ? null : true
  }
  await eventually(look, {
    timeoutMs: READY_TIMEOUT_MS,
    what: () => `${node.name} to listen on ${node.address}`,
  })
}

/**
 * Waits until the running ones of `brokers` serve and know of each other.
 *
 * 0.8 names no broker before the first topic exists, so there the line that each writes at the end of its
 * start is the sign.
 */
export async function waitUntilServing(version: KafkaVersion, brokers: readonly ServerNode[]): Promise<void> {
  const running = brokers.filter((broker) => broker.state === 'running' || broker.state === 'crashed')
  const serves = isAtLeast(version.version, '0.9') ? knowsAll(running) : hasSaidStarted()
  let waitedFor = ''
  const look = async (): Promise<true | null> => {
    for (const broker of running) broker.assertAlive()
    for (const broker of running) {
      if (!(await serves(broker))) {
        waitedFor = broker.name
        return null
      }
    }
    return true
  }
  await eventually(look, { timeoutMs: READY_TIMEOUT_MS, what: () => `${waitedFor} to be ready` })
}

type Question = (broker: ServerNode) => boolean | Promise<boolean>

/** A log may be megabytes long, so one that has the line is not read again. */
function hasSaidStarted(): Question {
  const started = new Set<ServerNode>()
  return (broker) => {
    if (!started.has(broker) && STARTED_LINE.test(broker.log())) started.add(broker)
    return started.has(broker)
  }
}

function knowsAll(running: readonly ServerNode[]): Question {
  return async (broker) => {
    const ids = (await metadataOf(broker))?.brokerIds ?? []
    return running.every(({ id }) => ids.includes(id))
  }
}

/**
 * Waits until all running brokers name the same leader for each of `partitionCount` partitions (default: as
 * many as they name) and `condition` holds at each of them. Resolves with partition → leader.
 */
export function waitForPartitions(
  brokers: readonly ServerNode[],
  topic: string,
  condition: PartitionCondition,
  partitionCount?: number,
): Promise<ReadonlyMap<number, number>> {
  let seen = 'nothing'
  const look = async (): Promise<ReadonlyMap<number, number> | null> => {
    const running = brokers.filter((broker) => broker.state === 'running')
    for (const broker of brokers) if (broker.state === 'crashed') broker.assertAlive()
    const views = await Promise.all(
      running.map(async (broker) => (await metadataOf(broker))?.topics.get(topic)),
    )
    seen = JSON.stringify(views.map((view) => (view ? [...view] : null)))
    return agreedLeaders(views, new Set(running.map(({ id }) => id)), condition, partitionCount)
  }
  const what = (): string =>
    `every partition of ${topic} to be ready on every running broker; they say ${seen}`
  return eventually(look, { timeoutMs: READY_TIMEOUT_MS, what })
}

type TopicView = ReadonlyMap<number, PartitionMetadata> | undefined

function agreedLeaders(
  views: readonly TopicView[],
  runningIds: ReadonlySet<number>,
  condition: PartitionCondition,
  partitionCount: number | undefined,
): ReadonlyMap<number, number> | null {
  const leaders = new Map<number, number>()
  for (const [partition, { leader }] of views[0] ?? []) leaders.set(partition, leader)
  const expected = partitionCount ?? leaders.size
  const isReady = (view: TopicView): boolean =>
    view?.size === expected &&
    [...view].every(([id, state]) => condition(state, runningIds) && leaders.get(id) === state.leader)
  return expected > 0 && views.every(isReady) ? leaders : null
}

/** Null while the broker does not answer, which is normal around its start and end. */
async function metadataOf(broker: ServerNode): Promise<ClusterMetadata | null> {
  try {
    return await fetchMetadata(broker.port)
  } catch {
    return null
  }
}
