/**
 * InitProducerId (key 22), v0 to v5: a producer id and epoch, for a transactional id or, with null, for idempotence alone.
 *
 * v2 is the first flexible one, v3 names the present id and epoch so that a producer can go on after an error (KIP-360),
 * v4 may answer PRODUCER_FENCED (KIP-588), v5 TRANSACTION_ABORTABLE (KIP-890). v6, two-phase commit (KIP-939), is listed by no
 * release.
 *
 * @see docs/reference/wire-protocol.md#transactions
 */
import { defineApi } from '../api.js'
import { type Struct, since, struct } from '../schema.js'
import { int16, int32, int64, nullableString } from '../types.js'

const request = struct({
  transactionalId: nullableString,
  transactionTimeoutMs: int32, // ignored without a transactional id
  // Both −1 or neither: a mixture is refused with INVALID_REQUEST.
  producerId: since(3, int64, -1n),
  producerEpoch: since(3, int16, -1),
})

const response = struct({
  throttleTimeMs: int32,
  errorCode: int16,
  producerId: int64,
  producerEpoch: int16,
})

export type InitProducerIdRequest = Struct<(typeof request)['fields']>
export type InitProducerIdResponse = Struct<(typeof response)['fields']>

export const initProducerId = defineApi<InitProducerIdRequest, InitProducerIdResponse>({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 5],
  flexibleFrom: 2,
  throttledByClientFrom: 1,
  request,
  response,
})
