/** Decodes what clients send to a scripted broker: Produce v0 and Metadata v0, as a 0.8 broker reads them. */
import { reading, type WireReader } from '../wire.js'
import { type MessageRead, readMessageSet } from '../wire-message-set.js'

export const apiKeys = { produce: 0, metadata: 3 } as const

export interface ProducePartition {
  partition: number
  setBytes: number
  messages: MessageRead[]
}

export interface ProduceRequest {
  acks: number
  timeoutMs: number
  topics: { topic: string; partitions: ProducePartition[] }[]
}

export interface RequestHeader {
  apiKey: number
  apiVersion: number
  correlationId: number
  clientId: string | null
}

export type DecodedRequest = RequestHeader &
  (
    | { api: 'produce'; body: ProduceRequest }
    | { api: 'metadata'; body: { topics: string[] } }
    /** A key that 0.8 does not know; such a broker closes the connection. */
    | { api: 'unknown'; body: null }
  )

/**
 * @param frame - one request without its length.
 * @throws {RangeError} where the bytes are not what header and key promise, or bytes are left over.
 */
export function decodeRequest(frame: Uint8Array): DecodedRequest {
  const from = reading(frame)
  const header: RequestHeader = {
    apiKey: from.int16(),
    apiVersion: from.int16(),
    correlationId: from.int32(),
    clientId: from.nullableString(),
  }
  if (header.apiKey === apiKeys.produce)
    return ended(from, { ...header, api: 'produce', body: produce(from) })
  if (header.apiKey === apiKeys.metadata) {
    return ended(from, { ...header, api: 'metadata', body: { topics: from.array((item) => item.string()) } })
  }
  return { ...header, api: 'unknown', body: null }
}

function ended(from: WireReader, request: DecodedRequest): DecodedRequest {
  from.end()
  return request
}

function produce(from: WireReader): ProduceRequest {
  return {
    acks: from.int16(),
    timeoutMs: from.int32(),
    topics: from.array((topic) => ({
      topic: topic.string(),
      partitions: topic.array((entry) => {
        const partition = entry.int32()
        const set = entry.raw(entry.int32())
        return { partition, setBytes: set.length, messages: readMessageSet(set) }
      }),
    })),
  }
}
