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
import { requestBuffers } from '../protocol/buffer-pool.js'
import {
  type ApiVersionsResponse,
  apiVersions,
  type MetadataRequest,
  type MetadataResponse,
  metadata,
} from '../protocol/messages/index.js'
import { decodeResponse, EncodedRequest, encodeRequest } from '../protocol/request-response.js'
import type { BrokerVersions } from './broker-versions.js'
import { connectionClosed, expired, forRequest, undecodable, unused, writeTimedOut } from './client-errors.js'
import type { Connection, ConnectionListener } from './connection.js'
import { startDeadline } from './deadline.js'
import { InFlight, InFlightRequest } from './in-flight.js'
import { framedToken, RawTokens } from './raw-tokens.js'
import { RequestHold } from './request-hold.js'
import { RequestTrace } from './request-trace.js'
import { ThrottleGate } from './throttle-gate.js'

export interface BrokerClientOptions {
  /** Opens the connection, which is the client's own; see {@link Connection.open}. */
  readonly open: (
    address: BrokerAddress,
    listener: ConnectionListener,
    signal?: AbortSignal,
  ) => Promise<Connection>
  readonly clientId: string
  readonly logger: Logger
  /** A quota was exceeded: called with how long the broker holds back, or asks the client to. */
  readonly onThrottle?: (broker: string, throttleTimeMs: number) => void
  /** A request of any kind is written; called with its bytes. */
  readonly onWritten?: (broker: string, bytes: number) => void
  /** An answer of any kind was read; called with its bytes, those of its length included. */
  readonly onRead?: (broker: string, bytes: number) => void
}

/** What stands before a frame. */
const LENGTH_BYTES = 4

export interface RequestOptions {
  /** Milliseconds to wait for the answer, from when all earlier requests of the connection have theirs. */
  timeoutMs: number
  /** The version that the body was made for. Default: the newest that both sides know. */
  version?: number
  /** Expected bytes of the request; only saves copying. */
  sizeHint?: number
  /**
   * Called with the bytes of the request, its length field included, in the turn in which they are sent, before; what
   * it throws keeps them from being sent, and gives the buffer of the request back.
   */
  onEncoded?: (bytes: number) => void
}

const MAX_CORRELATION_ID = 0x7fffffff

export class BrokerClient {
  readonly #options: BrokerClientOptions
  readonly #throttle = new ThrottleGate()
  readonly #inFlight = new InFlight(() => this.#throttle.remainingMs)
  /** Requests without an answer that are not yet in the kernel's hands. */
  readonly #writing = new Set<(reason: KafkaError) => void>()
  readonly #onClose: (reason: KafkaError) => void
  readonly #hold = new RequestHold()
  readonly #tokens = new RawTokens()
  readonly #onEnd = new Set<(reason: KafkaError) => void>()
  #versions: BrokerVersions | null = null
  #connection!: Connection
  #correlationId = 0
  #hasAnswered = false
  /** Requests without an answer that are in the kernel's hands, since the broker last answered anything. */
  #unconfirmed = 0
  #warnedOfTrailingBytes = false
  #wasIdle = false

  private constructor(options: BrokerClientOptions, onClose: (reason: KafkaError) => void) {
    this.#options = options
    this.#onClose = onClose
  }

