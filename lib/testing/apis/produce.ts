/**
 * Produce v0 to v13. Behaviour: each partition's records are stored whole or refused whole, see `store.ts`; of a
 * partition named twice the last ones count. Brokers before 2.4 cannot read a request of v3 or later that carries
 * anything but one record batch, and no broker a null set in a message set's place. With error 6 from v10 on the leader
 * is named, with its address.
 */

import { type ProduceRequest, type ProduceResponse, produce } from '../../protocol/messages/index.js'
import { magicOf } from '../../protocol/records/record-body.js'
import { type WithoutDefaults, withDefaults } from '../../protocol/with-defaults.js'
import { isOneBatch } from '../check-batch.js'
import { type StoreContext, type StoredPartition, store } from '../store.js'

const NONE = 0
const REQUEST_TIMED_OUT = 7
const MAGIC_2 = 2

export interface ProduceContext extends StoreContext {
  /** Brokers that are up. */
  readonly brokers: readonly {
    readonly id: number
    readonly host: string
    readonly port: number
    readonly rack: string | null
  }[]
  /** Waits this many milliseconds, or until the broker is stopped. */
  pause(milliseconds: number): Promise<void>
}

type TopicAnswer = WithoutDefaults<ProduceResponse['topics'][number]>
type PartitionAnswer = StoredPartition & { readonly index: number }

interface Incoming {
  /** Empty, and zeros, where the version has the other one. */
  readonly name: string
  readonly topicId: Uint8Array
  readonly recordsByPartition: Map<number, Buffer>
}

/**
 * Stores what can be stored.
 *
 * @param version - whose ways count; for brokers that do not look at it, 0.
 * @returns the answer, which is not sent with acks 0; null for a request that no broker of the era can read.
 */
export async function handleProduce(
  request: ProduceRequest,
  version: number,
  context: ProduceContext,
): Promise<ProduceResponse | null> {
  const incoming = incomingOf(request)
  if (!incoming || !isReadable(incoming, version, context)) return null
  const { acks } = request
  const topics: TopicAnswer[] = []
  const leaders = new Set<number>()
  for (const { name, topicId, recordsByPartition } of incoming) {
    const topic = version >= 13 ? (context.topics.withId(topicId)?.name ?? null) : name
    const partitions: PartitionAnswer[] = []
    for (const [index, records] of recordsByPartition) {
      const stored = await store({ topic, index, records, version, acks }, context)
      if (stored.currentLeader) leaders.add(stored.currentLeader.leaderId)
      if (!isOmitted(topic ?? '', index, context)) partitions.push({ index, ...stored })
    }
    topics.push({ name, topicId, partitions })
  }
  const nodeEndpoints = context.brokers
    .filter(({ id }) => leaders.has(id))
    .map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack }))
  const answer = withDefaults(produce.tables.response, { topics, nodeEndpoints })
  if (acks <= 1 || context.era.onOtherAcks !== 'waitForReplicas') return answer
  await context.pause(request.timeoutMs)
  return timedOut(answer)
}

/** Whether some partition was refused; with acks 0 the broker then closes the connection. */
export function hasError({ topics }: ProduceResponse): boolean {
  return topics.some(({ partitions }) => partitions.some(({ errorCode }) => errorCode !== NONE))
}

function isOmitted(topic: string, index: number, { faults }: ProduceContext): boolean {
  return faults.some(({ fault, fits }) => fault.kind === 'omitPartition' && fits(topic, index))
}

/** Topics in the order of their first appearance; null where records are null. */
function incomingOf({ topics }: ProduceRequest): Incoming[] | null {
  const byTopic = new Map<string, Incoming>()
  for (const { name, topicId, partitions } of topics) {
    const key = `${name} ${Buffer.from(topicId).toString('hex')}`
    const incoming = byTopic.get(key) ?? { name, topicId, recordsByPartition: new Map<number, Buffer>() }
    byTopic.set(key, incoming)
    for (const { index, records } of partitions) {
      if (!records) return null
      incoming.recordsByPartition.set(index, records as Buffer)
    }
  }
  return [...byTopic.values()]
}

function isReadable(incoming: readonly Incoming[], version: number, { era }: ProduceContext): boolean {
  if (era.onWrongFormat !== 'close' || magicOf(version) < MAGIC_2) return true
  return incoming.every(({ recordsByPartition }) => [...recordsByPartition.values()].every(isOneBatch))
}

function timedOut({ topics, ...rest }: ProduceResponse): ProduceResponse {
  return {
    ...rest,
    topics: topics.map(({ partitions, ...topic }) => ({
      ...topic,
      partitions: partitions.map((partition) =>
        partition.errorCode === NONE ? { ...partition, errorCode: REQUEST_TIMED_OUT } : partition,
      ),
    })),
  }
}
