/** How a leader answers a produce request: what rules say, what the cluster says, what the log says. No I/O. */
import { type Surroundings, throttleOf } from './answer-metadata.js'
import { decodeBatches, isTransactional } from './batches.js'
import { type ClusterState, NO_TOPIC_ID, type PartitionState } from './cluster-state.js'
import { type ErrorName, errorCodes } from './error-codes.js'
import type { DecodedRequest } from './frames.js'
import { type Appended, LOG_APPEND_TIME_MS } from './partition-log.js'
import type { SentPartition } from './recording.js'
import { type Part, ruleFor } from './rule-book.js'
import type { Struct } from './schema.js'

const FIRST_PRODUCE_OF_MAGIC_2 = 3
/** From this version on a transaction of version 2 takes in the partitions that are written to. */
const FIRST_PRODUCE_OF_TV2 = 12

/** The partitions of a produce request, in its order. */
export function sentPartitions(body: Struct, state: ClusterState): SentPartition[] {
  return (body.topicData as Struct[]).flatMap(({ name, topicId, partitionData }) =>
    (partitionData as Struct[]).map(({ index, records }) => ({
      topic: (name ?? state.topicOfId(topicId as string)?.name) as string | undefined,
      partition: index as number,
      batches: decodeBatches(records as Buffer),
    })),
  )
}

export function answerProduce(
  { version, body }: DecodedRequest,
  sent: readonly SentPartition[],
  around: Surroundings,
): Struct {
  const answered = sent.map((part) => ({ part, answer: answerPartition(part, version, body, around) }))
  const leaders = new Set(
    answered.flatMap(({ answer }) => (answer.currentLeader as Struct | undefined)?.leaderId ?? []),
  )
  const asked = body.topicData as Struct[]
  return {
    responses: asked.map(({ name = null, topicId = NO_TOPIC_ID, partitionData }) => ({
      name,
      topicId,
      partitionResponses: (partitionData as Struct[]).map(() => answered.shift()!.answer),
    })),
    throttleTimeMs: throttleOf(around.rules),
    ...(leaders.size > 0 && {
      nodeEndpoints: [...leaders]
        .filter((leader) => (leader as number) >= 0)
        .map((leader) => ({ nodeId: leader, ...around.endpoint(leader as number), rack: null })),
    }),
  }
}

function answerPartition(part: SentPartition, version: number, body: Struct, around: Surroundings): Struct {
  const ruled = part.topic === undefined ? undefined : ruleFor(around.rules, withValues(part))
  const partition = around.state.partition(part.topic ?? '', part.partition)
  const { error, offset } = outcomeOf({ part, partition, version, body, around, ruled })
  const isLogAppendTime = around.state.topics.get(part.topic ?? '')?.isLogAppendTime === true
  const hint = ruled?.rule.hint ?? (error === 'NOT_LEADER_OR_FOLLOWER' && hintOf(around.state, partition))
  return {
    index: part.partition,
    errorCode: errorCodes[error],
    baseOffset: offset,
    logAppendTimeMs: error === 'NONE' && isLogAppendTime ? LOG_APPEND_TIME_MS : -1,
    logStartOffset: ruled?.rule.logStartOffset ?? (error === 'NONE' ? 0 : -1),
    recordErrors: (ruled?.rule.recordErrors ?? []).map(({ index, message = null }) => ({
      batchIndex: index,
      batchIndexErrorMessage: message,
    })),
    errorMessage: null,
    ...(hint && { currentLeader: { ...hint } }),
  }
}

interface Attempt {
  part: SentPartition
  partition: PartitionState | undefined
  version: number
  body: Struct
  around: Surroundings
  ruled: ReturnType<typeof ruleFor>
}

/** Writes, unless a rule or the state of the cluster is against it; a rule may be against it afterwards only. */
function outcomeOf(attempt: Attempt): { error: ErrorName; offset: number } {
  const { part, partition, ruled, around } = attempt
  const ruledError = ruled?.error ?? (ruled?.rule.recordErrors && 'INVALID_RECORD')
  const found = ruledError ?? refusal(part, partition, around)
  if (found !== undefined && ruled?.rule.append !== true) return { error: found, offset: -1 }
  const written = write(attempt, partition!)
  if (found !== undefined) return { error: found, offset: -1 }
  return 'error' in written ? { ...written, offset: -1 } : { error: 'NONE', ...written }
}

function hintOf(state: ClusterState, partition: PartitionState | undefined): Struct | false {
  if (!state.hasLeaderHints || partition === undefined) return false
  return { leaderId: partition.leader, leaderEpoch: partition.leaderEpoch }
}

/** Why this broker does not write at all. */
function refusal(
  part: SentPartition,
  partition: PartitionState | undefined,
  { broker }: Surroundings,
): ErrorName | undefined {
  if (part.topic === undefined) return 'UNKNOWN_TOPIC_ID'
  if (partition === undefined) return 'UNKNOWN_TOPIC_OR_PARTITION'
  return partition.leader === broker ? partition.error : 'NOT_LEADER_OR_FOLLOWER'
}

function write({ part, version, body, around }: Attempt, partition: PartitionState): Appended {
  const { state, transactions } = around
  const magic = part.batches[0]?.magic
  if (version >= FIRST_PRODUCE_OF_MAGIC_2 !== (magic === 2)) return { error: 'INVALID_RECORD' }
  const transactional = part.batches.find(isTransactional)
  if (transactional !== undefined) {
    const name = `${part.topic}/${part.partition}`
    const mayAdd = state.isTransactionVersion2 && version >= FIRST_PRODUCE_OF_TV2
    const id = body.transactionalId as string | null
    const error = transactions.checkWrite(id, transactional.v2!, name, mayAdd)
    if (error !== 'NONE') return { error }
  }
  return partition.log.append(part.batches)
}

/** A partition as rules look at it. */
export function withValues({ topic = '', partition, batches }: SentPartition): Part {
  const values = batches.flatMap(({ records }) => records.map(({ v }) => v?.toString('utf8') ?? ''))
  return { topic, partition, values: new Set(values) }
}
