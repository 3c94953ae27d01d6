/**
 * AddOffsetsToTxn (key 25), v0 to v4: says that a transaction is going to commit offsets of a group. Not used where the
 * cluster has transaction version 2 (KIP-890): there TxnOffsetCommit says so.
 *
 * v2 may answer PRODUCER_FENCED (KIP-588), v3 is the first flexible one, v4 may answer TRANSACTION_ABORTABLE (KIP-890).
 *
 * @see docs/reference/wire-protocol.md#transactions
 */
import { defineApi } from '../api.js'
import { type Struct, struct } from '../schema.js'
import { int16, int32, int64, string } from '../types.js'

const request = struct({
  transactionalId: string,
  producerId: int64,
  producerEpoch: int16,
  groupId: string,
})

const response = struct({
  throttleTimeMs: int32,
  errorCode: int16,
})

export type AddOffsetsToTxnRequest = Struct<(typeof request)['fields']>
export type AddOffsetsToTxnResponse = Struct<(typeof response)['fields']>

export const addOffsetsToTxn = defineApi<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse>({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [0, 4],
  flexibleFrom: 3,
  throttledByClientFrom: 1,
  request,
  response,
})
