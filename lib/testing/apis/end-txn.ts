/**
 * EndTxn v0 to v5: commits or aborts, markers and all, before it answers. v5 raises the epoch and answers it (KIP-890).
 */
import { type EndTxnRequest, endTxn } from '../../protocol/messages/index.js'
import { withDefaults } from '../../protocol/with-defaults.js'
import { codes } from '../codes.js'
import type { Decision } from '../transaction-state.js'
import { type ApiHandler, type Call, coordinatorCode, faultCode } from './api-handler.js'
import { fencedCode } from './transactional-answers.js'

const FIRST_VERSION_THAT_RAISES = 5

export const endTxnHandler: ApiHandler<'EndTxn', EndTxnRequest> = {
  name: 'EndTxn',
  api: endTxn,
  about: ({ transactionalId, committed }) => ({ topics: [], transactionalId, committed }),
  answer: (request, call) => {
    const forced = faultCode(call)
    if (forced !== undefined)
      return withDefaults(endTxn.tables.response, { throttleTimeMs: 0, errorCode: forced })
    const { code, identity } = ended(request, call)
    return withDefaults(endTxn.tables.response, {
      throttleTimeMs: 0,
      errorCode: fencedCode(code, call),
      ...(call.version >= FIRST_VERSION_THAT_RAISES && identity),
    })
  },
}

function ended(request: EndTxnRequest, call: Call): Decision {
  const { transactionalId, committed } = request
  const code = coordinatorCode(call, 'transaction', transactionalId)
  if (code !== codes.NONE) return { code }
  const raises = call.version >= FIRST_VERSION_THAT_RAISES
  return call.transactions.end(transactionalId, request, committed ? 'COMMIT' : 'ABORT', raises)
}
