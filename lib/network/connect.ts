/**
 * Opens a TCP connection to a broker, or says why it cannot be had.
 *
 * All addresses of a name are tried within one time limit (Node's family auto-selection); names are resolved anew each
 * time. What is heard of the socket before it is open is dealt with here, what comes later belongs to whoever takes it.
 *
 * @see classic-producer reference §6.3, design D7
 */
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import type { BrokerAddress } from '../config/broker-list.js'
import { ConnectionError, KafkaError, printable, RequestTimeoutError } from '../errors.js'
import { startDeadline } from './deadline.js'

export interface ConnectSettings {
  /** Limit for resolving and connecting together, in milliseconds. */
  readonly connectTimeoutMs: number
  /** Bytes that may wait in this process before the socket reports pressure; ≤ 0 leaves Node's default. */
  readonly sendBufferBytes: number
  /** Opens the socket; for specs and for wrapping. Default: `net.connect`. */
  readonly openSocket?: (options: TcpNetConnectOpts) => Socket
}

export interface Connecting {
  /** Called in the turn in which the socket connected: listen to it at once. */
  onConnected(socket: Socket): void
  /** The socket is gone. */
  onFailed(error: KafkaError): void
}

/** `host:port`, IPv6 in brackets, fit for a message. */
export function addressText({ host, port }: BrokerAddress): string {
  const safe = printable(host)
  return host.includes(':') ? `[${safe}]:${port}` : `${safe}:${port}`
}

/** Calls exactly one of the two, later or at once. @param signal - gives up; a KafkaError as its reason is the failure. */
export function connectTo(
  address: BrokerAddress,
  settings: ConnectSettings,
  { onConnected, onFailed }: Connecting,
  signal?: AbortSignal,
): void {
  const broker = addressText(address)
  if (signal?.aborted) {
    onFailed(givenUp(broker, signal))
    return
  }
  const socket = open(address, settings)
  if (socket instanceof Error) {
    onFailed(connectFailure(broker, socket))
    return
  }
  const settle = (): void => {
    cancelDeadline()
    // Only what is ours: Node, and whoever wraps the socket, has listeners of its own.
    socket.off('error', onError).off('close', onClose).off('connect', onConnect)
    signal?.removeEventListener('abort', onAbort)
  }
  const fail = (error: KafkaError): void => {
    settle()
    // A socket may still report on its way out.
    socket.on('error', () => {})
    socket.destroy()
    onFailed(error)
  }
  const onError = (cause: Error): void => fail(connectFailure(broker, cause))
  const onClose = (): void => fail(new ConnectionError(`${broker} closed the connection at once`, { broker }))
  const onAbort = (): void => fail(givenUp(broker, signal!))
  const onConnect = (): void => {
    settle()
    onConnected(socket)
  }
  const cancelDeadline = startDeadline(settings.connectTimeoutMs, () => {
    const text = `no connection to ${broker} within ${settings.connectTimeoutMs} ms; is the address right and reachable?`
    fail(new RequestTimeoutError(text, { broker }))
  })
  signal?.addEventListener('abort', onAbort)
  socket.on('error', onError).on('close', onClose).on('connect', onConnect)
}

/** @returns why a socket cannot even be made: no host, a port out of range, no file handle left. */
function open({ host, port }: BrokerAddress, settings: ConnectSettings): Socket | Error {
  // Node takes no host for localhost, and leaves a socket behind when it refuses a port.
  if (host === '' || !(port >= 1 && port <= 65535)) return new Error('no host, or a port outside 1 to 65535')
  const { openSocket = connect, sendBufferBytes } = settings
  const options = {
    host,
    port,
    noDelay: true,
    keepAlive: true,
    autoSelectFamily: true,
    ...(sendBufferBytes > 0 && { writableHighWaterMark: sendBufferBytes }),
  }
  try {
    return openSocket(options)
  } catch (error) {
    return error as Error
  }
}

function givenUp(broker: string, { reason }: AbortSignal): KafkaError {
  if (reason instanceof KafkaError) return reason
  return new ConnectionError(`connecting to ${broker} was given up`, { broker })
}

function connectFailure(broker: string, cause: Error): ConnectionError {
  return new ConnectionError(`cannot connect to ${broker}: ${describeCause(cause)}`, { broker, cause })
}

/** The socket's word; for several tried addresses, each one's. */
export function describeCause(cause: Error): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) {
    return cause.errors.map((one) => printable(String((one as Error).message))).join('; ')
  }
  return printable(cause.message || (cause as NodeJS.ErrnoException).code || cause.name)
}
