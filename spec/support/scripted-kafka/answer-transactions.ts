/** How a broker answers the requests about producer ids and transactions. Synchronous, no I/O. */
import { type Surroundings, throttleOf } from './answer-metadata.js'
import type { CoordinatorKind } from './cluster-state.js'
import { type ErrorName, errorCodes } from './error-codes.js'
import type { DecodedRequest } from './frames.js'
import { errorFor, errorOf } from './rule-book.js'
import type { Struct } from './schema.js'
import type { ProducerIdentity } from './transactions.js'

const NO_COORDINATOR = { nodeId: -1, host: '', port: -1 }
const TRANSACTION_KEY_TYPE = 1
/** Versions of EndTxn and TxnOffsetCommit from which a client speaks transaction version 2. */
const FIRST_OF_TV2 = 5

export function answerFindCoordinator({ version, body }: DecodedRequest, around: Surroundings): Struct {
  const kind: CoordinatorKind = body.keyType === TRANSACTION_KEY_TYPE ? 'txn' : 'group'
  const keys = version >= 4 ? (body.coordinatorKeys as string[]) : [body.key as string]
  const error = errorOf(around.rules) ?? 'NONE'
  const coordinators = keys.map((key) => {
    const nodeId = around.state.coordinator(kind, key)
    const place = error === 'NONE' ? { nodeId, ...around.endpoint(nodeId) } : NO_COORDINATOR
    return { key, ...place, errorCode: errorCodes[error], errorMessage: null }
  })
  return { throttleTimeMs: throttleOf(around.rules), ...coordinators[0]!, coordinators }
}

export function answerInitProducerId({ version, body }: DecodedRequest, around: Surroundings): Struct {
  const transactionalId = body.transactionalId as string | null
  const { producerId = -1, producerEpoch = -1 } = body as unknown as ProducerIdentity
  const refused =
    errorOf(around.rules) ??
    (transactionalId === null ? undefined : misplaced('txn', transactionalId, around))
  const fenced = version >= 4 ? 'PRODUCER_FENCED' : 'INVALID_PRODUCER_EPOCH'
  const { error, ...identity } =
    refused === undefined
      ? around.transactions.initProducerId(transactionalId, { producerId, producerEpoch }, fenced)
      : { error: refused, producerId: -1, producerEpoch: -1 }
  return { throttleTimeMs: throttleOf(around.rules), errorCode: errorCodes[error], ...identity }
}

export function answerAddPartitions({ version, body }: DecodedRequest, around: Surroundings): Struct {
  const throttleTimeMs = throttleOf(around.rules)
  if (version < 4) {
    const { v3AndBelowTransactionalId, v3AndBelowProducerId, v3AndBelowProducerEpoch } = body
    const transaction = {
      transactionalId: v3AndBelowTransactionalId,
      producerId: v3AndBelowProducerId,
      producerEpoch: v3AndBelowProducerEpoch,
      topics: body.v3AndBelowTopics,
    } as Struct
    return { throttleTimeMs, resultsByTopicV3AndBelow: addAll(transaction, version, around) }
  }
  const results = (body.transactions as Struct[]).map((transaction) => ({
    transactionalId: transaction.transactionalId!,
    topicResults: addAll(transaction, version, around),
  }))
  return { throttleTimeMs, errorCode: 0, resultsByTransaction: results }
}

