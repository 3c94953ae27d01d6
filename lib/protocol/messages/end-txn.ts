/**
 * EndTxn (key 26), v0 to v5: commits or aborts a transaction.
 *
 * v2 may answer PRODUCER_FENCED (KIP-588), v3 is the first flexible one, v4 may answer TRANSACTION_ABORTABLE, v5 answers the
 * producer id and epoch of the next transaction and may be used where the cluster has transaction version 2 (KIP-890).
 *
 * @see docs/reference/wire-protocol.md#transactions
 */
import { defineApi } from '../api.js'
import { type Struct, since, struct } from '../schema.js'
import { boolean, int16, int32, int64, string } from '../types.js'

const request = struct({
  transactionalId: string,
  producerId: int64,
  producerEpoch: int16,
  committed: boolean,
})

const response = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  producerId: since(5, int64, -1n),
  producerEpoch: since(5, int16, -1),
})

export type EndTxnRequest = Struct<(typeof request)['fields']>
export type EndTxnResponse = Struct<(typeof response)['fields']>

export const endTxn = defineApi<EndTxnRequest, EndTxnResponse>({
  key: 26,
  name: 'EndTxn',
  versions: [0, 5],
  flexibleFrom: 3,
  throttledByClientFrom: 1,
  request,
  response,
})
