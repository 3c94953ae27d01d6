/** One broker of a test cluster: a listener on loopback, and what it does about each request. */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { BrokerView } from './apis/api-handler.js'
import { BrokerConnection } from './broker-connection.js'
import { type Era, type EraName, eraNamed } from './eras.js'
import { beforeStoring, ending } from './fault-answers.js'
import type { Faults } from './faults.js'
import { offeredApis, type VersionCaps } from './offered-apis.js'
import { type ReceivedRequest, RequestHandler } from './request-handler.js'
import { ConnectionLogin } from './sasl/connection-login.js'
import type { ListenerLogin } from './sasl/listener-login.js'

const HOST = '127.0.0.1'
// Below the ports that systems hand out for outgoing connections: nobody is given the port of a broker that is down,
// and a client that dials it cannot by chance connect to itself.
const LOWEST_PORT = 12_000
const HIGHEST_PORT = 31_999
const ATTEMPTS = 50

/** What a broker needs of its cluster. */
export interface BrokerContext
  extends Omit<BrokerView, 'brokerId' | 'era' | 'offered' | 'onStored' | 'onRefused'> {
  readonly faults: Faults
  readonly versionCaps: VersionCaps
  /** null: nobody has to log in. */
  readonly login: ListenerLogin | null
  /** null: connections are plain. */
  readonly tls: TlsOptions | null
  onRequest(request: ReceivedRequest): void
  onStored(broker: number, topic: string, partition: number, baseOffset: bigint): void
  onRefused(broker: number, topic: string, partition: number, errorCode: number, reason: string): void
  onConnection(broker: number, connection: number): void
  onUp(broker: number): void
  onDown(broker: number): void
}

/** Ports of this process' brokers, also of those that are down: who knows one's address must not reach another. */
const kept = new Set<number>()

export class TestBroker {
  readonly id: number
  readonly rack: string | null
  readonly host = HOST
  readonly #context: BrokerContext
  readonly #sockets = new Set<Socket>()
  #era: Era
  #server: Server | null = null
  #stopping = new AbortController()
  #port = 0
  #connections = 0
  /** Starts and stops follow one another. */
  #turn: Promise<void> = Promise.resolve()

  constructor(id: number, rack: string | null, era: EraName, context: BrokerContext) {
    this.id = id
    this.rack = rack
    this.#era = eraNamed(era)
    this.#context = context
  }

  /** Kept over `stop` and `start`. */
  get port(): number {
    return this.#port
  }

  /** Whose release it is. */
  get era(): EraName {
    return this.#era.name as EraName
  }

  get isUp(): boolean {
    return this.#server !== null
  }

  /** Open connections. */
  get connections(): number {
    return this.#sockets.size
  }

  /**
   * Brings it up again; nothing happens when it is. Partitions of leaders that are down and given up become its own,
   * unless the cluster's `failover` is off.
   *
   * @param options - `port`: 0 for any other one. `era`: of another release. Default: what it had.
   * @throws {RangeError} for an era that is not known.
   */
  start({ port = this.#port, era }: { port?: number; era?: EraName } = {}): Promise<void> {
    const next = era === undefined ? null : eraNamed(era)
    return this.#next(async () => {
      if (this.#server) return
      this.#era = next ?? this.#era
      await (port === 0 ? this.#listenAnywhere() : this.#listen(port))
      this.#context.onUp(this.id)
    })
  }

  /**
   * Closes the listener and all connections at once, like a killed process: what is being held is not handled. Its
   * partitions move to other brokers as the cluster's `failover` has it.
   */
  stop(): Promise<void> {
    return this.#next(async () => {
      const server = this.#server
      if (!server) return
      this.#server = null
      this.#stopping.abort()
      for (const socket of this.#sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      this.#context.onDown(this.id)
    })
  }

  #next(step: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(step)
    this.#turn = done.catch(() => {})
    return done
  }

  async #listenAnywhere(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT + 1))
      if (kept.has(port)) continue
      try {
        await this.#listen(port)
        return
      } catch (error) {
        if (attempt >= ATTEMPTS || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      }
    }
  }

  async #listen(port: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket))
    this.#server = server
    this.#stopping = new AbortController()
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, HOST, resolve)
      })
    } catch (error) {
      this.#server = null
      throw error
    }
    kept.delete(this.#port)
    kept.add(port)
    this.#port = port
  }

  /** Lets other brokers have its port; until then one that is down has it still. */
  giveUpPort(): void {
    kept.delete(this.#port)
  }

  #serve(socket: Socket): void {
    // Accepted by the system before the listener closed.
    if (!this.#server) return void socket.destroy()
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    this.#context.onConnection(this.id, ++this.#connections)
    const connection = this.#connections
    const { tls } = this.#context
    if (tls) void this.#secure(socket, tls, connection)
    else this.#take(socket, connection, () => socket.resetAndDestroy())
  }

  /** Never rejects. */
  async #secure(socket: Socket, tls: TlsOptions, connection: number): Promise<void> {
    const { signal } = this.#stopping
    const faults = this.#context.faults.actingOn({ api: 'TlsHandshake', broker: this.id, topics: [] })
    socket.on('error', () => {})
    const early = (await beforeStoring(faults, signal)) ?? ending(faults)
    if (early) {
      // In the middle: the client has begun.
      socket.once('data', () => (early.end === 'reset' ? socket.resetAndDestroy() : socket.destroy()))
      return
    }
    const server = createTlsServer({ ...tls, allowHalfOpen: true }, (secured) => {
      this.#take(secured, connection, () => socket.resetAndDestroy())
    })
    server.on('tlsClientError', () => socket.destroy())
    server.emit('connection', socket)
  }

  /** @param reset - ends the connection with a TCP reset. */
  #take(socket: Socket, connection: number, reset: () => void): void {
    const { login: listener, versionCaps } = this.#context
    const { taken } = offeredApis(this.#era, versionCaps)
    const login = new ConnectionLogin(listener, this.#era, taken)
    const arrival = { connection, login, signal: this.#stopping.signal }
    const handler = this.#handler()
    new BrokerConnection(socket, (request) => handler.handle(request, arrival), reset)
  }

  #handler(): RequestHandler {
    const { versionCaps, login: _login, tls: _tls, ...shared } = this.#context
    return new RequestHandler({
      ...shared,
      brokerId: this.id,
      era: this.#era,
      offered: offeredApis(this.#era, versionCaps),
      onStored: (...stored) => this.#context.onStored(this.id, ...stored),
      onRefused: (...refused) => this.#context.onRefused(this.id, ...refused),
    })
  }
}