/** All partitions of one transaction, or none: then the others were not attempted. */
function addAll(transaction: Struct, version: number, around: Surroundings): Struct[] {
  const id = transaction.transactionalId as string
  const topics = transaction.topics as Struct[]
  const parts = topics.flatMap(({ name, partitions }) =>
    (partitions as number[]).map((partition) => ({ topic: name as string, partition })),
  )
  const refused = misplaced('txn', id, around)
  const errors = new Map(
    parts.map((part) => {
      const isKnown = around.state.partition(part.topic, part.partition) !== undefined
      const unknown = isKnown ? undefined : ('UNKNOWN_TOPIC_OR_PARTITION' as const)
      return [nameOf(part), errorFor(around.rules, part) ?? refused ?? unknown]
    }),
  )
  const isRefused = [...errors.values()].some((error) => error !== undefined)
  const identity = transaction as unknown as ProducerIdentity
  const add = (name: string) => around.transactions.addPartition(id, identity, name, fencedIn(version))
  return topics.map(({ name, partitions }) => ({
    name: name!,
    resultsByPartition: (partitions as number[]).map((partition) => {
      const part = nameOf({ topic: name as string, partition })
      const error = errors.get(part) ?? (isRefused ? 'OPERATION_NOT_ATTEMPTED' : add(part))
      return { partitionIndex: partition, partitionErrorCode: errorCodes[error] }
    }),
  }))
}

export function answerAddOffsets({ version, body }: DecodedRequest, around: Surroundings): Struct {
  const { transactionalId, groupId } = body as unknown as { transactionalId: string; groupId: string }
  const identity = body as unknown as ProducerIdentity
  const error =
    errorOf(around.rules) ??
    misplaced('txn', transactionalId, around) ??
    around.transactions.addGroup(transactionalId, identity, groupId, fencedIn(version))
  return { throttleTimeMs: throttleOf(around.rules), errorCode: errorCodes[error] }
}

export function answerTxnOffsetCommit({ version, body }: DecodedRequest, around: Surroundings): Struct {
  const { transactionalId, groupId } = body as unknown as { transactionalId: string; groupId: string }
  const topics = body.topics as Struct[]
  const offsets = new Map(
    topics.flatMap(({ name, partitions }) =>
      (partitions as Struct[]).map(({ partitionIndex, committedOffset }) => [
        nameOf({ topic: name as string, partition: partitionIndex as number }),
        committedOffset as number,
      ]),
    ),
  )
  const identity = body as unknown as ProducerIdentity
  const mayAdd = around.state.isTransactionVersion2 && version >= FIRST_OF_TV2
  const isRuled = topics.some(({ name }) => errorFor(around.rules, { topic: name as string }) !== undefined)
  const error =
    misplaced('group', groupId, around) ??
    (isRuled
      ? 'NONE'
      : around.transactions.commitOffsets(transactionalId, identity, groupId, offsets, mayAdd))
  return {
    throttleTimeMs: throttleOf(around.rules),
    topics: topics.map(({ name, partitions }) => ({
      name: name!,
      partitions: (partitions as Struct[]).map(({ partitionIndex }) => {
        const part = { topic: name as string, partition: partitionIndex as number }
        return {
          partitionIndex: partitionIndex!,
          errorCode: errorCodes[errorFor(around.rules, part) ?? error],
        }
      }),
    })),
  }
}

export function answerEndTxn({ version, body }: DecodedRequest, around: Surroundings): Struct {
  const id = body.transactionalId as string
  const refused = errorOf(around.rules) ?? misplaced('txn', id, around)
  const raises = around.state.isTransactionVersion2 && version >= FIRST_OF_TV2
  const identity = body as unknown as ProducerIdentity
  const { error, producerId, producerEpoch } =
    refused === undefined
      ? around.transactions.end(id, identity, body.committed === true, raises, fencedIn(version))
      : { error: refused, producerId: -1, producerEpoch: -1 }
  const next = raises ? { producerId, producerEpoch } : { producerId: -1, producerEpoch: -1 }
  return { throttleTimeMs: throttleOf(around.rules), errorCode: errorCodes[error], ...next }
}

/** The coordinators of old versions knew only one error for a producer that was taken over. */
function fencedIn(version: number): ErrorName {
  return version >= 2 ? 'PRODUCER_FENCED' : 'INVALID_PRODUCER_EPOCH'
}

function misplaced(kind: CoordinatorKind, id: string, around: Surroundings): ErrorName | undefined {
  return around.state.coordinator(kind, id) === around.broker ? undefined : 'NOT_COORDINATOR'
}

function nameOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`
}
