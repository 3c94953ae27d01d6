/**
 * Produce v0 to v13. Behaviour: each partition's records are stored whole or refused whole, see `store.ts`; of a
 * partition named twice the last ones count. Brokers before 2.4 cannot read a request of v3 or later that carries
 * anything but one record batch, and no broker a null set in a message set's place. With error 6 from v10 on the leader
 * is named, with its address.
 */

import { type ProduceRequest, type ProduceResponse, produce } from '../../protocol/messages/index.js'
import { magicOf } from '../../protocol/records/record-body.js'
import { type WithoutDefaults, withDefaults } from '../../protocol/with-defaults.js'
import { pause } from '../../timers.js'
import { isOneBatch } from '../check-batch.js'
import type { StoredPartition } from '../checked-records.js'
import { store } from '../store.js'
import type { ApiHandler, Call } from './api-handler.js'

const NONE = 0
const REQUEST_TIMED_OUT = 7
const MAGIC_2 = 2
const FIRST_VERSION_WITH_IDS = 13

type TopicAnswer = WithoutDefaults<ProduceResponse['topics'][number]>
type PartitionAnswer = StoredPartition & { readonly index: number }

interface Incoming {
  /** Empty, and zeros, where the version has the other one. */
  readonly name: string
  readonly topicId: Uint8Array
  readonly recordsByPartition: Map<number, Buffer>
}

export const produceHandler: ApiHandler<'Produce', ProduceRequest> = {
  name: 'Produce',
  api: produce,
  about: ({ acks, timeoutMs, topics, transactionalId }, version, known) => ({
    acks,
    timeoutMs,
    topics: topics.map(({ name, topicId, partitions }) => ({
      name: version >= FIRST_VERSION_WITH_IDS ? (known.withId(topicId)?.name ?? '') : name,
      partitions: partitions.map(({ index }) => index),
    })),
    ...(transactionalId !== null && { transactionalId }),
  }),
  answer: handleProduce,
}

/**
 * Stores what can be stored.
 *
 * @returns the answer, which is not sent with acks 0; null for a request that no broker of the era can read.
 */
async function handleProduce(request: ProduceRequest, call: Call): Promise<ProduceResponse | null> {
  const { version } = call
  const incoming = incomingOf(request)
  if (!incoming || !isReadable(incoming, call)) return null
  const { acks, transactionalId } = request
  const topics: TopicAnswer[] = []
  const leaders = new Set<number>()
  for (const { name, topicId, recordsByPartition } of incoming) {
    const topic = version >= FIRST_VERSION_WITH_IDS ? (call.topics.withId(topicId)?.name ?? null) : name
    const partitions: PartitionAnswer[] = []
    for (const [index, records] of recordsByPartition) {
      const stored = await store({ topic, index, records, acks, transactionalId }, call)
      if (stored.currentLeader) leaders.add(stored.currentLeader.leaderId)
      if (!isOmitted(topic ?? '', index, call)) partitions.push({ index, ...stored })
    }
    topics.push({ name, topicId, partitions })
  }
  const nodeEndpoints = call
    .liveBrokers()
    .filter(({ id }) => leaders.has(id))
    .map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack }))
  const answer = withDefaults(produce.tables.response, { topics, nodeEndpoints })
  if (acks <= 1 || call.era.onOtherAcks !== 'waitForReplicas') return answer
  await pause(request.timeoutMs, call.signal)
  return timedOut(answer)
}

/** Whether some partition was refused; with acks 0 the broker then closes the connection. */
export function hasError({ topics }: ProduceResponse): boolean {
  return topics.some(({ partitions }) => partitions.some(({ errorCode }) => errorCode !== NONE))
}

function isOmitted(topic: string, index: number, { faults }: Call): boolean {
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

function isReadable(incoming: readonly Incoming[], { era, version }: Call): boolean {
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
