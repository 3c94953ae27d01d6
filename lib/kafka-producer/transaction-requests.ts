/**
 * The requests of transactions: the body of each, who answers it, the versions it may have, and what goes before what.
 *
 * @see docs/reference/wire-protocol.md#transactions; Kafka's TxnRequestHandler 4.3
 */
import { NO_PRODUCER, type ProducerIdentity } from '../produce/producer-identity.js'
import type { Api } from '../protocol/api.js'
import {
  type AddPartitionsToTxnRequest,
  addOffsetsToTxn,
  addPartitionsToTxn,
  endTxn,
  findCoordinator,
  findCoordinatorRequest,
  GROUP_KEY,
  initProducerId,
  NO_TOPIC_ID,
  TRANSACTION_KEY,
  txnOffsetCommit,
} from '../protocol/messages/index.js'
import type { TransactionalResult } from './transactional-result.js'

export type RequestKind =
  | 'FindCoordinator'
  | 'InitProducerId'
  | 'AddPartitionsToTxn'
  | 'AddOffsetsToTxn'
  | 'TxnOffsetCommit'
  | 'EndTxn'

export type CoordinatorKind = 'transaction' | 'group'

/** The newest versions where the cluster does not have transaction version 2 (KIP-890). */
const LAST_END_TXN_OF_VERSION_1 = 4
const LAST_OFFSET_COMMIT_OF_VERSION_1 = 4
/** v6 names topics by ids, which nobody here knows of topics that others read. */
const LAST_OFFSET_COMMIT_BY_NAME = 5
/** v0 finds groups only. */
const FIRST_FIND_COORDINATOR_WITH_KIND = 1

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** An offset to commit with a transaction. */
export interface TransactionOffset extends TopicPartition {
  /** Of the record to read next. */
  readonly offset: bigint
  /** Default: not known. */
  readonly leaderEpoch?: number
  /** Default: an empty text. */
  readonly metadata?: string | null
}

