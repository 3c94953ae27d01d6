/**
 * Produce v0. Behaviour: each partition's set is stored whole or refused whole; of a partition named twice the last set
 * counts. Refused with 3 for an unknown partition, 6 on a broker that does not lead it, 2 for a wrong checksum or size,
 * 10 for a message or wrapper over the limit, 17 for the topic that Kafka keeps for itself, −1 for a codec that is
 * unknown and a wrapper that cannot be opened. A set without messages gets offset −1; a null set is no request.
 */
import { filled } from '../../protocol/filled.js'
import { type ProduceRequest, type ProduceResponse, produce } from '../../protocol/messages/index.js'
import { checkSet, RefusedSet } from '../check-set.js'
import type { Era } from '../eras.js'
import type { ActingFault } from '../faults.js'
import type { Topics } from '../topics.js'

const NONE = 0
const REQUEST_TIMED_OUT = 7
const codes = {
  UNKNOWN_SERVER_ERROR: -1,
  CORRUPT_MESSAGE: 2,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  NOT_LEADER_FOR_PARTITION: 6,
  MESSAGE_TOO_LARGE: 10,
  INVALID_TOPIC_EXCEPTION: 17,
} as const

const INTERNAL_TOPIC = '__consumer_offsets'

export interface ProduceContext {
  readonly topics: Topics
  readonly brokerId: number
  readonly era: Era
  readonly faults: readonly ActingFault[]
  /** Waits so long, or until the broker is stopped. */
  pause(milliseconds: number): Promise<void>
  onStored(topic: string, partition: number, baseOffset: bigint): void
  onRefused(topic: string, partition: number, errorCode: number, reason: string): void
}

interface StoredPartition {
  readonly index: number
  readonly errorCode: number
  readonly baseOffset: bigint
}

interface StoredTopic {
  readonly name: string
  readonly partitions: StoredPartition[]
}

type SetByPartition = ReadonlyMap<number, Buffer>

/**
 * Stores what can be stored.
 *
 * @returns the answer, which is not sent with acks 0; null for a request that no broker can read.
 */
export async function handleProduce(
  request: ProduceRequest,
  context: ProduceContext,
): Promise<ProduceResponse | null> {
  const sets = setsOf(request)
  if (!sets) return null
  const { faults, era } = context
  const isOmitted = (topic: string, index: number): boolean =>
    faults.some(({ fault, fits }) => fault.kind === 'omitPartition' && fits(topic, index))
  const topics: StoredTopic[] = []
  for (const [name, setByPartition] of sets) {
    const partitions: StoredPartition[] = []
    for (const [index, set] of setByPartition) {
      const stored = { index, ...(await store(name, index, set, context)) }
      if (!isOmitted(name, index)) partitions.push(stored)
    }
    topics.push({ name, partitions })
  }
  if (request.acks > 1 && era.onOtherAcks === 'waitForReplicas') {
    await context.pause(request.timeoutMs)
    return answer(topics.map(({ name, partitions }) => ({ name, partitions: partitions.map(timedOut) })))
  }
  return answer(topics)
}

/** Whether some partition was refused; with acks 0 the broker then closes the connection. */
export function hasError({ topics }: ProduceResponse): boolean {
  return topics.some(({ partitions }) => partitions.some(({ errorCode }) => errorCode !== NONE))
}

/** Per topic, in the order of their first appearance; null where a set is null. */
function setsOf({ topics }: ProduceRequest): ReadonlyMap<string, SetByPartition> | null {
  const sets = new Map<string, Map<number, Buffer>>()
  for (const { name, partitions } of topics) {
    for (const { index, records } of partitions) {
      if (!records) return null
      const setByPartition = sets.get(name) ?? new Map<number, Buffer>()
      sets.set(name, setByPartition.set(index, records as Buffer))
    }
  }
  return sets
}

function answer(topics: StoredTopic[]): ProduceResponse {
  return filled(produce.tables.response, { topics })
}

function timedOut(partition: StoredPartition): StoredPartition {
  return partition.errorCode === NONE ? { ...partition, errorCode: REQUEST_TIMED_OUT } : partition
}

async function store(
  topic: string,
  index: number,
  set: Buffer,
  context: ProduceContext,
): Promise<Omit<StoredPartition, 'index'>> {
  const refused = (errorCode: number, reason: string): Omit<StoredPartition, 'index'> => {
    context.onRefused(topic, index, errorCode, reason)
    return { errorCode, baseOffset: -1n }
  }
  for (const { fault, fits } of context.faults) {
    if (fault.kind === 'errorCode' && fits(topic, index)) return refused(fault.code, 'a fault')
  }
  if (topic === INTERNAL_TOPIC) return refused(codes.INVALID_TOPIC_EXCEPTION, 'a topic of Kafka itself')
  const found = context.topics.find(topic)
  const partition = found?.partitions[index]
  if (!found || !partition) return refused(codes.UNKNOWN_TOPIC_OR_PARTITION, 'no such partition')
  if (partition.leader !== context.brokerId)
    return refused(codes.NOT_LEADER_FOR_PARTITION, `the leader is ${partition.leader ?? 'nobody'}`)
  // The request's buffer is shared with other partitions; a log keeps its own bytes.
  const own = Buffer.from(set)
  const { maxMessageBytes } = found
  const checked = await checkSet(own, { maxMessageBytes, lastCodecId: context.era.lastCodecId })
  if (checked instanceof RefusedSet) return refused(codes[checked.error], checked.reason)
  const baseOffset = partition.log.append(own, checked)
  if (baseOffset >= 0n) context.onStored(topic, index, baseOffset)
  return { errorCode: NONE, baseOffset }
}
