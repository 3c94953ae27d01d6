/**
 * InitProducerId v0 to v5: a producer id for idempotence from any broker, for a transactional id from its coordinator. A
 * transaction that is left open is aborted, and the producer answered CONCURRENT_TRANSACTIONS this once.
 */
import {
  type InitProducerIdRequest,
  type InitProducerIdResponse,
  initProducerId,
} from '../../protocol/messages/index.js'
import { withDefaults } from '../../protocol/with-defaults.js'
import { codes } from '../codes.js'
import type { Decision, ProducerIdentity } from '../transaction-state.js'
import { type ApiHandler, type Call, coordinatorCode, faultCode } from './api-handler.js'

const FIRST_VERSION_WITH_FENCED = 4
const NOBODY: ProducerIdentity = { producerId: -1n, producerEpoch: -1 }

export const initProducerIdHandler: ApiHandler<'InitProducerId', InitProducerIdRequest> = {
  name: 'InitProducerId',
  api: initProducerId,
  about: ({ transactionalId }) => ({ topics: [], ...(transactionalId !== null && { transactionalId }) }),
  answer: (request, call) => {
    const forced = faultCode(call)
    if (forced !== undefined) return answer(forced)
    const { code, identity } = decided(request, call)
    const isFenced = code === codes.PRODUCER_FENCED && call.version < FIRST_VERSION_WITH_FENCED
    return answer(isFenced ? codes.INVALID_PRODUCER_EPOCH : code, identity)
  },
}

function decided(request: InitProducerIdRequest, call: Call): Decision {
  const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request
  if ((producerId === NOBODY.producerId) !== (producerEpoch === NOBODY.producerEpoch))
    return { code: codes.INVALID_REQUEST }
  if (transactionalId === null) {
    const identity = { producerId: call.transactions.newProducerId(), producerEpoch: 0 }
    return { code: codes.NONE, identity }
  }
  if (transactionalId === '') return { code: codes.INVALID_REQUEST }
  const code = coordinatorCode(call, 'transaction', transactionalId)
  if (code !== codes.NONE) return { code }
  const expected = producerId === NOBODY.producerId ? null : { producerId, producerEpoch }
  return call.transactions.initialize(transactionalId, expected, transactionTimeoutMs)
}

function answer(errorCode: number, identity: ProducerIdentity = NOBODY): InitProducerIdResponse {
  return withDefaults(initProducerId.tables.response, { throttleTimeMs: 0, errorCode, ...identity })
}
