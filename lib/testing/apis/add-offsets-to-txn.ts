/** AddOffsetsToTxn v0 to v4: a consumer group joins a transaction. */
import { type AddOffsetsToTxnRequest, addOffsetsToTxn } from '../../protocol/messages/index.js'
import { codes } from '../codes.js'
import { type ApiHandler, type Call, coordinatorCode, faultCode } from './api-handler.js'
import { fencedCode } from './transactional-answers.js'

export const addOffsetsToTxnHandler: ApiHandler<'AddOffsetsToTxn', AddOffsetsToTxnRequest> = {
  name: 'AddOffsetsToTxn',
  api: addOffsetsToTxn,
  about: ({ transactionalId, groupId }) => ({ topics: [], transactionalId, group: groupId }),
  answer: (request, call) => ({ throttleTimeMs: 0, errorCode: faultCode(call) ?? added(request, call) }),
}

function added(request: AddOffsetsToTxnRequest, call: Call): number {
  const { transactionalId, groupId } = request
  const code = coordinatorCode(call, 'transaction', transactionalId)
  if (code !== codes.NONE) return code
  return fencedCode(call.transactions.add(transactionalId, request, [{ group: groupId }]), call)
}
