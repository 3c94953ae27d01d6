/** Requests and answers of version 0 by hand, for peers that play a broker. */
import { reading, wire } from '../../support/wire.js'

export interface RequestHeader {
  apiKey: number
  apiVersion: number
  correlationId: number
  clientId: string | null
}

export function headerOf(request: Buffer): RequestHeader {
  const from = reading(request)
  return {
    apiKey: from.int16(),
    apiVersion: from.int16(),
    correlationId: from.int32(),
    clientId: from.nullableString(),
  }
}

/** The topics that a metadata request asks for. */
export function topicsOf(request: Buffer): string[] {
  const from = reading(request)
  from.raw(8)
  from.nullableString()
  return from.array((name) => name.string())
}

/** A metadata answer of these brokers and no topics, its length in front. */
export function metadataAnswer(
  correlationId: number,
  brokers: readonly { nodeId: number; host: string; port: number }[] = [],
): Buffer {
  return wire()
    .int32(correlationId)
    .array(brokers, (to, { nodeId, host, port }) => to.int32(nodeId).string(host).int32(port))
    .int32(0)
    .framed()
}

/** An acknowledgement of partition 0 of `t`, its length in front. */
export function produceAnswer(correlationId: number, offset: number): Buffer {
  return wire()
    .int32(correlationId)
    .array(['t'], (to, topic) =>
      to.string(topic).array([0], (entry, id) => entry.int32(id).int16(0).int64(offset)),
    )
    .framed()
}

export type ListedApi = [apiKey: number, minVersion: number, maxVersion: number]

/** What a broker says that it takes, in version 0, its length in front. */
export function versionsAnswer(correlationId: number, apis: readonly ListedApi[], errorCode = 0): Buffer {
  return wire()
    .int32(correlationId)
    .int16(errorCode)
    .array(apis, (to, [apiKey, minVersion, maxVersion]) =>
      to.int16(apiKey).int16(minVersion).int16(maxVersion),
    )
    .framed()
}

/** The answer to whichever of the two it is. */
export function answerTo(request: Buffer): Buffer {
  const { apiKey, correlationId } = headerOf(request)
  return apiKey === 0 ? produceAnswer(correlationId, 42) : metadataAnswer(correlationId)
}
