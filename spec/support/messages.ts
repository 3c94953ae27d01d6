/** Requests, answers and records for specs: what is left out has its default. */

import { ApiVersionsCache } from '../../lib/network/api-versions-cache.js'
import { BrokerVersions } from '../../lib/network/broker-versions.js'
import { filled, type Sparse } from '../../lib/protocol/filled.js'
import {
  type MetadataResponse,
  metadata,
  type ProduceRequest,
  type ProduceResponse,
  produce,
} from '../../lib/protocol/messages/index.js'
import type { RecordBody } from '../../lib/protocol/records/record-body.js'
import type { Payload } from '../../lib/protocol/types.js'
import type { Serialized } from '../../lib/protocol/writer.js'

interface SparseProduceRequest {
  acks: number
  timeoutMs: number
  topics: { name: string; partitions: { index: number; records: Payload | Buffer | null }[] }[]
}

export function produceRequest(sparse: SparseProduceRequest): ProduceRequest {
  return filled(produce.tables.request, sparse as Sparse<ProduceRequest>)
}

export function produceResponse(sparse: Sparse<ProduceResponse>): ProduceResponse {
  return filled(produce.tables.response, sparse)
}

export function metadataResponse(sparse: Sparse<MetadataResponse>): MetadataResponse {
  return filled(metadata.tables.response, sparse)
}

export function recordOf(key: Serialized, value: Serialized, more: Partial<RecordBody> = {}): RecordBody {
  return { key, value, timestampMs: -1, headers: null, ...more }
}

/** Every broker is of this release, so none is asked. */
export function knownAs(release: string): ApiVersionsCache {
  return new ApiVersionsCache(BrokerVersions.pinned(release))
}
