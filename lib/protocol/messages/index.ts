/** The registry: API key → its tables. */
import type { Api } from '../api.js'
import { addOffsetsToTxn } from './add-offsets-to-txn.js'
import { addPartitionsToTxn } from './add-partitions-to-txn.js'
import { apiVersions } from './api-versions.js'
import { endTxn } from './end-txn.js'
import { findCoordinator } from './find-coordinator.js'
import { initProducerId } from './init-producer-id.js'
import { metadata } from './metadata.js'
import { produce } from './produce.js'
import { saslAuthenticate } from './sasl-authenticate.js'
import { saslHandshake } from './sasl-handshake.js'
import { txnOffsetCommit } from './txn-offset-commit.js'

export {
  type AddOffsetsToTxnRequest,
  type AddOffsetsToTxnResponse,
  addOffsetsToTxn,
} from './add-offsets-to-txn.js'
export {
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
  addPartitionsToTxn,
} from './add-partitions-to-txn.js'
export { type ApiVersionsRequest, type ApiVersionsResponse, apiVersions } from './api-versions.js'
export { type EndTxnRequest, type EndTxnResponse, endTxn } from './end-txn.js'
export {
  coordinatorOf,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
  type FoundCoordinator,
  findCoordinator,
  findCoordinatorRequest,
  GROUP_KEY,
  TRANSACTION_KEY,
} from './find-coordinator.js'
export {
  type InitProducerIdRequest,
  type InitProducerIdResponse,
  initProducerId,
} from './init-producer-id.js'
export { type MetadataRequest, type MetadataResponse, metadata, metadataRequest } from './metadata.js'
export { type ProduceRequest, type ProduceResponse, produce } from './produce.js'
export {
  type SaslAuthenticateRequest,
  type SaslAuthenticateResponse,
  saslAuthenticate,
} from './sasl-authenticate.js'
export {
  type SaslHandshakeRequest,
  type SaslHandshakeResponse,
  saslHandshake,
} from './sasl-handshake.js'
export { hasTopicId, NO_TOPIC_ID, topicIdText } from './topic-id.js'
export {
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
  txnOffsetCommit,
} from './txn-offset-commit.js'

const all = [
  produce,
  metadata,
  findCoordinator,
  saslHandshake,
  apiVersions,
  saslAuthenticate,
  initProducerId,
  addPartitionsToTxn,
  addOffsetsToTxn,
  endTxn,
  txnOffsetCommit,
]

export const apis: ReadonlyMap<number, Api<unknown, unknown>> = new Map(
  all.map((api) => [api.key, api as Api<unknown, unknown>]),
)
