/**
 * Opens a TCP connection to a broker, or fails with the reason.
 *
 * All addresses of a name are tried within one time limit, see {@link Dial}. What the socket reports before it is open
 * is dealt with here, what comes later belongs to whoever takes it.
 */
import type { Socket } from 'node:net'
import { addressText, type BrokerAddress, isReachable } from '../broker-address.js'
import { ConnectionError, KafkaError, printable, RequestTimeoutError } from '../errors.js'
import { startDeadline } from './deadline.js'
import type { Dial, Dialled } from './dial.js'

export interface ConnectOptions {
  /** Limit for resolving and connecting together, in milliseconds. */
  readonly connectTimeoutMs: number
  /** Tries the addresses of a name; see {@link Dial}. */
  readonly dial: (address: BrokerAddress, dialled: Dialled) => Dial
  /** What a connected socket is wrapped in, within the same limit. Default: nothing. */
  readonly secure?: Secure | null
}

/** Calls exactly one of the two, later, unless it is cancelled before by what it returns; see `TlsHandshakes`. */
export type Secure = (
  socket: Socket,
  address: BrokerAddress,
  securing: { onSecured(socket: Socket): void; onFailed(error: KafkaError): void },
) => () => void

export interface Connecting {
  /** Called in the turn in which the socket connected, or was secured: listen to it at once. */
  onConnected(socket: Socket): void
  /** The socket is closed. */
  onFailed(error: KafkaError): void
}

/** Calls exactly one of the two, later or at once. @param signal - gives up; a KafkaError as its reason is the failure. */
export function connectTo(
  address: BrokerAddress,
  { connectTimeoutMs, dial: dialTo, secure = null }: ConnectOptions,
  { onConnected, onFailed }: Connecting,
  signal?: AbortSignal,
): void {
  const broker = addressText(address)
  if (signal?.aborted) {
    onFailed(givenUp(broker, signal))
    return
  }
  // Node takes no host for localhost, and leaves a socket behind when it refuses a port.
  if (!isReachable(address)) {
    onFailed(connectFailure(broker, new Error('no host, or a port outside 1 to 65535')))
    return
  }
  const settle = (): void => {
    cancelDeadline()
    signal?.removeEventListener('abort', onAbort)
  }
  const giveUp = (error: KafkaError): void => {
    settle()
    dial.cancel()
    cancelSecuring?.()
    onFailed(error)
  }
  const onAbort = (): void => giveUp(givenUp(broker, signal!))
  const cancelDeadline = startDeadline(connectTimeoutMs, () => {
    giveUp(tooLate(broker, connectTimeoutMs, cancelSecuring !== null))
  })
  signal?.addEventListener('abort', onAbort)
  let cancelSecuring: (() => void) | null = null
  const connected = (socket: Socket): void => {
    settle()
    onConnected(socket)
  }
  const onSecureFailed = (error: KafkaError): void => {
    settle()
    onFailed(error)
  }
  const dial = dialTo(address, {
    onConnected: (socket) => {
      if (!secure) connected(socket)
      else cancelSecuring = secure(socket, address, { onSecured: connected, onFailed: onSecureFailed })
    },
    onFailed: (cause) => {
      settle()
      onFailed(cause ? connectFailure(broker, cause) : closedAtOnce(broker))
    },
  })
}

function tooLate(broker: string, timeoutMs: number, isConnected: boolean): RequestTimeoutError {
  const text = isConnected
    ? `${broker} took the connection, but the TLS handshake did not end within ${timeoutMs} ms: is this a plaintext port?`
    : `no connection to ${broker} within ${timeoutMs} ms; is the address right and reachable?`
  return new RequestTimeoutError(text, { broker })
}

function closedAtOnce(broker: string): ConnectionError {
  return new ConnectionError(`${broker} closed the connection at once`, { broker })
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
