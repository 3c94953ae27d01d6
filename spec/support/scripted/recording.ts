/** What a scripted cluster saw, in order: requests, connections, changes. Times are milliseconds since it started. */
import type { MetadataAnswer, ProduceAnswer } from './answers.js'
import type { DecodedRequest, ProduceRequest } from './requests.js'
import type { Action, Change } from './script.js'

interface Recorded {
  atMs: number
  broker: number
  connection: number
  /** The whole request without its length. */
  hex: string
  action?: Action
  /** When the answer (or its spoiled form) was written; absent where none was. */
  answeredAtMs?: number
}

type Of<Api extends DecodedRequest['api']> = Extract<DecodedRequest, { api: Api }>

export type RecordedProduce = Recorded & Of<'produce'> & { answer?: ProduceAnswer }
export type RecordedMetadata = Recorded & Of<'metadata'> & { answer?: MetadataAnswer }
export type RecordedUnknown = Recorded & Of<'unknown'>
/** A frame that is no request; the connection was closed. */
export type RecordedGarbage = Recorded & { api: 'garbage'; problem: string }
export type RecordedRequest = RecordedProduce | RecordedMetadata | RecordedUnknown | RecordedGarbage

export interface RecordedConnection {
  connection: number
  broker: number
  openedAtMs: number
  closedAtMs?: number
  closedBy?: 'client' | 'broker'
}

export interface Recording {
  requests: RecordedRequest[]
  connections: RecordedConnection[]
  changes: (Change & { atMs: number })[]
}

export function produceRequests(recording: Recording): RecordedProduce[] {
  return recording.requests.filter((request) => request.api === 'produce')
}

export function metadataRequests(recording: Recording): RecordedMetadata[] {
  return recording.requests.filter((request) => request.api === 'metadata')
}

/** Every partition set of a produce request with its topic, in wire order. */
export function sets(body: ProduceRequest) {
  return body.topics.flatMap(({ topic, partitions }) => partitions.map((entry) => ({ topic, ...entry })))
}
