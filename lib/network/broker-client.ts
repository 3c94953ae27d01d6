/**
 * Requests and answers over one connection: chooses the version, encodes, awaits, decodes.
 *
 * Lives as long as its connection; whoever wants a new one makes a new client. Every failure says whether the broker
 * may have read the request (`persistence`). An answer that cannot be decoded, has an unexpected correlation id or comes
 * unasked closes the connection: what follows on it could not be trusted.
 *
 * @see docs/decisions/0000-classic-producer.md#d7 (time-outs), #d8 (answers), #d12 (versions)
 */
import type { BrokerAddress } from '../broker-address.js'
import { counted } from '../counted.js'
import { asKafkaError, EncodeError, type KafkaError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { Api } from '../protocol/api.js'
import {
  type ApiVersionsResponse,
  apiVersions,
  type MetadataRequest,
  type MetadataResponse,
  metadata,
} from '../protocol/messages/index.js'
import { changeCorrelationId, decodeResponse, encodeRequest } from '../protocol/request-response.js'
import type { BrokerVersions } from './broker-versions.js'
import { connectionClosed, expired, forRequest, undecodable, writeTimedOut } from './client-errors.js'
import { Connection, type ConnectionListener, type ConnectionSettings } from './connection.js'
import { startDeadline } from './deadline.js'
import { InFlight, InFlightRequest } from './in-flight.js'
import { RequestTrace } from './request-trace.js'
import { ThrottleGate } from './throttle-gate.js'

export interface BrokerClientSettings extends ConnectionSettings {
  readonly clientId: string
  readonly logger: Logger
  /** A quota was exceeded: called with how long the broker holds back, or asks the client to. */
  readonly onThrottle?: (broker: string, throttleTimeMs: number) => void
}

export interface RequestOptions {
  /** Milliseconds to wait for the answer, from when all earlier requests of the connection have theirs. */
  timeoutMs: number
  /** The version that the body was made for. Default: the newest that both sides know. */
  version?: number
  /** Expected bytes of the request; only saves copying. */
  sizeHint?: number
  /** The body and its version as {@link BrokerClient.encode} returned them. Default: encoded now. */
  encoded?: EncodedRequest
  /**
   * Called with the bytes of the request, its length field included, in the turn in which they are sent, before; what
   * it throws keeps them from being sent.
   */
  onEncoded?: (bytes: number) => void
}

/** A request made ahead of its time: all but its correlation id is there. Good for one sending. */
export interface EncodedRequest {
  readonly version: number
  /** Its length field included. */
  readonly bytes: Buffer
}

const MAX_CORRELATION_ID = 0x7fffffff

export class BrokerClient {
  readonly #settings: BrokerClientSettings
  readonly #throttle = new ThrottleGate()
  readonly #inFlight = new InFlight(() => this.#throttle.remainingMs)
  /** Requests without an answer that are not yet in the kernel's hands. */
  readonly #writing = new Set<(reason: KafkaError) => void>()
  readonly #onClose: (reason: KafkaError) => void
  #versions: BrokerVersions | null = null
  #connection!: Connection
  #correlationId = 0
  #hasAnswered = false
  #warnedOfTrailingBytes = false

  private constructor(settings: BrokerClientSettings, onClose: (reason: KafkaError) => void) {
    this.#settings = settings
    this.#onClose = onClose
  }

  /**
   * @param onClose - called once when the open connection ends, after all waiting requests have failed.
   * @throws {ConnectionError | RequestTimeoutError} see {@link Connection.open}.
   */
  static async connect(
    address: BrokerAddress,
    settings: BrokerClientSettings,
    onClose: (reason: KafkaError) => void,
    signal?: AbortSignal,
  ): Promise<BrokerClient> {
    const client = new BrokerClient(settings, onClose)
    const listener: ConnectionListener = {
      get awaitsAnswer() {
        return client.#inFlight.size > 0 && !client.#isBroker
      },
      onFrame: (frame: Buffer): void => {
        client.#inFlight.answer(frame)
        client.#hasAnswered = true
      },
      onClose: (reason: KafkaError): void => client.#ended(reason),
    }
    client.#connection = await Connection.open(address, settings, listener, signal)
    return client
  }

  get isOpen(): boolean {
    return this.#connection.isOpen
  }

  /** Whoever has answered, or whose versions are known from an earlier connection, is no other kind of server. */
  get #isBroker(): boolean {
    return this.#hasAnswered || this.#versions?.isPinned === false
  }

  /** Whether any answer has come yet. */
  get hasAnswered(): boolean {
    return this.#hasAnswered
  }

  /** `host:port` as it was asked for. */
  get broker(): string {
    return this.#connection.broker
  }

  /** The versions that the broker supports; null while unknown. */
  get versions(): BrokerVersions | null {
    return this.#versions
  }

  /** From now on requests take the versions that this broker knows. */
  useVersions(versions: BrokerVersions): void {
    this.#versions = versions
  }

  /**
   * Asks a broker of unknown age for its versions and for metadata, both in v0 and in one write.
   *
   * `versions` is null when the broker passes over that question, as 0.9 does.
   */
  probe(
    body: MetadataRequest,
    timeoutMs: number,
  ): { versions: Promise<ApiVersionsResponse | null>; metadata: Promise<MetadataResponse> } {
    const { clientId } = this.#settings
    const firstId = this.#nextCorrelationId()
    const secondId = this.#nextCorrelationId()
    const question = encodeRequest(apiVersions, 0, firstId, clientId, {
      clientSoftwareName: '',
      clientSoftwareVersion: '',
    })
    const request = encodeRequest(metadata, 0, secondId, clientId, body)
    const passedOver = { isOptional: true, timeoutMs }
    const versions = this.#answerTo(apiVersions, 0, firstId, question.length, passedOver)
    const answer = this.#answerTo(metadata, 0, secondId, request.length, { timeoutMs })
    // A caller that gave up on the first one need not handle the failure of the second.
    answer.catch(() => {})
    if (this.#connection.isOpen) this.#connection.write(Buffer.concat([question, request]), () => {})
    return { versions, metadata: answer as Promise<MetadataResponse> }
  }

  /**
   * Sends a request and resolves with its decoded answer; holds it back first while the broker wants that.
   *
   * @throws {UnsupportedVersionError} at once when the broker does not know the request in any version supported here.
   */
  request<Request, Response>(
    api: Api<Request, Response>,
    body: Request,
    options: RequestOptions,
  ): Promise<Response> {
    const throttled = this.#throttle.wait()
    if (throttled) return throttled.then(() => this.request(api, body, options))
    const { timeoutMs, onEncoded } = options
    const { version, correlationId, bytes } = this.#encode(api, body, options)
    onEncoded?.(bytes.length)
    const answered = this.#answerTo(api, version, correlationId, bytes.length, { timeoutMs })
    if (this.#connection.isOpen) this.#connection.write(bytes, () => {})
    return answered as Promise<Response>
  }

  /**
   * Sends a request that has no answer; resolves when all its bytes are in the kernel's hands.
   */
  send<Request>(api: Api<Request, unknown>, body: Request, options: RequestOptions): Promise<void> {
    const throttled = this.#throttle.wait()
    if (throttled) return throttled.then(() => this.send(api, body, options))
    const { timeoutMs, onEncoded } = options
    const { correlationId, bytes } = this.#encode(api, body, options)
    onEncoded?.(bytes.length)
    const trace = this.#trace(api.name, correlationId, bytes.length)
    const written = new Promise<void>((resolve, reject) => {
      if (!this.#connection.isOpen) {
        reject(connectionClosed(this.broker))
        return
      }
      const fail = (reason: KafkaError): void => {
        cancelDeadline()
        this.#writing.delete(fail)
        reject(forRequest(reason, { correlationId, persistence: 'possibly-persisted' }))
      }
      const cancelDeadline = startDeadline(timeoutMs, () =>
        this.close(writeTimedOut(this.broker, api.name, timeoutMs)),
      )
      this.#writing.add(fail)
      this.#connection.write(bytes, () => {
        cancelDeadline()
        if (this.#writing.delete(fail)) resolve()
      })
    })
    return trace ? trace.follow(written) : written
  }

  /** Ends the connection; what waits fails with this reason. */
  close(reason: KafkaError): void {
    this.#connection.close(reason)
  }

  /**
   * Encodes a request that is sent later.
   *
   * @param version - the body was made for.
   * @throws {EncodeError} as {@link request} would.
   */
  encode<Request>(
    api: Api<Request, unknown>,
    body: Request,
    version: number,
    sizeHint?: number,
  ): EncodedRequest {
    return { version, bytes: encodeRequest(api, version, 0, this.#settings.clientId, body, sizeHint) }
  }

  #encode<Request>(
    api: Api<Request, unknown>,
    body: Request,
    { version = this.#versionOf(api), sizeHint, encoded }: RequestOptions,
  ): EncodedRequest & { correlationId: number } {
    const correlationId = this.#nextCorrelationId()
    if (encoded) {
      changeCorrelationId(encoded.bytes, correlationId)
      return { ...encoded, correlationId }
    }
    try {
      const bytes = encodeRequest(api, version, correlationId, this.#settings.clientId, body, sizeHint)
      return { version, correlationId, bytes }
    } catch (cause) {
      // Nothing has been sent, and nobody may think that it has.
      throw asKafkaError(cause) ?? new EncodeError(`a ${api.name} request cannot be written`, { cause })
    }
  }

  /** Waits for the answer to a request that is written right after this; null: it was passed over. */
  #answerTo<Response>(
    api: Api<unknown, Response>,
    version: number,
    correlationId: number,
    bytes: number,
    { timeoutMs, isOptional = false }: { timeoutMs: number; isOptional?: boolean },
  ): Promise<Response | null> {
    const trace = this.#trace(api.name, correlationId, bytes)
    const answered = new Promise<Response | null>((resolve, reject) => {
      const request = new InFlightRequest(correlationId, {
        onAnswer: (frame) => {
          try {
            resolve(this.#decode(api, version, frame))
          } catch (error) {
            const reason = undecodable(this.broker, api.name, version, error)
            reject(forRequest(reason, { correlationId, persistence: 'possibly-persisted' }))
            this.close(reason)
          }
        },
        ...(isOptional && { onPassedOver: () => resolve(null) }),
        onFailure: (reason, wasWritten) =>
          reject(
            forRequest(reason, {
              correlationId,
              persistence: wasWritten ? 'possibly-persisted' : 'not-persisted',
            }),
          ),
      })
      this.#inFlight.add(request)
      if (!this.#connection.isOpen) {
        this.#inFlight.failAll(() => connectionClosed(this.broker))
        return
      }
      request.sent()
      request.expireAfter(timeoutMs, () =>
        this.close(expired(this.broker, api.name, timeoutMs, this.#isBroker)),
      )
      this.#inFlight.startClock()
    })
    return trace ? trace.follow(answered) : answered
  }

  #ended(reason: KafkaError): void {
    this.#throttle.end()
    this.#inFlight.failAll(() => reason)
    for (const fail of [...this.#writing]) fail(reason)
    this.#onClose(reason)
  }

  #decode<Response>(api: Api<unknown, Response>, version: number, frame: Buffer): Response {
    const { body, trailingBytes } = decodeResponse(api, version, frame)
    if (trailingBytes > 0 && !this.#warnedOfTrailingBytes) {
      this.#warnedOfTrailingBytes = true
      const what = `${counted(trailingBytes, 'byte')} after the last field of its ${api.name} v${version} answer`
      this.#settings.logger.warn(`${this.#connection.broker} sent ${what}; ignored`)
    }
    const { throttleTimeMs = 0 } = body as { throttleTimeMs?: number }
    if (throttleTimeMs > 0) {
      if (version >= api.throttledByClientFrom) this.#throttle.begin(throttleTimeMs)
      this.#settings.onThrottle?.(this.#connection.broker, throttleTimeMs)
    }
    return body
  }

  #trace(api: string, correlationId: number, bytes: number): RequestTrace | null {
    const { clientId } = this.#settings
    return RequestTrace.start(clientId, this.#connection.broker, api, correlationId, bytes)
  }

  /** Version 0 is understood by every broker before 4.0. */
  #versionOf(api: Api<unknown, unknown>): number {
    return this.#versions?.versionOf(api, this.#connection.broker) ?? api.minVersion
  }

  #nextCorrelationId(): number {
    const id = this.#correlationId
    this.#correlationId = id === MAX_CORRELATION_ID ? 0 : id + 1
    return id
  }
}
