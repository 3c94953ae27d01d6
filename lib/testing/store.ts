/**
 * Whether one partition's records are kept: stored whole, or refused whole with the code that a broker of the era
 * answers.
 */
import { magicOf } from '../protocol/records/record-body.js'
import { type Call, faultCodeOf } from './apis/api-handler.js'
import { checkBatch, isOneBatch } from './check-batch.js'
import { checkProducer } from './check-producer.js'
import { checkSet } from './check-set.js'
import {
  type CheckedRecords,
  type RecordLimits,
  RefusedRecords,
  refusalCodes,
  type StoredPartition,
} from './checked-records.js'
import type { Partition, Topic } from './topics.js'

const NONE = 0
const UNKNOWN_TOPIC_OR_PARTITION = 3
const NOT_LEADER_FOR_PARTITION = 6
const INVALID_TOPIC_EXCEPTION = 17
const INVALID_REQUIRED_ACKS = 21
const UNKNOWN_TOPIC_ID = 100

const MAGIC_2 = 2
const INTERNAL_TOPIC = '__consumer_offsets'

/** Records on their way to a partition. */
export interface Incoming {
  /** Null for an id that no topic has. */
  readonly topic: string | null
  readonly index: number
  readonly records: Buffer
  readonly acks: number
  readonly transactionalId: string | null
}

export async function store(incoming: Incoming, call: Call): Promise<StoredPartition> {
  const { topic, index, acks } = incoming
  const refused = (
    errorCode: number,
    reason: string,
    more: Partial<StoredPartition> = {},
  ): StoredPartition => {
    call.onRefused(topic ?? '', index, errorCode, reason)
    return { errorCode, baseOffset: -1n, ...more }
  }
  if (topic === null) return refused(UNKNOWN_TOPIC_ID, 'no topic has this id')
  const forced = faultCodeOf(call, topic, index)
  if (forced !== undefined) return refused(forced, 'a fault')
  if (call.era.onOtherAcks === 'refuse' && (acks < -1 || acks > 1))
    return refused(INVALID_REQUIRED_ACKS, `acks ${acks}`)
  const found = call.topics.find(topic)
  if (topic === INTERNAL_TOPIC && (found || call.era.refusesInternalTopic === 'always'))
    return refused(INVALID_TOPIC_EXCEPTION, 'a topic of Kafka itself')
  const partition = found?.partitions[index]
  if (!found || !partition) return refused(UNKNOWN_TOPIC_OR_PARTITION, 'no such partition')
  const { leader, leaderEpoch } = partition
  if (leader !== call.brokerId) {
    const currentLeader = leader === null ? undefined : { leaderId: leader, leaderEpoch }
    const reason = `the leader is ${leader ?? 'nobody'}`
    return refused(NOT_LEADER_FOR_PARTITION, reason, currentLeader && { currentLeader })
  }
  // The request's buffer is shared with other partitions; a log keeps its own bytes.
  const own = Buffer.from(incoming.records)
  const checked = await check(own, found, call)
  if (checked instanceof RefusedRecords)
    return refused(refusalCodes[checked.error], checked.reason, blamed(checked))
  const written = { topic, partition, checked, transactionalId: incoming.transactionalId }
  const numbered = checkProducer(written, call)
  if (numbered.kind === 'refused') {
    const { code, reason, logStartOffset } = numbered
    return refused(code, reason, logStartOffset === undefined ? {} : { logStartOffset })
  }
  if (numbered.kind === 'duplicate') return numbered.stored
  return append(own, checked, found, partition, call)
}

async function check(
  records: Buffer,
  { maxMessageBytes, cleanupPolicy }: Topic,
  { era, version }: Call,
): Promise<CheckedRecords | RefusedRecords> {
  const { lastCodecId, onInvalidRecord, convertsTo, wantsKeysToCompact } = era
  const mustHaveKeys = wantsKeysToCompact && cleanupPolicy === 'compact'
  const limits: RecordLimits = { maxMessageBytes, lastCodecId, mustHaveKeys, onInvalidRecord, convertsTo }
  if (magicOf(version) < MAGIC_2) return checkSet(records, limits)
  if (isOneBatch(records)) return checkBatch(records, version, limits)
  return new RefusedRecords('INVALID_FORMAT', `not the one record batch that Produce v${version} carries`)
}

/** Brokers that look at single records tell where their log starts, and which are to blame. */
function blamed({ error, reason, recordIndexes }: RefusedRecords): Partial<StoredPartition> {
  return {
    ...(error === 'INVALID_RECORD' && { logStartOffset: 0n }),
    ...(recordIndexes.length > 0 && { errorMessage: reason }),
    recordErrors: recordIndexes.map((batchIndex) => ({ batchIndex, message: reason })),
  }
}

function append(
  records: Buffer,
  checked: CheckedRecords,
  { name, timestampType }: Topic,
  { id, log }: Partition,
  { onStored, era }: Call,
): StoredPartition {
  const appendTimeMs = timestampType === 'LogAppendTime' ? Date.now() : null
  const baseOffset = log.append(records, checked, appendTimeMs, era)
  if (baseOffset >= 0n) onStored(name, id, baseOffset)
  return { errorCode: NONE, baseOffset, logAppendTimeMs: BigInt(appendTimeMs ?? -1), logStartOffset: 0n }
}
