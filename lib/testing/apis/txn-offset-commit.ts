/**
 * TxnOffsetCommit v0 to v5: offsets of a consumer group that count when the transaction is committed. Members and
 * generations are taken as they are, because the embedded broker has no consumers; v5 adds the group to the transaction
 * by itself (KIP-890).
 */
import { type TxnOffsetCommitRequest, txnOffsetCommit } from '../../protocol/messages/index.js'
import { codes } from '../codes.js'
import { type ApiHandler, type Call, coordinatorCode, faultCodeOf } from './api-handler.js'
import { withoutOmitted } from './transactional-answers.js'

const FIRST_VERSION_WITH_ABORTABLE = 4
const FIRST_VERSION_THAT_ADDS = 5

export const txnOffsetCommitHandler: ApiHandler<'TxnOffsetCommit', TxnOffsetCommitRequest> = {
  name: 'TxnOffsetCommit',
  api: txnOffsetCommit,
  about: ({ transactionalId, groupId, topics }) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index }) => index),
    })),
    transactionalId,
    group: groupId,
  }),
  answer: (request, call) => {
    const code = checked(request, call)
    const topics = request.topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map((offset) => ({
        index: offset.index,
        errorCode:
          faultCodeOf(call, name, offset.index) ??
          (code === codes.NONE ? kept(request, name, offset, call) : code),
      })),
    }))
    return { throttleTimeMs: 0, topics: withoutOmitted(topics, call) }
  },
}

function checked(request: TxnOffsetCommitRequest, call: Call): number {
  const { groupId: group, transactionalId } = request
  if (group === '' && call.era.wantsNamesOfTransactions) return codes.INVALID_GROUP_ID
  const misplaced = coordinatorCode(call, 'group', group)
  if (misplaced !== codes.NONE) return misplaced
  const { transactions, groupOffsets, era, version } = call
  if (version >= FIRST_VERSION_THAT_ADDS)
    return asLogSays(transactions.add(transactionalId, request, [{ group }]), version)
  if (era.verifiesTransactions)
    return asLogSays(transactions.verify(transactionalId, request, { group }), version)
  return groupOffsets.isFenced(group, request) ? codes.INVALID_PRODUCER_EPOCH : codes.NONE
}

/** What a coordinator of transactions answers a leader, as the leader passes it on. */
function asLogSays(code: number, version: number): number {
  if (code === codes.PRODUCER_FENCED) return codes.INVALID_PRODUCER_EPOCH
  if (code === codes.TRANSACTION_ABORTABLE && version < FIRST_VERSION_WITH_ABORTABLE)
    return codes.INVALID_TXN_STATE
  return code
}

type Offset = TxnOffsetCommitRequest['topics'][number]['partitions'][number]

function kept(request: TxnOffsetCommitRequest, topic: string, offset: Offset, call: Call): number {
  const { index: partition, committedOffset, committedLeaderEpoch, committedMetadata } = offset
  if (!call.topics.find(topic)?.partitions[partition]) return codes.UNKNOWN_TOPIC_OR_PARTITION
  call.groupOffsets.add(request.groupId, request, [
    {
      topic,
      partition,
      offset: committedOffset,
      leaderEpoch: committedLeaderEpoch,
      metadata: committedMetadata,
    },
  ])
  return codes.NONE
}
