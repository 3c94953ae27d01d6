/**
 * A TCP proxy on loopback that behaves like a bad network: delay, little bandwidth, a black hole, a connection that ends
 * after a number of bytes.
 *
 * Faults hold per connection and direction, order is always kept, and changed faults count from the next byte on.
 * It knows nothing of Kafka: bytes in, the same bytes out, later or never.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type CloseKind, Direction, type DirectionFaults } from './direction.js'

export type { CloseKind, DirectionFaults } from './direction.js'

export interface Faults {
  /** From whoever connects to the target. */
  readonly toTarget?: DirectionFaults
  /** From the target to whoever connected. */
  readonly toClient?: DirectionFaults
}

export interface FaultProxyOptions {
  /** Port of the target on loopback. May be set later; until then connections are reset. */
  readonly targetPort?: number
  /** Default: a network without delay. */
  readonly faults?: Faults
}

interface Link {
  readonly client: Socket
  readonly target: Socket
  readonly toTarget: Direction
  readonly toClient: Direction
}

export class FaultProxy {
  targetPort: number | null
  /** Connections accepted so far. */
  accepted = 0
  readonly #server: Server
  readonly #links = new Set<Link>()
  #faults: Faults

  private constructor({ targetPort, faults = {} }: FaultProxyOptions) {
    this.targetPort = targetPort ?? null
    this.#faults = faults
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client))
  }

  /** Listens on a free port of loopback. */
  static async listen(options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(options)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#links.size
  }

  /** Changes the network for all connections, those that are open included. */
  set faults(faults: Faults) {
    this.#faults = faults
    for (const link of this.#links) {
      link.toTarget.faults = faults.toTarget ?? {}
      link.toClient.faults = faults.toClient ?? {}
    }
  }

  /** Ends all open connections, on both sides. */
  endAll(how: CloseKind): void {
    for (const link of this.#links) end(link, how)
  }

  /** Stops listening and resets what is open. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.endAll('reset')
    await closed
  }

  #accept(client: Socket): void {
    this.accepted++
    if (this.targetPort === null) {
      client.on('error', () => {})
      client.resetAndDestroy()
      return
    }
    const link = this.#link(client, this.targetPort)
    const { target } = link
    this.#links.add(link)
    for (const socket of [client, target]) {
      // The reason does not matter: one side is gone, so the other one goes.
      socket.on('error', () => {})
      socket.on('close', () => this.#closed(link, socket))
    }
  }

  #link(client: Socket, port: number): Link {
    const { toTarget = {}, toClient = {} } = this.#faults
    const target = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
    const onEnd = (how: CloseKind): void => end(link, how)
    // The kernel has shaken hands at once; over a real network that takes a round trip, and no byte goes out before.
    const openedAtMs = performance.now() + (toTarget.delayMs ?? 0) + (toClient.delayMs ?? 0)
    const link: Link = {
      client,
      target,
      toTarget: new Direction({ source: client, sink: target, faults: toTarget, openedAtMs, onEnd }),
      toClient: new Direction({ source: target, sink: client, faults: toClient, openedAtMs, onEnd }),
    }
    return link
  }

  #closed(link: Link, socket: Socket): void {
    // What a side has said before it ended properly is still on its way to the other one.
    if (!socket.readableEnded || !socket.writableFinished) end(link, 'reset')
    if (link.client.closed && link.target.closed) this.#links.delete(link)
  }
}

function end({ client, target, toTarget, toClient }: Link, how: CloseKind): void {
  for (const direction of [toTarget, toClient]) direction.stop()
  for (const socket of [client, target]) {
    if (how === 'reset') socket.resetAndDestroy()
    else socket.destroySoon()
  }
}
