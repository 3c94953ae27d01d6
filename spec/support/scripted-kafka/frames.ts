/**
 * Whole requests and answers: header and body, without the length in front.
 *
 * Decoding a request is what the scripted brokers do; the other three directions are for them and for the specs that
 * play the part of a client.
 */
import { ByteReader, ByteWriter } from './bytes.js'
import { type ApiName, apiOfKey, messages } from './messages.js'
import { type Coding, readStruct, type Struct, writeStruct } from './schema.js'

export interface RequestHeader {
  /** Undefined for an API that no producer uses. */
  api: ApiName | undefined
  apiKey: number
  version: number
  correlationId: number
}

export interface DecodedRequest extends RequestHeader {
  api: ApiName
  clientId: string | null
  body: Struct
}

/** The first eight bytes, which every version of every request has. */
export function decodeHeader(frame: Buffer): RequestHeader {
  const from = new ByteReader(frame)
  const apiKey = from.int16()
  return { api: apiOfKey(apiKey), apiKey, version: from.int16(), correlationId: from.int32() }
}

/** @throws {Error} for an API without a table, and when bytes are missing or left over. */
export function decodeRequest(frame: Buffer): DecodedRequest {
  const { api, ...header } = decodeHeader(frame)
  if (api === undefined) throw new Error(`no producer sends API key ${header.apiKey}`)
  const from = new ByteReader(frame.subarray(8))
  const clientId = from.sized(from.int16())?.toString('utf8') ?? null
  const coding = codingOf(api, header.version)
  if (coding.isFlexible) skipTags(from)
  const body = readStruct(messages[api].request, coding, from)
  if (from.remaining > 0) throw new RangeError(`${from.remaining} bytes behind ${api} v${header.version}`)
  return { api, ...header, clientId, body }
}

export function encodeRequest(request: Omit<DecodedRequest, 'apiKey'>): Buffer {
  const { api, version, correlationId, clientId, body } = request
  const to = new ByteWriter().int16(messages[api].key).int16(version).int32(correlationId)
  const text = clientId === null ? null : Buffer.from(clientId, 'utf8')
  to.int16(text?.length ?? -1).raw(text ?? Buffer.alloc(0))
  const coding = codingOf(api, version)
  if (coding.isFlexible) to.unsignedVarint(0)
  return writeStruct(messages[api].request, coding, body, to).build()
}

export function encodeAnswer(api: ApiName, version: number, correlationId: number, body: Struct): Buffer {
  const to = new ByteWriter().int32(correlationId)
  const coding = codingOf(api, version)
  if (hasTagsInAnswer(api, coding)) to.unsignedVarint(0)
  return writeStruct(messages[api].response, coding, body, to).build()
}

/** @throws {Error} when bytes are missing or left over. */
export function decodeAnswer(
  api: ApiName,
  version: number,
  frame: Buffer,
): { correlationId: number; body: Struct } {
  const from = new ByteReader(frame)
  const correlationId = from.int32()
  const coding = codingOf(api, version)
  if (hasTagsInAnswer(api, coding)) skipTags(from)
  const body = readStruct(messages[api].response, coding, from)
  if (from.remaining > 0)
    throw new RangeError(`${from.remaining} bytes behind the answer to ${api} v${version}`)
  return { correlationId, body }
}

function codingOf(api: ApiName, version: number): Coding {
  return { version, isFlexible: version >= messages[api].flexibleFrom }
}

/** The answer to ApiVersions keeps the oldest header: its reader does not know yet what the broker speaks. */
function hasTagsInAnswer(api: ApiName, { isFlexible }: Coding): boolean {
  return isFlexible && api !== 'ApiVersions'
}

function skipTags(from: ByteReader): void {
  for (let left = from.unsignedVarint(); left > 0; left -= 1) {
    from.unsignedVarint()
    from.take(from.unsignedVarint())
  }
}
