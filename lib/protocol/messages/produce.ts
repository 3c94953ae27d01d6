/**
 * Produce (key 0), v0 to v13: store messages. With acks 0 the broker sends no response at all; on an error it closes
 * the connection instead.
 *
 * v0 and v1 carry message sets of magic 0, v2 of magic 1, v3 and later exactly one record batch (magic 2). v7 allows
 * zstd. v13 names topics by id. Brokers from 4.0 on list v0 to v2 and close the connection on them (KAFKA-18659).
 *
 * @see docs/reference/wire-protocol.md#produce
 */
import { defineApi } from '../api.js'
import { type Struct, since, struct, tagged, until } from '../schema.js'
import { array, int16, int32, int64, nullableString, records, string, uuid } from '../types.js'
import { NO_TOPIC_ID } from './topic-id.js'

const request = struct({
  transactionalId: since(3, nullableString, null),
  acks: int16, // 0 none, 1 leader, −1 all in-sync replicas
  timeoutMs: int32, // how long the leader may wait for replicas, acks −1 only
  topics: array(
    struct({
      name: until(12, string, ''),
      topicId: since(13, uuid, NO_TOPIC_ID),
      partitions: array(
        struct({
          index: int32,
          records,
        }),
      ),
    }),
  ),
})

const currentLeader = struct({
  leaderId: int32,
  leaderEpoch: int32,
})

const nodeEndpoint = struct({
  nodeId: int32,
  host: string,
  port: int32,
  rack: nullableString,
})

const response = struct({
  topics: array(
    struct({
      name: until(12, string, ''),
      topicId: since(13, uuid, NO_TOPIC_ID),
      partitions: array(
        struct({
          index: int32,
          errorCode: int16,
          baseOffset: int64, // of the first message; −1 on error
          logAppendTimeMs: since(2, int64, -1n), // −1 where the messages keep their own timestamps
          logStartOffset: since(5, int64, -1n),
          recordErrors: since(8, array(struct({ batchIndex: int32, message: nullableString })), []),
          errorMessage: since(8, nullableString, null),
          currentLeader: tagged(0, 10, currentLeader, { leaderId: -1, leaderEpoch: -1 }),
        }),
      ),
    }),
  ),
  throttleTimeMs: since(1, int32, 0),
  nodeEndpoints: tagged(0, 10, array(nodeEndpoint), []),
})

export type ProduceRequest = Struct<(typeof request)['fields']>
export type ProduceResponse = Struct<(typeof response)['fields']>

export const produce = defineApi<ProduceRequest, ProduceResponse>({
  key: 0,
  name: 'Produce',
  versions: [0, 13],
  flexibleFrom: 9,
  // From here on the broker answers at once and the client holds back (KIP-219).
  throttledByClientFrom: 6,
  request,
  response,
})
