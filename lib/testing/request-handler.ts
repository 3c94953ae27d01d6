/**
 * What a broker does about each request: which version it takes it for, what it stores, and what it answers. Knows no
 * sockets.
 */
import { DecodeError } from '../errors.js'
import type { Api } from '../protocol/api.js'
import { apiVersions, initProducerId, metadata, produce } from '../protocol/messages/index.js'
import { Reader } from '../protocol/reader.js'
import { encodeResponse, type RequestHeader, readRequestHeader } from '../protocol/request-response.js'
import { pause } from '../timers.js'
import { handleApiVersions, unsupportedVersion } from './apis/api-versions.js'
import { handleInitProducerId } from './apis/init-producer-id.js'
import { handleMetadata } from './apis/metadata.js'
import { handleProduce, hasError } from './apis/produce.js'
import type { Answer } from './broker-connection.js'
import type { Era } from './eras.js'
import { afterStoring, beforeStoring, closing, ending, silence, throttled } from './fault-answers.js'
import type { ActingFault, ApiName, Faults } from './faults.js'
import type { OfferedApis } from './offered-apis.js'
import type { Topics } from './topics.js'

/** A request as it was received. */
export interface ReceivedRequest {
  readonly broker: number
  /** Counts the connections of this broker. */
  readonly connection: number
  readonly api: ApiName
  /** As the client sent it, whatever the broker takes it for. */
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | null
  /** When it was taken up: milliseconds of `Date.now()`. */
  readonly atMs: number
  /** Produce only. */
  readonly acks?: number
  readonly timeoutMs?: number
  /** A topic that was asked for by an id nobody has, has no name. */
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[]
}

/** What is known of a broker that is up. */
export interface LiveBroker {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** What handling needs of the broker and its cluster. */
export interface HandlerContext {
  readonly broker: number
  readonly era: Era
  readonly offered: OfferedApis
  readonly topics: Topics
  readonly faults: Faults
  readonly autoCreateTopics: boolean
  readonly clusterId: string
  liveBrokers(): readonly LiveBroker[]
  onRequest(request: ReceivedRequest): void
  onStored(topic: string, partition: number, baseOffset: bigint): void
  onRefused(topic: string, partition: number, errorCode: number, reason: string): void
}

/** Where a request came in. */
export interface Arrival {
  readonly connection: number
  /** Aborts when the broker is stopped. */
  readonly signal: AbortSignal
}

/** A request whose header is read. */
interface Request extends Arrival {
  readonly header: RequestHeader
  /** What it is read as, and whose ways count. */
  readonly version: number
  /** Whose shape the answer has. */
  readonly answerVersion: number
  /** At the body. */
  readonly reader: Reader
}

/** What is handled; a broker does not know any other API, though it may list it. */
const handled: ReadonlyMap<number, Api<unknown, unknown>> = new Map(
  [produce, metadata, apiVersions, initProducerId].map((api) => [api.key, api as Api<unknown, unknown>]),
)

export class RequestHandler {
  readonly #context: HandlerContext

  constructor(context: HandlerContext) {
    this.#context = context
  }

  /** @param frame - without its length. @throws {DecodeError} for what is no request. */
  async handle(frame: Buffer, arrival: Arrival): Promise<Answer> {
    const header = readRequestHeader(new Reader(frame), () => Number.POSITIVE_INFINITY)
    const { era, offered } = this.#context
    const api = handled.get(header.apiKey)
    const taken = offered.taken.get(header.apiKey)
    if (!api || !taken) return era.onUnknownApi === 'silence' ? silence : closing
    const { apiVersion } = header
    if (era.onUnknownVersion !== 'close') {
      const isLater = era.onUnknownVersion === 'answerProduceAsVersion1' && header.apiKey === produce.key
      const answerVersion = isLater && apiVersion > 0 ? 1 : 0
      const request = { ...arrival, header, version: 0, answerVersion, reader: bodyOf(frame, api, 0) }
      return this.#answerUnlessUnreadable(request)
    }
    if (apiVersion < taken[0] || apiVersion > taken[1]) return this.#unknownVersion(header)
    const reader = bodyOf(frame, api, apiVersion)
    return this.#answer({ ...arrival, header, version: apiVersion, answerVersion: apiVersion, reader })
  }

  async #answerUnlessUnreadable(request: Request): Promise<Answer> {
    try {
      return await this.#answer(request)
    } catch (error) {
      if (error instanceof DecodeError && this.#context.era.onUnknownApi === 'silence') return silence
      throw error
    }
  }

  /** Only ApiVersions answers, so that every client can find out. */
  #unknownVersion({ apiKey, correlationId }: RequestHeader): Answer {
    if (apiKey !== apiVersions.key) return closing
    const { era, offered } = this.#context
    return {
      bytes: encodeResponse(apiVersions, 0, correlationId, unsupportedVersion(offered.listed, era)),
    }
  }

