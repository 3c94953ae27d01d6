/**
 * One TCP connection to one broker: writes requests, splits what arrives into frames, closes it.
 *
 * It handles neither correlation ids nor topics. It ends exactly once, with a reason.
 *
 * @see docs/reference/classic-producer.md#sockets, docs/decisions/0000-classic-producer.md#d8
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { addressText, type BrokerAddress } from '../broker-address.js'
import { ConnectionError, DecodeError, type KafkaError, SslAuthenticationError } from '../errors.js'
import { FrameDecoder, isTlsRecord } from '../protocol/frame.js'
import { type Connecting, describeCause } from './connect.js'
import { alertFailure } from './tls-errors.js'

export interface ConnectionOptions {
  /** Opens the socket; see `connectTo`. */
  readonly connect: (address: BrokerAddress, connecting: Connecting, signal?: AbortSignal) => void
  /** Largest response accepted, in bytes. */
  readonly maxFrameBytes: number
  /** The listener is called when nothing was written or read for so many milliseconds; 0: never. */
  readonly maxIdleMs: number
}

export interface ConnectionListener {
  /** Whether the peer owes an answer: one that closes instead, and has never said a word, may be no broker at all. */
  readonly awaitsAnswer: boolean
  onFrame(frame: Buffer): void
  /** Nothing was written or read for `maxIdleMs`; not called again before something is. */
  onIdle?(): void
  /** Called once, after an open connection ended. */
  onClose(reason: KafkaError): void
}

export class Connection {
  /** `host:port` as it was asked for. */
  readonly broker: string
  readonly #socket: Socket
  readonly #decoder: FrameDecoder
  readonly #listener: ConnectionListener
  #closed: KafkaError | null = null
  /** Nothing was read yet. */
  #isFresh = true

  private constructor(
    socket: Socket,
    broker: string,
    { maxFrameBytes, maxIdleMs }: ConnectionOptions,
    listener: ConnectionListener,
  ) {
    this.broker = broker
    this.#socket = socket
    this.#decoder = new FrameDecoder(maxFrameBytes)
    this.#listener = listener
    socket.on('data', (chunk) => this.#onData(chunk))
    socket.on('end', () => this.close(this.#endedBy()))
    socket.on('error', (cause) => this.close(this.#brokenBy(cause)))
    socket.on('close', () => this.close(this.#endedBy()))
    // The timer of the socket costs neither a clock read per request nor a wake-up before its time.
    if (maxIdleMs > 0) socket.setTimeout(maxIdleMs)
    socket.on('timeout', () => listener.onIdle?.())
  }

  /**
   * @param signal - gives up while connecting; a KafkaError as its reason is what this rejects with.
   * @throws {ConnectionError} refused, not resolved, unreachable; `cause` is the socket's error.
   * @throws {RequestTimeoutError} when neither yes nor no comes within `connectTimeoutMs`.
   */
  static open(
    address: BrokerAddress,
    options: ConnectionOptions,
    listener: ConnectionListener,
    signal?: AbortSignal,
  ): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const onConnected = (socket: Socket): void =>
        resolve(new Connection(socket, addressText(address), options, listener))
      options.connect(address, { onConnected, onFailed: reject }, signal)
    })
  }

  get isOpen(): boolean {
    return this.#closed === null
  }

  /**
   * Hands bytes to the kernel. `onWritten` is called once all of them are there, and never when the connection
   * ended before; `onClose` reports that.
   *
   * @returns false when the connection has already ended.
   */
  write(bytes: Buffer, onWritten: () => void): boolean {
    if (this.#closed) return false
    this.#socket.write(bytes, (error) => {
      // A destroyed socket calls back without an error for what it did not write.
      if (!error && !this.#closed) onWritten()
    })
    return true
  }

  /** Ends the connection for this reason; the first one counts. */
  close(reason: KafkaError): void {
    if (this.#closed) return
    this.#closed = reason
    this.#socket.destroy()
    this.#listener.onClose(reason)
  }

  #onData(chunk: Buffer): void {
    const isFirst = this.#isFresh
    this.#isFresh = false
    try {
      const only = this.#closed ? null : this.#decoder.only(chunk)
      if (only) {
        this.#listener.onFrame(only)
        return
      }
      for (const frame of this.#decoder.push(chunk)) {
        if (this.#closed) return
        this.#listener.onFrame(frame)
      }
    } catch (cause) {
      if (isFirst && isTlsRecord(chunk)) {
        this.close(reachedWithoutTls(this.broker))
        return
      }
      const text = `${this.broker} broke the protocol: ${(cause as Error).message}`
      this.close(new DecodeError(text, { broker: this.broker, cause }))
    }
  }

  #endedBy(): ConnectionError {
    let when = this.#decoder.pendingBytes > 0 ? ' in the middle of a response' : ''
    if (this.#isFresh && this.#listener.awaitsAnswer) {
      when =
        this.#socket instanceof TLSSocket
          ? afterHandshake
          : ' without a word: for a TLS port set security.protocol to SSL or SASL_SSL; is it a Kafka broker, and is this its plaintext port?'
    }
    return new ConnectionError(`${this.broker} closed the connection${when}`, { broker: this.broker })
  }

  #brokenBy(cause: Error): KafkaError {
    const hint = this.#isFresh && this.#socket instanceof TLSSocket ? afterHandshake : ''
    const text = `the connection to ${this.broker} broke${hint}: ${describeCause(cause)}`
    return alertFailure(this.broker, cause) ?? new ConnectionError(text, { broker: this.broker, cause })
  }
}

const afterHandshake =
  ' without a word after the TLS handshake (does it ask for a certificate of this client, ssl.keystore.location, or for SASL, security.protocol=SASL_SSL?)'

function reachedWithoutTls(broker: string): SslAuthenticationError {
  const text = `${broker} answered with TLS, but was asked without: set security.protocol to SSL or SASL_SSL, or use the port of its plaintext listener`
  return new SslAuthenticationError(text, { broker })
}
