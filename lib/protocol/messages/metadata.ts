/**
 * Metadata (key 3), v0: where the partitions of topics live. Naming a topic that does not exist makes brokers with
 * automatic creation create it; the first answer is then LEADER_NOT_AVAILABLE without partitions.
 */
import { defineApi } from '../api.js'
import { type Struct, struct } from '../schema.js'
import { array, int16, int32, string } from '../types.js'

const request = struct({
  topics: array(string), // empty means all topics, so a producer never sends it empty
})

const response = struct({
  brokers: array(
    struct({
      nodeId: int32,
      host: string,
      port: int32,
    }),
  ),
  topics: array(
    struct({
      errorCode: int16,
      name: string,
      partitions: array(
        struct({
          errorCode: int16, // 9 REPLICA_NOT_AVAILABLE comes with a usable leader
          index: int32,
          leaderId: int32, // −1 none
          replicas: array(int32),
          isr: array(int32),
        }),
      ),
    }),
  ),
})

export type MetadataRequest = Struct<(typeof request)['fields']>
export type MetadataResponse = Struct<(typeof response)['fields']>

export const metadata = defineApi<MetadataRequest, MetadataResponse>({
  key: 3,
  name: 'Metadata',
  versions: [0, 0],
  request,
  response,
})
