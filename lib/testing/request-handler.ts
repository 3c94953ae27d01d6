/**
 * What a broker does about each request: which version it takes it for, what it stores, and what it answers. Knows no
 * sockets.
 */
import { DecodeError } from '../errors.js'
import type { Api } from '../protocol/api.js'
import { apiVersions, type ProduceResponse, produce, saslAuthenticate } from '../protocol/messages/index.js'
import { Reader } from '../protocol/reader.js'
import { encodeResponse, type RequestHeader, readRequestHeader } from '../protocol/request-response.js'
import { pause } from '../timers.js'
import type { About, BrokerView } from './apis/api-handler.js'
import { unsupportedVersion } from './apis/api-versions.js'
import { type AnyHandler, handlers } from './apis/index.js'
import { hasError } from './apis/produce.js'
import { saslAuthenticateHandler } from './apis/sasl.js'
import type { Answer } from './broker-connection.js'
import { afterStoring, beforeStoring, closing, ending, silence, throttled } from './fault-answers.js'
import type { ApiName } from './fault-kinds.js'
import { type ActingFault, altered, type Faults } from './faults.js'
import type { ConnectionLogin } from './sasl/connection-login.js'

/** A request as it was received. */
export interface ReceivedRequest extends About {
  readonly broker: number
  /** Counts the connections of this broker. */
  readonly connection: number
  readonly api: ApiName
  /** As the client sent it, whatever the broker takes it for. */
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | null
  /** Who has logged in over the connection, as Kafka names principals: `User:alice`; `User:ANONYMOUS` for nobody. */
  readonly principal: string
  /** When it was taken up: milliseconds of `Date.now()`. */
  readonly atMs: number
}

/** What handling needs of the broker and its cluster. */
export interface HandlerContext extends BrokerView {
  readonly faults: Faults
  onRequest(request: ReceivedRequest): void
}

/** Where a request came in. */
export interface Arrival {
  readonly connection: number
  readonly login: ConnectionLogin
  /** Aborts when the broker is stopped. */
  readonly signal: AbortSignal
}

/** A request whose header is read. */
interface Request extends Arrival {
  readonly handler: AnyHandler
  readonly header: RequestHeader
  /** What it is read as, and whose ways count. */
  readonly version: number
  /** Whose shape the answer has. */
  readonly answerVersion: number
  /** At the body. */
  readonly reader: Reader
}

export class RequestHandler {
  readonly #context: HandlerContext

  constructor(context: HandlerContext) {
    this.#context = context
  }

  /** @param frame - without its length. @throws {DecodeError} for what is no request. */
  async handle(frame: Buffer, arrival: Arrival): Promise<Answer> {
    if (arrival.login.takesToken) return this.#token(frame, arrival)
    const header = readRequestHeader(new Reader(frame), () => Number.POSITIVE_INFINITY)
    if (!arrival.login.mayPass(header.apiKey)) return closing
    const { era, offered } = this.#context
    const handler = handlers.get(header.apiKey)
    const taken = offered.taken.get(header.apiKey)
    if (!handler || !taken) return era.onUnknownApi === 'silence' ? silence : closing
    const { apiVersion } = header
    if (era.onUnknownVersion !== 'close') {
      const isLater = era.onUnknownVersion === 'answerProduceAsVersion1' && header.apiKey === produce.key
      const answerVersion = isLater && apiVersion > 0 ? 1 : 0
      const request = {
        ...arrival,
        handler,
        header,
        version: 0,
        answerVersion,
        reader: bodyOf(frame, handler.api, 0),
      }
      return this.#answerUnlessUnreadable(request)
    }
    if (apiVersion < taken[0] || apiVersion > taken[1]) return this.#unknownVersion(header)
    const reader = bodyOf(frame, handler.api, apiVersion)
    return this.#answer({
      ...arrival,
      handler,
      header,
      version: apiVersion,
      answerVersion: apiVersion,
      reader,
    })
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

  async #answer({ handler, header, version, answerVersion, reader, ...arrival }: Request): Promise<Answer> {
    const { api } = handler
    const request = api.request(version).read(reader)
    const about = handler.about(request, version, this.#context.topics)
    const { signal, login } = arrival
    const faults = this.#received(arrival, handler.name, header, about)
    const early = await beforeStoring(faults, signal)
    if (early) return early
    const response = await handler.answer(request, { ...this.#context, version, faults, signal, login })
    if (!response) return this.#context.era.onUnknownApi === 'silence' ? silence : closing
    if (about.acks === 0) return unanswered(faults, hasError(response as ProduceResponse), signal)
    const { correlationId } = header
    const answer = await afterStoring(
      faults,
      { api, version: answerVersion, correlationId, response },
      signal,
    )
    return login.isRefused ? { ...answer, end: answer.end ?? 'close' } : answer
  }

  /** A bare token: as a SaslAuthenticate without a header, where a refusal is a closed connection. */
  async #token(frame: Buffer, arrival: Arrival): Promise<Answer> {
    const { signal, login } = arrival
    const header = { apiKey: saslAuthenticate.key, apiVersion: 0, correlationId: -1, clientId: null }
    const faults = this.#received(arrival, 'SaslAuthenticate', header, { topics: [] })
    const early = await beforeStoring(faults, signal)
    if (early) return early
    const call = { ...this.#context, version: 0, faults, signal, login }
    const answer = await saslAuthenticateHandler.answer({ authBytes: frame }, call)
    const response = answer && altered<'SaslAuthenticate'>(answer, faults)
    if (response?.errorCode !== 0) return closing
    const length = Buffer.alloc(4)
    length.writeInt32BE(response.authBytes.length)
    return ending(faults) ?? { bytes: Buffer.concat([length, response.authBytes]) }
  }

  #received(
    { connection, login: { principal } }: Arrival,
    api: ApiName,
    { apiVersion: version, correlationId, clientId }: RequestHeader,
    about: About,
  ): ActingFault[] {
    const { brokerId: broker, onRequest, faults } = this.#context
    onRequest({
      broker,
      connection,
      api,
      version,
      correlationId,
      clientId,
      principal,
      atMs: Date.now(),
      ...about,
    })
    return faults.actingOn({ ...about, api, broker })
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
