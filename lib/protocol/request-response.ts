/**
 * Whole requests and responses: length, header, body. Which header a (key, version) uses is decided here.
 *
 * @see docs/reference/wire-protocol.md#frames-and-headers: request header v1 (v2 when flexible), response header v0 (v1 when flexible,
 * except ApiVersions, whose response header is always v0)
 */
import type { Api } from './api.js'
import { Reader } from './reader.js'
import { nullableString } from './types.js'
import { Writer } from './writer.js'

const API_VERSIONS_KEY = 18
const UNSUPPORTED_VERSION = 35
/** Behind the length, the API key and its version. */
const CORRELATION_ID_AT = 8
// The client id keeps its classic form in every header version.
const clientIdCodec = nullableString.compile(0, false)

export interface RequestHeader {
  apiKey: number
  apiVersion: number
  correlationId: number
  clientId: string | null
}

function hasFlexibleResponseHeader(api: Api<unknown, unknown>, version: number): boolean {
  return version >= api.flexibleFrom && api.key !== API_VERSIONS_KEY
}

/**
 * Encodes one request, its int32 length in front.
 *
 * @param sizeHint - expected bytes; only saves copying.
 * @throws {EncodeError} when a string exceeds 32,767 bytes or the whole exceeds 2³¹−1.
 */
export function encodeRequest<Request>(
  api: Api<Request, unknown>,
  version: number,
  correlationId: number,
  clientId: string | null,
  body: Request,
  sizeHint = 512,
): Buffer {
  const writer = new Writer(sizeHint)
  const lengthAt = writer.beginLength()
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(correlationId)
  clientIdCodec.write(writer, clientId)
  if (version >= api.flexibleFrom) writer.uvarint(0)
  api.request(version).write(writer, body)
  writer.endLength(lengthAt)
  return writer.finish()
}

/** Gives another correlation id to what {@link encodeRequest} returned. */
export function changeCorrelationId(request: Buffer, correlationId: number): void {
  request.writeInt32BE(correlationId, CORRELATION_ID_AT)
}

/** The correlation id of a response frame (without its length). @throws {DecodeError} when it is too short. */
export function correlationIdOf(frame: Buffer): number {
  return new Reader(frame).int32()
}

/**
 * Decodes a response frame (without its length).
 *
 * @returns the body, and how many bytes followed its last field: newer brokers may append, so they are no error.
 * @throws {DecodeError} on anything that the table does not allow.
 */
export function decodeResponse<Response>(
  api: Api<unknown, Response>,
  version: number,
  frame: Buffer,
): { body: Response; trailingBytes: number } {
  const reader = new Reader(frame)
  reader.int32()
  if (hasFlexibleResponseHeader(api, version)) skipTags(reader)
  const body = api.response(shapeOf(api, version, frame)).read(reader)
  return { body, trailingBytes: reader.remaining }
}

/** The version whose shape an answer has: brokers refuse an unknown version of ApiVersions in the shape of v0. */
function shapeOf(api: Api<unknown, unknown>, version: number, frame: Buffer): number {
  if (api.key !== API_VERSIONS_KEY || frame.length < 6) return version
  return frame.readInt16BE(4) === UNSUPPORTED_VERSION ? 0 : version
}

/** Reads a request's header; the reader then stands at its body. For servers. @throws {DecodeError} */
export function readRequestHeader(reader: Reader, flexibleFromOf: (apiKey: number) => number): RequestHeader {
  const apiKey = reader.int16()
  const apiVersion = reader.int16()
  const correlationId = reader.int32()
  const clientId = clientIdCodec.read(reader)
  if (apiVersion >= flexibleFromOf(apiKey)) skipTags(reader)
  return { apiKey, apiVersion, correlationId, clientId }
}

/** Encodes one response, its int32 length in front. For servers. */
export function encodeResponse<Response>(
  api: Api<unknown, Response>,
  version: number,
  correlationId: number,
  body: Response,
): Buffer {
  const writer = new Writer()
  const lengthAt = writer.beginLength()
  writer.int32(correlationId)
  if (hasFlexibleResponseHeader(api, version)) writer.uvarint(0)
  api.response(version).write(writer, body)
  writer.endLength(lengthAt)
  return writer.finish()
}

function skipTags(reader: Reader): void {
  const count = reader.checkCount(reader.uvarint(), 2)
  for (let i = 0; i < count; i++) {
    reader.uvarint()
    reader.bytes(reader.uvarint(), 'tag')
  }
}