  #answer(request: Request): Promise<Answer> {
    switch (request.header.apiKey) {
      case produce.key:
        return this.#produce(request)
      case metadata.key:
        return this.#metadata(request)
      case initProducerId.key:
        return this.#initProducerId(request)
      default:
        return this.#apiVersions(request)
    }
  }

  async #produce({ header, version, answerVersion, reader, ...arrival }: Request): Promise<Answer> {
    const request = produce.request(version).read(reader)
    const { acks, timeoutMs } = request
    const { topics: store, era, broker, onStored, onRefused } = this.#context
    const topics = request.topics.map(({ name, topicId, partitions }) => ({
      name: version >= 13 ? (store.withId(topicId)?.name ?? '') : name,
      partitions: partitions.map(({ index }) => index),
    }))
    const { signal } = arrival
    const faults = this.#received(arrival, 'Produce', header, { acks, timeoutMs, topics })
    const early = await beforeStoring(faults, signal)
    if (early) return early
    const response = await handleProduce(request, version, {
      topics: store,
      brokerId: broker,
      brokers: this.#context.liveBrokers(),
      era,
      faults,
      pause: (milliseconds) => pause(milliseconds, signal),
      onStored,
      onRefused,
    })
    if (!response) return era.onUnknownApi === 'silence' ? silence : closing
    if (acks === 0) return unanswered(faults, hasError(response), signal)
    const outgoing = { api: produce, version: answerVersion, correlationId: header.correlationId, response }
    return afterStoring<'Produce'>(faults, outgoing, signal)
  }

  async #metadata({ header, version, answerVersion, reader, ...arrival }: Request): Promise<Answer> {
    const request = metadata.request(version).read(reader)
    const { topics: store, autoCreateTopics, clusterId, era } = this.#context
    const topics = (request.topics ?? []).map(({ name, topicId }) => ({
      name: name ?? store.withId(topicId)?.name ?? '',
      partitions: [],
    }))
    const { signal } = arrival
    const faults = this.#received(arrival, 'Metadata', header, { topics })
    const early = await beforeStoring(faults, signal)
    if (early) return early
    const brokers = this.#context.liveBrokers()
    const context = { topics: store, brokers, clusterId, autoCreateTopics, era, faults }
    const response = handleMetadata(request, version, context)
    const outgoing = { api: metadata, version: answerVersion, correlationId: header.correlationId, response }
    return afterStoring<'Metadata'>(faults, outgoing, signal)
  }

  async #apiVersions({ header, version, answerVersion, reader, ...arrival }: Request): Promise<Answer> {
    const request = apiVersions.request(version).read(reader)
    const { signal } = arrival
    const faults = this.#received(arrival, 'ApiVersions', header, { topics: [] })
    const early = await beforeStoring(faults, signal)
    if (early) return early
    const response = handleApiVersions(request, version, this.#context.offered.listed, faults)
    const { correlationId } = header
    return afterStoring<'ApiVersions'>(
      faults,
      { api: apiVersions, version: answerVersion, correlationId, response },
      signal,
    )
  }

  async #initProducerId({ header, version, answerVersion, reader, ...arrival }: Request): Promise<Answer> {
    const request = initProducerId.request(version).read(reader)
    const { signal } = arrival
    const faults = this.#received(arrival, 'InitProducerId', header, { topics: [] })
    const early = await beforeStoring(faults, signal)
    if (early) return early
    const response = handleInitProducerId(request, faults)
    const { correlationId } = header
    return afterStoring<'InitProducerId'>(
      faults,
      { api: initProducerId, version: answerVersion, correlationId, response },
      signal,
    )
  }

  #received(
    { connection }: Arrival,
    api: ApiName,
    { apiVersion: version, correlationId, clientId }: RequestHeader,
    body: Pick<ReceivedRequest, 'acks' | 'timeoutMs' | 'topics'>,
  ): ActingFault[] {
    const { broker, onRequest, faults } = this.#context
    onRequest({ broker, connection, api, version, correlationId, clientId, atMs: Date.now(), ...body })
    return faults.actingOn({ api, broker, topics: body.topics })
  }
}

/** With acks 0. */
function unanswered(faults: readonly ActingFault[], hasFailed: boolean, signal: AbortSignal): Answer {
  const end = ending(faults) ?? (hasFailed ? closing : silence)
  const throttleTimeMs = throttled(faults)
  return throttleTimeMs > 0 ? { ...end, throttled: () => pause(throttleTimeMs, signal) } : end
}

/** A reader of the whole frame that has passed the header, whose tags are there from the flexible versions on. */
function bodyOf(frame: Buffer, { flexibleFrom }: Api<unknown, unknown>, version: number): Reader {
  const reader = new Reader(frame)
  readRequestHeader(reader, () => (version >= flexibleFrom ? 0 : Number.POSITIVE_INFINITY))
  return reader
}
