/** The registry: API key → its tables. */
import type { Api } from '../api.js'
import { apiVersions } from './api-versions.js'
import { metadata } from './metadata.js'
import { produce } from './produce.js'

export { type ApiVersionsRequest, type ApiVersionsResponse, apiVersions } from './api-versions.js'
export { type MetadataRequest, type MetadataResponse, metadata, metadataRequest } from './metadata.js'
export { type ProduceRequest, type ProduceResponse, produce } from './produce.js'
export { hasTopicId, NO_TOPIC_ID, topicIdText } from './topic-id.js'

export const apis: ReadonlyMap<number, Api<unknown, unknown>> = new Map(
  [produce, metadata, apiVersions].map((api) => [api.key, api as Api<unknown, unknown>]),
)
