/**
 * Servers for network specs, on loopback. What one does with its connections is said by the spec; all are closed after
 * each spec, with whatever connections they have.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { FrameSplitter } from '../../support/scripted/frames.js'
import { host, Listener } from '../../support/scripted/listener.js'

type OnSocket = (socket: Socket) => void

export class Peer {
  /** Every connection it ever had, oldest first. */
  readonly sockets: Socket[] = []
  readonly #listener: Listener
  #wake: () => void = () => {}

  private constructor(onSocket: OnSocket) {
    this.#listener = new Listener((socket) => {
      this.sockets.push(socket)
      socket.on('error', () => {})
      onSocket(socket)
      this.#wake()
    })
  }

  static async start(onSocket: OnSocket): Promise<Peer> {
    const peer = new Peer(onSocket)
    await peer.#listener.start()
    return peer
  }

  get address(): { host: string; port: number } {
    return { host, port: this.#listener.port }
  }

  get broker(): string {
    return `${host}:${this.#listener.port}`
  }

  /** Its first connection, as soon as there is one. */
  async socket(): Promise<Socket> {
    while (this.sockets.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.sockets[0]!
  }

  /** Nobody listens on its port any more; the port is not given to others. */
  async close(): Promise<void> {
    const open = this.sockets.filter(({ closed }) => !closed)
    const closed = open.map((socket) => once(socket, 'close'))
    for (const socket of open) socket.destroy()
    await Promise.all([...closed, this.#listener.down()])
  }
}

/** Calls `onRequest` with each request without its length, and how many there were on this connection, from 1. */
export function onRequests(onRequest: (socket: Socket, request: Buffer, nth: number) => void): OnSocket {
  return (socket) => {
    const splitter = new FrameSplitter()
    let count = 0
    socket.on('data', (chunk: Buffer) => {
      for (const request of splitter.push(chunk)) {
        count += 1
        onRequest(socket, request, count)
      }
    })
  }
}

/** Starts peers that end with the spec. Call it once in a `describe`. */
export function peers(): (onSocket?: OnSocket) => Promise<Peer> {
  const started: Peer[] = []
  afterEach(async () => {
    await Promise.all(started.splice(0).map((peer) => peer.close()))
  })
  return async (onSocket = (socket) => void socket.resume()) => {
    const peer = await Peer.start(onSocket)
    started.push(peer)
    return peer
  }
}

/** The address of a peer that has gone: connecting to it is refused. */
export async function deadAddress(): Promise<{ host: string; port: number }> {
  const peer = await Peer.start(() => {})
  await peer.close()
  return peer.address
}