  /**
   * @param onClose - called once when the open connection ends, after all waiting requests have failed.
   * @throws {ConnectionError | RequestTimeoutError} see {@link Connection.open}.
   */
  static async connect(
    address: BrokerAddress,
    options: BrokerClientOptions,
    onClose: (reason: KafkaError) => void,
    signal?: AbortSignal,
  ): Promise<BrokerClient> {
    const client = new BrokerClient(options, onClose)
    const listener: ConnectionListener = {
      get awaitsAnswer() {
        return client.#inFlight.size > 0 && !client.#isBroker
      },
      onFrame: (frame: Buffer): void => {
        options.onRead?.(client.#connection.broker, frame.length + LENGTH_BYTES)
        if (!client.#tokens.take(frame)) client.#inFlight.answer(frame)
        client.#hasAnswered = true
        client.#unconfirmed = 0
      },
      onIdle: () => client.#closeIfUnused(),
      onClose: (reason: KafkaError): void => client.#ended(reason),
    }
    client.#connection = await options.open(address, listener, signal)
    return client
  }

  get isOpen(): boolean {
    return this.#connection.isOpen
  }

  /** Whoever has answered, or whose versions are known from an earlier connection, is no other kind of server. */
  get #isBroker(): boolean {
    return this.#hasAnswered || this.#versions?.isPinned === false
  }

  /** Whether it was closed because nobody used it. */
  get wasIdle(): boolean {
    return this.#wasIdle
  }

  /** Whether any answer has come yet. */
  get hasAnswered(): boolean {
    return this.#hasAnswered
  }

  /**
   * Requests that the broker has to read first before it reads another one: those without an answer, and those that
   * have none and were written since it last answered. Infinite while it holds requests back.
   */
  get load(): number {
    if (this.#throttle.wait()) return Number.POSITIVE_INFINITY
    return this.#inFlight.size + this.#writing.size + this.#unconfirmed
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

  /** Called when the connection ends, before all that waits has failed. @returns takes it back. */
  onEnd(listener: (reason: KafkaError) => void): () => void {
    this.#onEnd.add(listener)
    return () => void this.#onEnd.delete(listener)
  }

  /**
   * Has the connection to itself for a login: requests wait until it has ended, all but those of {@link requestAtOnce}. Where
   * it fails, the connection is closed: nobody knows what the broker takes the next bytes for.
   */
  async apart<T>(run: () => Promise<T>): Promise<T> {
    this.#hold.begin()
    try {
      return await run()
    } catch (error) {
      this.close(error as KafkaError)
      throw error
    } finally {
      this.#hold.end()
    }
  }

  /** Sends a bare token; resolves with the broker's, which is the next frame. Only while no request is in flight. */
  exchangeToken(token: Uint8Array, timeoutMs: number): Promise<Buffer> {
    const answered = this.#tokens.next(timeoutMs, () =>
      this.close(expired(this.broker, 'a token', timeoutMs, true)),
    )
    if (!this.#connection.write(framedToken(token), () => {}))
      this.#tokens.fail(connectionClosed(this.broker))
    return answered
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
    const { clientId } = this.#options
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
    if (this.#connection.isOpen) {
      this.#connection.write(Buffer.concat([question, request]), () => {})
      for (const { length } of [question, request]) this.#options.onWritten?.(this.#connection.broker, length)
    }
    return { versions, metadata: answer as Promise<MetadataResponse> }
  }

  /**
   * Encodes a request ahead of its turn, for {@link request} or {@link send}, which then give its buffer back. Whoever does not
   * send it may give it back.
   *
   * @throws {UnsupportedVersionError} when the broker does not know the request in any version supported here.
   * @throws {EncodeError}
   */
  encode<Request>(
    api: Api<Request, unknown>,
    body: Request,
    { version = this.#versionOf(api), sizeHint }: Pick<RequestOptions, 'version' | 'sizeHint'>,
  ): EncodedRequest {
    const { clientId } = this.#options
    try {
      return new EncodedRequest(api, version, clientId, body, sizeHint, requestBuffers)
    } catch (cause) {
      // Nothing has been sent, and nobody may think that it has.
      throw asKafkaError(cause) ?? new EncodeError(`a ${api.name} request cannot be written`, { cause })
    }
  }

  /**
   * Sends a request and resolves with its decoded answer; holds it back first while the broker wants that.
   *
   * @param body - or the request as {@link encode} made it.
   * @throws {UnsupportedVersionError | EncodeError} at once, as {@link encode}.
   */
  request<Request, Response>(
    api: Api<Request, Response>,
    body: Request | EncodedRequest,
    options: RequestOptions,
  ): Promise<Response> {
    if (this.#hold.isHeld) return this.#hold.wait(() => this.request(api, body, options))
    const throttled = this.#throttle.wait()
    if (throttled) return throttled.then(() => this.request(api, body, options))
    return this.requestAtOnce(api, body, options)
  }

  /** As {@link request}, whatever holds requests back: for the login itself. */
  requestAtOnce<Request, Response>(
    api: Api<Request, Response>,
    body: Request | EncodedRequest,
    options: RequestOptions,
  ): Promise<Response> {
    const encoded = this.#readyToWrite(api, body, options)
    const correlationId = this.#nextCorrelationId()
    const bytes = encoded.bytes(correlationId)
    const { timeoutMs } = options
    const answered = this.#answerTo(api, encoded.version, correlationId, bytes.length, { timeoutMs })
    this.#write(encoded, bytes)
    return answered as Promise<Response>
  }

  /**
   * Sends a request that has no answer; resolves when all its bytes are in the kernel's hands.
   *
   * @param body - or the request as {@link encode} made it.
   */
  send<Request>(
    api: Api<Request, unknown>,
    body: Request | EncodedRequest,
    options: RequestOptions,
  ): Promise<void> {
    if (this.#hold.isHeld) return this.#hold.wait(() => this.send(api, body, options))
    const throttled = this.#throttle.wait()
    if (throttled) return throttled.then(() => this.send(api, body, options))
    const { timeoutMs } = options
    const encoded = this.#readyToWrite(api, body, options)
    const correlationId = this.#nextCorrelationId()
    const bytes = encoded.bytes(correlationId)
    const trace = this.#trace(api.name, correlationId, bytes.length)
    const written = new Promise<void>((resolve, reject) => {
      if (!this.#connection.isOpen) {
        encoded.release()
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
      this.#write(encoded, bytes, () => {
        cancelDeadline()
        if (!this.#writing.delete(fail)) return
        this.#unconfirmed++
        resolve()
      })
    })
    return trace ? trace.follow(written) : written
  }

  /** Ends the connection; what waits fails with this reason. */
  close(reason: KafkaError): void {
    this.#connection.close(reason)
  }

  #readyToWrite<Request>(
    api: Api<Request, unknown>,
    body: Request | EncodedRequest,
    options: RequestOptions,
  ): EncodedRequest {
    const encoded = body instanceof EncodedRequest ? body : this.encode(api, body, options)
    try {
      options.onEncoded?.(encoded.length)
    } catch (error) {
      encoded.release()
      throw error
    }
    return encoded
  }

  /**
   * The socket may read the bytes until it has called back. Where the connection ends first nobody knows when it is done
   * with them, and their buffer is left to the garbage collector.
   */
  #write(encoded: EncodedRequest, bytes: Buffer, onWritten?: () => void): void {
    if (!this.#connection.isOpen) {
      encoded.release()
      return
    }
    this.#options.onWritten?.(this.#connection.broker, bytes.length)
    this.#connection.write(bytes, () => {
      encoded.release()
      onWritten?.()
    })
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

  /** A request without an answer has a time limit of its own, and one that is held back has not been sent. */
  #closeIfUnused(): void {
    if (this.#inFlight.size > 0 || this.#writing.size > 0 || this.#throttle.wait()) return
    this.#wasIdle = true
    this.close(unused(this.broker))
  }

  #ended(reason: KafkaError): void {
    for (const listener of [...this.#onEnd]) listener(reason)
    this.#throttle.end()
    this.#tokens.fail(reason)
    this.#inFlight.failAll(() => reason)
    for (const fail of [...this.#writing]) fail(reason)
    this.#onClose(reason)
  }

  #decode<Response>(api: Api<unknown, Response>, version: number, frame: Buffer): Response {
    const { body, trailingBytes } = decodeResponse(api, version, frame)
    if (trailingBytes > 0 && !this.#warnedOfTrailingBytes) {
      this.#warnedOfTrailingBytes = true
      const what = `${counted(trailingBytes, 'byte')} after the last field of its ${api.name} v${version} answer`
      this.#options.logger.warn(`${this.#connection.broker} sent ${what}; ignored`)
    }
    const { throttleTimeMs = 0 } = body as { throttleTimeMs?: number }
    if (throttleTimeMs > 0) {
      if (version >= api.throttledByClientFrom) this.#throttle.begin(throttleTimeMs)
      this.#options.onThrottle?.(this.#connection.broker, throttleTimeMs)
    }
    return body
  }

  #trace(api: string, correlationId: number, bytes: number): RequestTrace | null {
    const { clientId } = this.#options
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
