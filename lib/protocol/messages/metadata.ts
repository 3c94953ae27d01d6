/**
 * Metadata (key 3), v0 to v13: where the partitions of topics live. Naming a topic that does not exist makes brokers
 * with automatic creation create it; the first answer is then LEADER_NOT_AVAILABLE without partitions.
 *
 * @see docs/reference/wire-protocol.md#metadata
 */
import { defineApi } from '../api.js'
import { between, type Struct, since, struct } from '../schema.js'
import {
  array,
  boolean,
  int16,
  int32,
  nullableArray,
  nullableString,
  nullableStringFrom,
  string,
  uuid,
} from '../types.js'
import { NO_TOPIC_ID } from './topic-id.js'

/** What brokers answer for operations that were not asked for. */
const NOT_REQUESTED = -2147483648

const request = struct({
  // v0: empty means all topics; later null does, and empty means none. A producer asks for neither.
  topics: nullableArray(
    struct({
      topicId: since(10, uuid, NO_TOPIC_ID), // zeros when asking by name
      name: nullableStringFrom(10),
    }),
  ),
  allowAutoTopicCreation: since(4, boolean, true),
  includeClusterAuthorizedOperations: between(8, 10, boolean, false),
  includeTopicAuthorizedOperations: since(8, boolean, false),
})

const response = struct({
  throttleTimeMs: since(3, int32, 0),
  // 0.8.0 and 0.8.1 name only the brokers that host one of the partitions answered for
  brokers: array(
    struct({
      nodeId: int32,
      host: string,
      port: int32,
      rack: since(1, nullableString, null),
    }),
  ),
  clusterId: since(2, nullableString, null),
  controllerId: since(1, int32, -1),
  topics: array(
    struct({
      errorCode: int16,
      name: nullableStringFrom(12),
      topicId: since(10, uuid, NO_TOPIC_ID),
      isInternal: since(1, boolean, false),
      partitions: array(
        struct({
          errorCode: int16, // 9 REPLICA_NOT_AVAILABLE comes with a usable leader
          index: int32,
          leaderId: int32, // −1 none
          leaderEpoch: since(7, int32, -1),
          replicas: array(int32),
          isr: array(int32),
          offlineReplicas: since(5, array(int32), []),
        }),
      ),
      topicAuthorizedOperations: since(8, int32, NOT_REQUESTED),
    }),
  ),
  clusterAuthorizedOperations: between(8, 10, int32, NOT_REQUESTED),
  errorCode: since(13, int16, 0), // 129 REBOOTSTRAP_REQUIRED: start again from the bootstrap list
})

export type MetadataRequest = Struct<(typeof request)['fields']>
export type MetadataResponse = Struct<(typeof response)['fields']>

export const metadata = defineApi<MetadataRequest, MetadataResponse>({
  key: 3,
  name: 'Metadata',
  versions: [0, 13],
  flexibleFrom: 9,
  throttledByClientFrom: 6,
  request,
  response,
})

/** Asks for these topics, at least one, which brokers that create topics automatically then create. */
export function metadataRequest(topics: readonly string[]): MetadataRequest {
  return {
    topics: topics.map((name) => ({ topicId: NO_TOPIC_ID, name })),
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  }
}
