/**
 * AddPartitionsToTxn v0 to v3: partitions of a transaction, all or none. Where one does not exist it is answered
 * UNKNOWN_TOPIC_OR_PARTITION and the others OPERATION_NOT_ATTEMPTED. v4 and later are for brokers among themselves; they
 * close the connection.
 */
import {
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
  addPartitionsToTxn,
} from '../../protocol/messages/index.js'
import { codes } from '../codes.js'
import { type ApiHandler, type Call, coordinatorCode, faultCodeOf } from './api-handler.js'
import { fencedCode, withoutOmitted } from './transactional-answers.js'

type TopicAnswer = AddPartitionsToTxnResponse['topics'][number]

export const addPartitionsToTxnHandler: ApiHandler<'AddPartitionsToTxn', AddPartitionsToTxnRequest> = {
  name: 'AddPartitionsToTxn',
  api: addPartitionsToTxn,
  about: ({ transactionalId, topics }) => ({ topics, transactionalId }),
  answer: (request, call) => {
    const topics = refused(request, call) ?? all(request, added(request, call))
    return { throttleTimeMs: 0, topics: withoutOmitted(topics, call) }
  },
}

/** The answer where single partitions are refused; null where none is. */
function refused({ topics }: AddPartitionsToTxnRequest, call: Call): TopicAnswer[] | null {
  let isAny = false
  const answers = topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((index) => {
      const exists = call.topics.find(name)?.partitions[index] !== undefined
      const code = faultCodeOf(call, name, index) ?? (exists ? codes.NONE : codes.UNKNOWN_TOPIC_OR_PARTITION)
      isAny ||= code !== codes.NONE
      return { index, errorCode: code === codes.NONE ? codes.OPERATION_NOT_ATTEMPTED : code }
    }),
  }))
  return isAny ? answers : null
}

function added(request: AddPartitionsToTxnRequest, call: Call): number {
  const { transactionalId, topics } = request
  const code = coordinatorCode(call, 'transaction', transactionalId)
  if (code !== codes.NONE) return code
  const participants = topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => ({ topic: name, partition })),
  )
  return fencedCode(call.transactions.add(transactionalId, request, participants), call)
}

function all({ topics }: AddPartitionsToTxnRequest, errorCode: number): TopicAnswer[] {
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((index) => ({ index, errorCode })),
  }))
}
