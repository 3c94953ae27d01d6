/**
 * AddPartitionsToTxn (key 24), v0 to v3: names the partitions that a transaction is going to write to, before it does. Not
 * used where the cluster has transaction version 2 (KIP-890): there the produce requests say so.
 *
 * v2 may answer PRODUCER_FENCED (KIP-588), v3 is the first flexible one. v4 and later exist and are left out on purpose:
 * brokers ask each other with them, and refuse them from clients that may not act on the cluster.
 *
 * @see docs/reference/wire-protocol.md#transactions
 */
import { defineApi } from '../api.js'
import { type Struct, struct } from '../schema.js'
import { array, int16, int32, int64, string } from '../types.js'

const request = struct({
  transactionalId: string,
  producerId: int64,
  producerEpoch: int16,
  topics: array(
    struct({
      name: string,
      partitions: array(int32),
    }),
  ),
})

const response = struct({
  throttleTimeMs: int32,
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          index: int32,
          errorCode: int16, // one partition's error leaves the others at 55 OPERATION_NOT_ATTEMPTED
        }),
      ),
    }),
  ),
})

export type AddPartitionsToTxnRequest = Struct<(typeof request)['fields']>
export type AddPartitionsToTxnResponse = Struct<(typeof response)['fields']>

export const addPartitionsToTxn = defineApi<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse>({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [0, 3],
  flexibleFrom: 3,
  throttledByClientFrom: 1,
  request,
  response,
})
