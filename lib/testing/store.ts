/**
 * Whether one partition's records are kept: stored whole, or refused whole with the code that a broker of the era
 * answers.
 */
import { magicOf } from '../protocol/records/record-body.js'
import { checkBatch, isOneBatch } from './check-batch.js'
import { checkSet } from './check-set.js'
import { type CheckedRecords, type RecordLimits, RefusedRecords, refusalCodes } from './checked-records.js'
import type { Era } from './eras.js'
import type { ActingFault } from './faults.js'
import { numbersOf } from './producer-states.js'
import type { Partition, Topic, Topics } from './topics.js'

const NONE = 0
const UNKNOWN_TOPIC_OR_PARTITION = 3
const NOT_LEADER_FOR_PARTITION = 6
const INVALID_TOPIC_EXCEPTION = 17
const INVALID_REQUIRED_ACKS = 21
const OUT_OF_ORDER_SEQUENCE_NUMBER = 45
const INVALID_PRODUCER_EPOCH = 47
const UNKNOWN_TOPIC_ID = 100

const MAGIC_2 = 2
const INTERNAL_TOPIC = '__consumer_offsets'

export interface StoreContext {
  readonly topics: Topics
  readonly brokerId: number
  readonly era: Era
  readonly faults: readonly ActingFault[]
  onStored(topic: string, partition: number, baseOffset: bigint): void
  onRefused(topic: string, partition: number, errorCode: number, reason: string): void
}

/** Records on their way to a partition. */
export interface Incoming {
  /** Null for an id that no topic has. */
  readonly topic: string | null
  readonly index: number
  readonly records: Buffer
  /** Of the request; it says which format the records must have. */
  readonly version: number
  readonly acks: number
}

export interface StoredPartition {
  readonly errorCode: number
  readonly baseOffset: bigint
  readonly logAppendTimeMs?: bigint
  readonly logStartOffset?: bigint
  readonly errorMessage?: string
  readonly recordErrors?: { batchIndex: number; message: string }[]
  /** With NOT_LEADER_FOR_PARTITION, where somebody leads it. */
  readonly currentLeader?: { leaderId: number; leaderEpoch: number }
}

export async function store(incoming: Incoming, context: StoreContext): Promise<StoredPartition> {
  const { topic, index, acks } = incoming
  const refused = (
    errorCode: number,
    reason: string,
    more: Partial<StoredPartition> = {},
  ): StoredPartition => {
    context.onRefused(topic ?? '', index, errorCode, reason)
    return { errorCode, baseOffset: -1n, ...more }
  }
  if (topic === null) return refused(UNKNOWN_TOPIC_ID, 'no topic has this id')
  for (const { fault, fits } of context.faults) {
    if (fault.kind === 'errorCode' && fits(topic, index)) return refused(fault.code, 'a fault')
  }
  if (context.era.onOtherAcks === 'refuse' && (acks < -1 || acks > 1))
    return refused(INVALID_REQUIRED_ACKS, `acks ${acks}`)
  const found = context.topics.find(topic)
  if (topic === INTERNAL_TOPIC && (found || context.era.refusesInternalTopic === 'always'))
    return refused(INVALID_TOPIC_EXCEPTION, 'a topic of Kafka itself')
  const partition = found?.partitions[index]
  if (!found || !partition) return refused(UNKNOWN_TOPIC_OR_PARTITION, 'no such partition')
  const { leader, leaderEpoch } = partition
  if (leader !== context.brokerId) {
    const currentLeader = leader === null ? undefined : { leaderId: leader, leaderEpoch }
    const reason = `the leader is ${leader ?? 'nobody'}`
    return refused(NOT_LEADER_FOR_PARTITION, reason, currentLeader && { currentLeader })
  }
  // The request's buffer is shared with other partitions; a log keeps its own bytes.
  const own = Buffer.from(incoming.records)
  const checked = await check(own, incoming.version, found, context.era)
  if (checked instanceof RefusedRecords)
    return refused(refusalCodes[checked.error], checked.reason, blamed(checked))
  const numbers = magicOf(incoming.version) < MAGIC_2 ? null : numbersOf(own)
  const step = numbers ? partition.producers.check(numbers) : 'append'
  if (step === 'OUT_OF_ORDER') return refused(OUT_OF_ORDER_SEQUENCE_NUMBER, 'a number out of order')
  if (step === 'OLD_EPOCH') return refused(INVALID_PRODUCER_EPOCH, 'an epoch that is over')
  if (step !== 'append')
    return { errorCode: NONE, baseOffset: step, logAppendTimeMs: -1n, logStartOffset: 0n }
  const stored = append(own, checked, found, partition, context)
  if (numbers) partition.producers.stored(numbers, stored.baseOffset)
  return stored
}

async function check(
  records: Buffer,
  version: number,
  { maxMessageBytes, cleanupPolicy }: Topic,
  { lastCodecId, onInvalidRecord, convertsTo, wantsKeysToCompact }: Era,
): Promise<CheckedRecords | RefusedRecords> {
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
  { onStored }: StoreContext,
): StoredPartition {
  const appendTimeMs = timestampType === 'LogAppendTime' ? Date.now() : null
  const baseOffset = log.append(records, checked, appendTimeMs)
  if (baseOffset >= 0n) onStored(name, id, baseOffset)
  return { errorCode: NONE, baseOffset, logAppendTimeMs: BigInt(appendTimeMs ?? -1), logStartOffset: 0n }
}
