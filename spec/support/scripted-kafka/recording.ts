/** What a scripted cluster saw, in the order in which it happened. */
import type { DecodedBatch } from './batches.js'
import type { ApiName } from './messages.js'
import type { Struct } from './schema.js'

/** The batches of one partition in a produce request. */
export interface SentPartition {
  /** Undefined for a topic id that no topic has. */
  topic: string | undefined
  partition: number
  batches: DecodedBatch[]
}

export interface SeenRequest {
  kind: 'request'
  ms: number
  /** Counts requests from 1. */
  seq: number
  broker: number
  connection: number
  api: ApiName
  version: number
  correlationId: number
  clientId: string | null
  body: Struct
  /** Unanswered on this connection, this one included. */
  outstanding: number
  /** Of them those of this API. */
  outstandingOfApi: number
  /** Of a produce request. */
  sent: SentPartition[]
  frame: Buffer
}

export interface SeenAnswer {
  kind: 'answer'
  ms: number
  seq: number
  /** Undefined for a request that is never answered. */
  body: Struct | undefined
}

export type Seen =
  | SeenRequest
  | SeenAnswer
  /** Bytes that are no request a producer may send here, or one in a version that the broker does not take. */
  | { kind: 'refused'; ms: number; broker: number; connection: number; problem: string; frame: Buffer }
  | { kind: 'connect'; ms: number; broker: number; connection: number }
  | { kind: 'disconnect'; ms: number; broker: number; connection: number; by: 'client' | 'broker' }

export const isRequest = (seen: Seen): seen is SeenRequest => seen.kind === 'request'
