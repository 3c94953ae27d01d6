/**
 * TxnOffsetCommit (key 28), v0 to v6: offsets of a consumer group that become valid when the transaction is committed. Goes
 * to the coordinator of the group.
 *
 * v2 has the leader epoch of the last record read, v3 is flexible and names the member, so that a group that has moved on can
 * refuse (KIP-447), v4 may answer TRANSACTION_ABORTABLE, v5 may be used where the cluster has transaction version 2 and says
 * what AddOffsetsToTxn did (KIP-890), v6 names topics by id (KIP-1319).
 *
 * @see docs/reference/wire-protocol.md#transactions
 */
import { defineApi } from '../api.js'
import { type Struct, since, struct, until } from '../schema.js'
import { array, int16, int32, int64, nullableString, string, uuid } from '../types.js'
import { NO_TOPIC_ID } from './topic-id.js'

const request = struct({
  transactionalId: string,
  groupId: string,
  producerId: int64,
  producerEpoch: int16,
  generationId: since(3, int32, -1),
  memberId: since(3, string, ''),
  groupInstanceId: since(3, nullableString, null),
  topics: array(
    struct({
      name: until(5, string, ''),
      topicId: since(6, uuid, NO_TOPIC_ID),
      partitions: array(
        struct({
          index: int32,
          committedOffset: int64, // of the record to read next
          committedLeaderEpoch: since(2, int32, -1),
          committedMetadata: nullableString,
        }),
      ),
    }),
  ),
})

const response = struct({
  throttleTimeMs: int32,
  topics: array(
    struct({
      name: until(5, string, ''),
      topicId: since(6, uuid, NO_TOPIC_ID),
      partitions: array(
        struct({
          index: int32,
          errorCode: int16,
        }),
      ),
    }),
  ),
})

export type TxnOffsetCommitRequest = Struct<(typeof request)['fields']>
export type TxnOffsetCommitResponse = Struct<(typeof response)['fields']>

export const txnOffsetCommit = defineApi<TxnOffsetCommitRequest, TxnOffsetCommitResponse>({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [0, 6],
  flexibleFrom: 3,
  throttledByClientFrom: 1,
  request,
  response,
})
