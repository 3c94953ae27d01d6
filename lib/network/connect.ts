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
}

export interface Connecting {
  /** Called in the turn in which the socket connected: listen to it at once. */
  onConnected(socket: Socket): void
  /** The socket is closed. */
  onFailed(error: KafkaError): void
}

/** Calls exactly one of the two, later or at once. @param signal - gives up; a KafkaError as its reason is the failure. */
export function connectTo(
  address: BrokerAddress,
  { connectTimeoutMs, dial: dialTo }: ConnectOptions,
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
    onFailed(error)
  }
  const onAbort = (): void => giveUp(givenUp(broker, signal!))
  const cancelDeadline = startDeadline(connectTimeoutMs, () => {
    const text = `no connection to ${broker} within ${connectTimeoutMs} ms; is the address right and reachable?`
    giveUp(new RequestTimeoutError(text, { broker }))
  })
  signal?.addEventListener('abort', onAbort)
  const dial = dialTo(address, {
    onConnected: (socket) => {
      settle()
      onConnected(socket)
    },
    onFailed: (cause) => {
      settle()
      onFailed(cause ? connectFailure(broker, cause) : closedAtOnce(broker))
    },
  })
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
