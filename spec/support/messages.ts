/** Requests, answers and records for specs: what is left out has its default. */

import { ApiVersionsCache } from '../../lib/network/api-versions-cache.js'
import { BrokerVersions } from '../../lib/network/broker-versions.js'
import {
  type MetadataResponse,
  metadata,
  type ProduceRequest,
  type ProduceResponse,
  produce,
} from '../../lib/protocol/messages/index.js'
import type { RecordBody } from '../../lib/protocol/records/record-body.js'
import type { Payload } from '../../lib/protocol/types.js'
import { type WithoutDefaults, withDefaults } from '../../lib/protocol/with-defaults.js'
import type { Serialized } from '../../lib/protocol/writer.js'

interface PartialProduceRequest {
  acks: number
  timeoutMs: number
  topics: { name: string; partitions: { index: number; records: Payload | Buffer | null }[] }[]
}

export function produceRequest(partial: PartialProduceRequest): ProduceRequest {
  return withDefaults(produce.tables.request, partial as WithoutDefaults<ProduceRequest>)
}

export function produceResponse(partial: WithoutDefaults<ProduceResponse>): ProduceResponse {
  return withDefaults(produce.tables.response, partial)
}

export function metadataResponse(partial: WithoutDefaults<MetadataResponse>): MetadataResponse {
  return withDefaults(metadata.tables.response, partial)
}

export function recordOf(key: Serialized, value: Serialized, more: Partial<RecordBody> = {}): RecordBody {
  return { key, value, timestampMs: -1, headers: null, ...more }
}

/** Every broker is of this release, so none is asked. */
export function knownAs(release: string): ApiVersionsCache {
  return new ApiVersionsCache(BrokerVersions.pinned(release))
}
