/** The registry: API key → its tables. */
import type { Api } from '../api.js'
import { metadata } from './metadata.js'
import { produce } from './produce.js'

export { type MetadataRequest, type MetadataResponse, metadata } from './metadata.js'
export { type ProduceRequest, type ProduceResponse, produce } from './produce.js'

export const apis: ReadonlyMap<number, Api<unknown, unknown>> = new Map(
  [produce, metadata].map((api) => [api.key, api as Api<unknown, unknown>]),
)
