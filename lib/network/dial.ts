/**
 * Opens a socket to one of the addresses that a name resolves to: the first one that connects.
 *
 * Addresses are tried in the order of the resolver, families taking turns, the next one 250 ms after the one before or
 * as soon as that has failed. An attempt that takes longer goes on beside the later ones, in contrast to Node's
 * `autoSelectFamily`, which gives it up: a far broker may need more than 250 ms. Names are resolved anew each time, and
 * the address of the last connection comes last: who is connected there and has to connect again may have been
 * disconnected because nothing works behind it. Knows no time limit.
 *
 * @see RFC 8305, sections 4 and 5; KIP-302
 */
import dns from 'node:dns'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import type { BrokerAddress } from '../broker-address.js'

export interface DialOptions {
  /** Opens the socket to one address, whose host is an IP address. */
  readonly openSocket: (address: BrokerAddress) => Socket
  /** Resolves a name to all of its addresses. Default: `dns.lookup`. */
  readonly lookup?: LookupFunction
  /** The IP address to be tried last, if the name still has it. Default: none. */
  readonly lastAddress?: string | null
}

export interface Dialled {
  /** Called in the turn in which the socket connected: listen to it at once. @param address - the IP address. */
  onConnected(socket: Socket, address: string): void
  /** No address can be connected to. @param cause - null when the socket was closed without any reason. */
  onFailed(cause: Error | null): void
}

const ATTEMPT_DELAY_MS = 250

export class Dial {
  readonly #port: number
  readonly #options: DialOptions
  readonly #dialled: Dialled
  /** Addresses that are left to try. */
  #left: string[] = []
  /** Sockets on their way, with what takes our listeners off. */
  readonly #attempts = new Map<Socket, () => void>()
  readonly #failures: (Error | null)[] = []
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  /** Calls exactly one of the two, later or at once, unless it is cancelled before. */
  constructor({ host, port }: BrokerAddress, options: DialOptions, dialled: Dialled) {
    this.#port = port
    this.#options = options
    this.#dialled = dialled
    if (isIP(host)) this.#start([host])
    else this.#resolve(host)
  }

  /** Closes all that is on its way. */
  cancel(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    for (const [socket, release] of this.#attempts) discard(socket, release)
    this.#attempts.clear()
  }

  #resolve(host: string): void {
    // Read at each call, so that a replacement is used.
    const lookup: LookupFunction = this.#options.lookup ?? dns.lookup
    lookup(host, { all: true }, (error, found) => {
      if (this.#isOver) return
      if (error) this.#fail(error)
      else
        this.#start(this.#inOrder(typeof found === 'string' ? [found] : found.map(({ address }) => address)))
    })
  }

  #inOrder(found: readonly string[]): string[] {
    const addresses = inTurns(found)
    const next = addresses.indexOf(this.#options.lastAddress ?? '') + 1
    return [...addresses.slice(next), ...addresses.slice(0, next)]
  }

  #start(addresses: string[]): void {
    this.#left = addresses
    this.#next()
  }

  #next(): void {
    clearTimeout(this.#timer)
    const address = this.#left.shift()
    if (address === undefined) {
      if (this.#attempts.size === 0) this.#fail(asOne(this.#failures))
      return
    }
    if (this.#left.length > 0) this.#timer = setTimeout(() => this.#next(), ATTEMPT_DELAY_MS)
    this.#attempt(address)
  }

  #attempt(host: string): void {
    let socket: Socket
    try {
      socket = this.#options.openSocket({ host, port: this.#port })
    } catch (error) {
      this.#failures.push(error as Error)
      this.#next()
      return
    }
    const release = (): void => {
      // Only what is ours: Node, and whoever wraps the socket, has listeners of its own.
      socket.off('connect', onConnect).off('error', onEnd).off('close', onClose)
    }
    const onConnect = (): void => {
      release()
      this.#attempts.delete(socket)
      this.cancel()
      this.#dialled.onConnected(socket, host)
    }
    const onEnd = (cause: Error | null): void => {
      discard(socket, release)
      this.#attempts.delete(socket)
      this.#failures.push(cause)
      this.#next()
    }
    const onClose = (): void => onEnd(null)
    this.#attempts.set(socket, release)
    socket.on('connect', onConnect).on('error', onEnd).on('close', onClose)
  }

  #fail(cause: Error | null): void {
    this.#isOver = true
    this.#dialled.onFailed(cause)
  }
}

/** @param release - takes our listeners off. */
function discard(socket: Socket, release: () => void): void {
  release()
  // A socket may still report on its way out.
  socket.on('error', () => {})
  socket.destroy()
}

/** Families take turns, that of the first address begins. */
function inTurns(addresses: readonly string[]): string[] {
  const family = isIP(addresses[0] ?? '')
  const same = addresses.filter((address) => isIP(address) === family)
  const other = addresses.filter((address) => isIP(address) !== family)
  return same.flatMap((address, i) => [address, ...other.slice(i, i + 1)]).concat(other.slice(same.length))
}

function asOne(failures: readonly (Error | null)[]): Error | null {
  const errors = failures.filter((failure) => failure !== null)
  if (errors.length > 1) return new AggregateError(errors)
  return errors[0] ?? null
}
