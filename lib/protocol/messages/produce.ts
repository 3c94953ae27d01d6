/**
 * Produce (key 0), v0: store messages. With acks 0 the broker sends no response at all; on an error it closes the
 * connection instead.
 */
import { defineApi } from '../api.js'
import { type Struct, struct } from '../schema.js'
import { array, int16, int32, int64, records, string } from '../types.js'

const request = struct({
  acks: int16, // 0 none, 1 leader, −1 all in-sync replicas
  timeoutMs: int32, // how long the leader may wait for replicas, acks −1 only
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          index: int32,
          records, // a message set (magic 0)
        }),
      ),
    }),
  ),
})

const response = struct({
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          index: int32,
          errorCode: int16,
          baseOffset: int64, // of the first message; −1 on error
        }),
      ),
    }),
  ),
})

export type ProduceRequest = Struct<(typeof request)['fields']>
export type ProduceResponse = Struct<(typeof response)['fields']>

export const produce = defineApi<ProduceRequest, ProduceResponse>({
  key: 0,
  name: 'Produce',
  versions: [0, 0],
  request,
  response,
})