/** The consumer group that the offsets are for. */
export interface ConsumerGroup {
  readonly groupId: string
  /** −1 where it is not known. */
  readonly generationId: number
  /** Empty where it is not known. */
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** Of whom the requests are. */
export interface Requester extends ProducerIdentity {
  readonly transactionalId: string
  /** The cluster has transaction version 2. */
  readonly isVersion2: boolean
}

/** What is to be sent. */
export interface TransactionRequest {
  readonly kind: RequestKind
  readonly api: Api<unknown, unknown>
  readonly body: unknown
  /** The newest version that may be used, and the oldest one. */
  readonly newestVersion: number
  readonly oldestVersion: number
  /** Who answers it; null for any broker. */
  readonly coordinator: CoordinatorKind | null
  /** Key of the coordinator: a transactional id or a group. */
  readonly key: string
  /** Lower goes first. */
  readonly priority: number
  /** Ends with the request; null where nobody waits for it. */
  readonly result: TransactionalResult | null
  /** What is sent when this one has succeeded. */
  readonly followedBy?: TransactionRequest
}

function request<Body, Answer>(
  api: Api<Body, Answer>,
  body: NoInfer<Body>,
  more: Pick<TransactionRequest, 'coordinator' | 'key' | 'priority' | 'result'> &
    Partial<Pick<TransactionRequest, 'newestVersion' | 'oldestVersion' | 'followedBy'>>,
): TransactionRequest {
  return {
    kind: api.name as RequestKind,
    api: api as unknown as Api<unknown, unknown>,
    body,
    newestVersion: api.maxVersion,
    oldestVersion: api.minVersion,
    ...more,
  }
}

const priorities = { findCoordinator: 0, initProducerId: 1, add: 2, endTxn: 3, raiseEpoch: 4 }
/** How many there are. */
export const PRIORITIES = 5

export function findCoordinatorFor(kind: CoordinatorKind, key: string): TransactionRequest {
  const keyType = kind === 'transaction' ? TRANSACTION_KEY : GROUP_KEY
  return request(findCoordinator, findCoordinatorRequest(keyType, key), {
    coordinator: null,
    key,
    priority: priorities.findCoordinator,
    result: null,
    oldestVersion: kind === 'transaction' ? FIRST_FIND_COORDINATOR_WITH_KIND : 0,
  })
}

/** What a producer without transactions has for a time-out: the broker ignores it. */
const NO_TIMEOUT_MS = 2147483647

/** An id for a producer without transactions, from any broker. */
export function initWithoutTransactions(): TransactionRequest {
  const body = { transactionalId: null, transactionTimeoutMs: NO_TIMEOUT_MS }
  const { producerId, epoch: producerEpoch } = NO_PRODUCER
  return request(
    initProducerId,
    { ...body, producerId, producerEpoch },
    { coordinator: null, key: '', priority: priorities.initProducerId, result: null },
  )
}

/** @param present - {@link NO_PRODUCER} at first; else it is about the next epoch, once the transaction has ended. */
export function initTransactional(
  transactionalId: string,
  transactionTimeoutMs: number,
  present: ProducerIdentity,
  result: TransactionalResult,
): TransactionRequest {
  const { producerId, epoch: producerEpoch } = present
  const isFirst = present === NO_PRODUCER
  return request(
    initProducerId,
    { transactionalId, transactionTimeoutMs, producerId, producerEpoch },
    {
      coordinator: 'transaction',
      key: transactionalId,
      priority: isFirst ? priorities.initProducerId : priorities.raiseEpoch,
      result,
    },
  )
}

export function addPartitions(
  { transactionalId, producerId, epoch }: Requester,
  partitions: readonly TopicPartition[],
): TransactionRequest {
  const topics = byTopic(partitions).map(([name, of]) => ({
    name,
    partitions: of.map((one) => one.partition),
  }))
  return request(
    addPartitionsToTxn,
    { transactionalId, producerId, producerEpoch: epoch, topics },
    { coordinator: 'transaction', key: transactionalId, priority: priorities.add, result: null },
  )
}

/** The partitions that a request of {@link addPartitions} is about. */
export function partitionsOf({ body }: TransactionRequest): TopicPartition[] {
  return (body as AddPartitionsToTxnRequest).topics.flatMap(({ name: topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}

/** @param followedBy - the offsets themselves, see {@link commitOffsets}. */
export function addOffsets(
  { transactionalId, producerId, epoch }: Requester,
  groupId: string,
  followedBy: TransactionRequest,
): TransactionRequest {
  const { result } = followedBy
  return request(
    addOffsetsToTxn,
    { transactionalId, producerId, producerEpoch: epoch, groupId },
    { coordinator: 'transaction', key: transactionalId, priority: priorities.add, result, followedBy },
  )
}

export function commitOffsets(
  { transactionalId, producerId, epoch, isVersion2 }: Requester,
  { groupId, generationId, memberId, groupInstanceId }: ConsumerGroup,
  offsets: readonly TransactionOffset[],
  result: TransactionalResult | null,
): TransactionRequest {
  const topics = byTopic(offsets).map(([name, of]) => ({
    name,
    topicId: NO_TOPIC_ID,
    partitions: of.map(({ partition, offset, leaderEpoch = -1, metadata = '' }) => ({
      index: partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch,
      committedMetadata: metadata,
    })),
  }))
  const member = { generationId, memberId, groupInstanceId }
  return request(
    txnOffsetCommit,
    { transactionalId, groupId, producerId, producerEpoch: epoch, ...member, topics },
    {
      coordinator: 'group',
      key: groupId,
      priority: priorities.add,
      result,
      newestVersion: isVersion2 ? LAST_OFFSET_COMMIT_BY_NAME : LAST_OFFSET_COMMIT_OF_VERSION_1,
    },
  )
}

/** @param result - null where the call ends with another request. */
export function end(
  { transactionalId, producerId, epoch, isVersion2 }: Requester,
  isCommitted: boolean,
  result: TransactionalResult | null,
): TransactionRequest {
  return request(
    endTxn,
    { transactionalId, producerId, producerEpoch: epoch, committed: isCommitted },
    {
      coordinator: 'transaction',
      key: transactionalId,
      priority: priorities.endTxn,
      result,
      newestVersion: isVersion2 ? endTxn.maxVersion : LAST_END_TXN_OF_VERSION_1,
    },
  )
}

function byTopic<T extends TopicPartition>(partitions: readonly T[]): [topic: string, of: T[]][] {
  const found = new Map<string, T[]>()
  for (const one of partitions) {
    const others = found.get(one.topic)
    if (others) others.push(one)
    else found.set(one.topic, [one])
  }
  return [...found]
}
