/**
 * One listening port that can go down and come up again on the same number.
 *
 * Ports are taken at random below the range from which the system serves `listen(0)` and outgoing
 * connections, so that nobody is handed the port of a broker that is down, and a client that dials it cannot
 * by chance connect to itself.
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

const LOWEST_PORT = 12_000
const HIGHEST_PORT = 31_999
const ATTEMPTS = 50

export const host = '127.0.0.1'

export class Listener {
  readonly #onSocket: (socket: Socket) => void
  #server: Server | undefined
  #port = 0

  /** Serves nothing until {@link up}. */
  constructor(onSocket: (socket: Socket) => void) {
    this.#onSocket = onSocket
  }

  get port(): number {
    return this.#port
  }

  get isUp(): boolean {
    return this.#server !== undefined
  }

  /** Takes a port and listens on it. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      this.#port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT + 1))
      try {
        await this.up()
        return
      } catch (error) {
        if (attempt === ATTEMPTS || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      }
    }
  }

  /** Listens; no-op while it does. */
  async up(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer(this.#onSocket)
    server.listen({ port: this.#port, host })
    await once(server, 'listening')
    this.#server = server
  }

  /** Refuses connections from now on. Accepted ones are the owner's to close, or this does not resolve. */
  async down(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
}
