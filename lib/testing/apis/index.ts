/** What the embedded broker handles: a row for each API. A broker does not know any other, though it may list it. */

import type { ApiName } from '../fault-kinds.js'
import { addOffsetsToTxnHandler } from './add-offsets-to-txn.js'
import { addPartitionsToTxnHandler } from './add-partitions-to-txn.js'
import type { ApiHandler } from './api-handler.js'
import { apiVersionsHandler } from './api-versions.js'
import { endTxnHandler } from './end-txn.js'
import { findCoordinatorHandler } from './find-coordinator.js'
import { initProducerIdHandler } from './init-producer-id.js'
import { metadataHandler } from './metadata.js'
import { produceHandler } from './produce.js'
import { saslAuthenticateHandler, saslHandshakeHandler } from './sasl.js'
import { txnOffsetCommitHandler } from './txn-offset-commit.js'

/** One whose request is read by its own codec, and whose answer is written by it. */
export type AnyHandler = ApiHandler<ApiName, unknown>

const all = [
  produceHandler,
  metadataHandler,
  apiVersionsHandler,
  saslHandshakeHandler,
  saslAuthenticateHandler,
  findCoordinatorHandler,
  initProducerIdHandler,
  addPartitionsToTxnHandler,
  addOffsetsToTxnHandler,
  txnOffsetCommitHandler,
  endTxnHandler,
]

/** API key → handler. */
export const handlers: ReadonlyMap<number, AnyHandler> = new Map(
  all.map((handler) => [handler.api.key, handler as unknown as AnyHandler]),
)
