/**
 * What an error code means in the answer to each request of transactions (*policy*): one table. And which codes an answer has.
 *
 * @see Kafka's TransactionManager 4.3, KIP-360, KIP-588, KIP-890
 */
import { errorCode } from '../protocol/error-code.js'
import { coordinatorOf, type FindCoordinatorResponse } from '../protocol/messages/index.js'
import type { RequestKind, TransactionRequest } from './transaction-requests.js'

export type Step =
  | 'done'
  /** The same request again, after a pause. */
  | 'retry'
  /** The same, after another FindCoordinator. */
  | 'findCoordinator'
  /** The transaction has to be aborted. */
  | 'abortable'
  /** The same if the coordinator raises epochs (InitProducerId v3), else it is fatal. */
  | 'abortableWithNewEpoch'
  /** The group has moved on: abort. */
  | 'commitFailed'
  /** The call fails, and may be made again. */
  | 'uninitialize'
  /** Another producer has the transactional id. */
  | 'fenced'
  | 'fatal'

type Steps = Readonly<Record<number, Step>>

const NONE = 0
const UNKNOWN_SERVER_ERROR = -1
const OPERATION_NOT_ATTEMPTED = 55

/** Of the four requests that the coordinator of the transaction answers. */
const ofCoordinator: Steps = {
  [NONE]: 'done',
  15: 'findCoordinator', // COORDINATOR_NOT_AVAILABLE
  16: 'findCoordinator', // NOT_COORDINATOR
  47: 'fenced', // INVALID_PRODUCER_EPOCH
  48: 'fatal', // INVALID_TXN_STATE
  49: 'fatal', // INVALID_PRODUCER_ID_MAPPING
  53: 'fatal', // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  59: 'abortableWithNewEpoch', // UNKNOWN_PRODUCER_ID
  90: 'fenced', // PRODUCER_FENCED
  120: 'abortable', // TRANSACTION_ABORTABLE
}

const stepsByRequest: Readonly<Record<RequestKind, Steps>> = {
  FindCoordinator: {
    [NONE]: 'done',
    30: 'abortable', // GROUP_AUTHORIZATION_FAILED
    120: 'abortable',
  },
  InitProducerId: {
    ...ofCoordinator,
    31: 'uninitialize', // CLUSTER_AUTHORIZATION_FAILED
    53: 'uninitialize',
    59: 'fatal',
  },
  AddPartitionsToTxn: {
    ...ofCoordinator,
    29: 'abortable', // TOPIC_AUTHORIZATION_FAILED
    55: 'abortable', // OPERATION_NOT_ATTEMPTED, beside the partition that was refused
  },
  AddOffsetsToTxn: {
    ...ofCoordinator,
    30: 'abortable',
  },
  TxnOffsetCommit: {
    ...ofCoordinator,
    7: 'findCoordinator', // REQUEST_TIMED_OUT
    22: 'commitFailed', // ILLEGAL_GENERATION
    25: 'commitFailed', // UNKNOWN_MEMBER_ID
    30: 'abortable',
    69: 'commitFailed', // GROUP_ID_NOT_FOUND
    82: 'abortable', // FENCED_INSTANCE_ID
    113: 'commitFailed', // STALE_MEMBER_EPOCH
  },
  EndTxn: ofCoordinator,
}

/** Codes that the table does not have are retried where Kafka calls them retriable; else they end the producer. */
export function stepFor(request: RequestKind, code: number): Step {
  const step = stepsByRequest[request][code]
  if (step) return step
  if (errorCode(code).retriable) return 'retry'
  return request === 'AddPartitionsToTxn' ? 'abortable' : 'fatal'
}

/** Most serious first: an answer about several partitions means what is most serious in it. */
const bySeriousness: readonly Step[] = [
  'fenced',
  'fatal',
  'uninitialize',
  'abortableWithNewEpoch',
  'commitFailed',
  'abortable',
  'findCoordinator',
  'retry',
  'done',
]

/** The code that counts of an answer about several partitions, and what it means; `done` where there is no code. */
export function stepForAll(request: RequestKind, codes: readonly number[]): { step: Step; code: number } {
  let most: { step: Step; code: number } = { step: 'done', code: NONE }
  for (const code of codes) {
    const step = stepFor(request, code)
    // Says only that another partition was refused.
    const isOther = most.code === OPERATION_NOT_ATTEMPTED && step === most.step
    if (isOther || isMoreSerious(step, most.step)) most = { step, code }
  }
  return most
}

function isMoreSerious(a: Step, b: Step): boolean {
  return bySeriousness.indexOf(a) < bySeriousness.indexOf(b)
}

/** What requests and answers about partitions have in common. */
interface OfPartitions {
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly { readonly index: number; readonly errorCode: number }[]
  }[]
}

interface AskedOf {
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly (number | { readonly index: number })[]
  }[]
}

/** A code for each part of the request. A part that has no answer has UNKNOWN_SERVER_ERROR. */
export function codesIn(request: TransactionRequest, version: number, response: unknown): number[] {
  switch (request.kind) {
    case 'FindCoordinator': {
      const found = coordinatorOf(response as FindCoordinatorResponse, version, request.key)
      return [found?.errorCode ?? UNKNOWN_SERVER_ERROR]
    }
    case 'AddPartitionsToTxn':
    case 'TxnOffsetCommit': {
      const codeOf = codeByPartition(response as OfPartitions)
      return (request.body as AskedOf).topics.flatMap(({ name, partitions }) =>
        partitions.map((one) => codeOf(name, indexOf(one)) ?? UNKNOWN_SERVER_ERROR),
      )
    }
    default:
      return [(response as { readonly errorCode: number }).errorCode]
  }
}

/** The same request about those of its partitions that were not answered with success. */
export function withoutDone(request: TransactionRequest, response: unknown): TransactionRequest {
  const codeOf = codeByPartition(response as OfPartitions)
  const body = request.body as AskedOf
  const topics = body.topics.flatMap((topic) => {
    const partitions = topic.partitions.filter((one) => codeOf(topic.name, indexOf(one)) !== NONE)
    return partitions.length > 0 ? [{ ...topic, partitions }] : []
  })
  return { ...request, body: { ...body, topics } }
}

/** The names of the topics whose partitions were answered with this code. */
export function topicsWith(code: number, response: unknown): string[] {
  return (response as OfPartitions).topics
    .filter(({ partitions }) => partitions.some(({ errorCode: one }) => one === code))
    .map(({ name }) => name)
}

function indexOf(partition: number | { readonly index: number }): number {
  return typeof partition === 'number' ? partition : partition.index
}

function codeByPartition({ topics }: OfPartitions): (topic: string, index: number) => number | undefined {
  const codes = new Map(
    topics.map(({ name, partitions }) => [
      name,
      new Map(partitions.map(({ index, errorCode: code }) => [index, code])),
    ]),
  )
  return (topic, index) => codes.get(topic)?.get(index)
}
