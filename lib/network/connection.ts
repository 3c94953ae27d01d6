/**
 * One TCP connection to one broker: opens it, writes requests, cuts what arrives into frames, closes it.
 *
 * Knows no correlation id and no topic. It ends exactly once, and says why; all addresses of a name are tried within
 * one connect time (Node's family auto-selection), names are resolved anew at each connect.
 *
 * @see classic-producer reference §6.3, design D7 and D8
 */
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { BrokerAddress } from '../config/broker-list.js'
import { ConnectionError, DecodeError, type KafkaError, printable, RequestTimeoutError } from '../errors.js'
import { FrameDecoder } from '../protocol/frame.js'

export type { BrokerAddress }

export interface ConnectionSettings {
  /** Limit for resolving and connecting together, in milliseconds. */
  readonly connectTimeoutMs: number
  /** Bytes that may wait in this process before `write` reports pressure; ≤ 0 leaves Node's default. */
  readonly sendBufferBytes: number
  /** Largest response accepted, in bytes. */
  readonly maxFrameBytes: number
  /** Opens the socket; for specs and for wrapping. Default: `net.connect`. */
  readonly openSocket?: (options: TcpNetConnectOpts) => Socket
}

export interface ConnectionListener {
  onFrame(frame: Buffer): void
  /** Called once, after an open connection ended. */
  onClose(reason: KafkaError): void
}

/** `host:port`, IPv6 in brackets, fit for a message. */
export function addressText({ host, port }: BrokerAddress): string {
  const safe = printable(host)
  return host.includes(':') ? `[${safe}]:${port}` : `${safe}:${port}`
}

export class Connection {
  /** `host:port` as it was asked for. */
  readonly broker: string
  readonly #socket: Socket
  readonly #decoder: FrameDecoder
  readonly #listener: ConnectionListener
  #closed: KafkaError | null = null

  private constructor(socket: Socket, broker: string, maxFrameBytes: number, listener: ConnectionListener) {
    this.broker = broker
    this.#socket = socket
    this.#decoder = new FrameDecoder(maxFrameBytes)
    this.#listener = listener
    socket.on('data', (chunk) => this.#onData(chunk))
    socket.on('end', () => this.close(this.#endedBy()))
    socket.on('error', (cause) => this.close(this.#brokenBy(cause)))
    socket.on('close', () => this.close(this.#endedBy()))
  }

  /**
   * @throws {ConnectionError} refused, not resolved, unreachable; `cause` is the socket's error.
   * @throws {RequestTimeoutError} when neither yes nor no comes within `connectTimeoutMs`.
   */
  static open(
    address: BrokerAddress,
    settings: ConnectionSettings,
    listener: ConnectionListener,
    signal?: AbortSignal,
  ): Promise<Connection> {
    const broker = addressText(address)
    const open = settings.openSocket ?? connect
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new ConnectionError(`connecting to ${broker} was given up`, { broker }))
        return
      }
      const socket = open({
        host: address.host,
        port: address.port,
        noDelay: true,
        keepAlive: true,
        autoSelectFamily: true,
        ...(settings.sendBufferBytes > 0 && { writableHighWaterMark: settings.sendBufferBytes }),
      } as TcpNetConnectOpts)
      const settle = (): void => {
        clearTimeout(timer)
        socket.removeAllListeners()
        signal?.removeEventListener('abort', onAbort)
      }
      const fail = (error: KafkaError): void => {
        settle()
        // A socket may still report on its way out.
        socket.on('error', () => {})
        socket.destroy()
        reject(error)
      }
      const onAbort = (): void =>
        fail(new ConnectionError(`connecting to ${broker} was given up`, { broker }))
      const timer = setTimeout(() => {
        const text = `no connection to ${broker} within ${settings.connectTimeoutMs} ms; is the address right and reachable?`
        fail(new RequestTimeoutError(text, { broker }))
      }, settings.connectTimeoutMs)
      signal?.addEventListener('abort', onAbort)
      socket.once('error', (cause) => fail(connectFailure(broker, cause)))
      socket.once('close', () =>
        fail(new ConnectionError(`${broker} closed the connection at once`, { broker })),
      )
      socket.once('connect', () => {
        settle()
        resolve(new Connection(socket, broker, settings.maxFrameBytes, listener))
      })
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
      if (!error) onWritten()
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
    try {
      for (const frame of this.#decoder.push(chunk)) {
        if (this.#closed) return
        this.#listener.onFrame(frame)
      }
    } catch (cause) {
      const text = `${this.broker} broke the protocol: ${(cause as Error).message}`
      this.close(new DecodeError(text, { broker: this.broker, cause }))
    }
  }

  #endedBy(): ConnectionError {
    let when = this.#decoder.pendingBytes > 0 ? ' in the middle of a response' : ''
    if (this.#socket.bytesRead === 0 && this.#socket.bytesWritten > 0) {
      when = ' without a word: is it a Kafka broker, and is this its plaintext port?'
    }
    return new ConnectionError(`${this.broker} closed the connection${when}`, { broker: this.broker })
  }

  #brokenBy(cause: Error): ConnectionError {
    return new ConnectionError(`the connection to ${this.broker} broke: ${describe(cause)}`, {
      broker: this.broker,
      cause,
    })
  }
}

function connectFailure(broker: string, cause: Error): ConnectionError {
  return new ConnectionError(`cannot connect to ${broker}: ${describe(cause)}`, { broker, cause })
}

/** The socket's word; for several tried addresses, each one's. */
function describe(cause: Error): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) {
    return cause.errors.map((one) => printable(String((one as Error).message))).join('; ')
  }
  return printable(cause.message || (cause as NodeJS.ErrnoException).code || cause.name)
}
