/**
 * One connection to a test broker: requests are taken up one after the other and answered in their order. As in Kafka,
 * nothing is read while one is being handled, so a client that goes on writing meets a full window.
 */
import type { Socket } from 'node:net'
import { FrameDecoder } from '../protocol/frame.js'

/** `socket.request.max.bytes` of Kafka. */
const MAX_REQUEST_BYTES = 100 * 1024 * 1024

/** What is done about a request in the end: bytes, if any, and then the end of the connection, if so. */
export interface Answer {
  readonly bytes?: Buffer
  readonly end?: 'close' | 'reset'
  /** Nothing more is read after that until it resolves. */
  readonly throttled?: () => Promise<void>
}

export class BrokerConnection {
  readonly #socket: Socket
  readonly #handle: (request: Buffer) => Promise<Answer>
  readonly #reset: () => void
  readonly #decoder = new FrameDecoder(MAX_REQUEST_BYTES)
  #isBusy = false
  #hasClientEnded = false

  /**
   * @param socket - with `allowHalfOpen`: what a client sent before it ended counts, and is answered.
   * @param handle - a request without its length; a rejection ends the connection.
   * @param reset - ends the connection with a TCP reset. Default: as the socket does it.
   */
  constructor(
    socket: Socket,
    handle: (request: Buffer) => Promise<Answer>,
    reset = (): void => void socket.resetAndDestroy(),
  ) {
    this.#reset = reset
    this.#socket = socket
    this.#handle = handle
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('end', () => {
      this.#hasClientEnded = true
      if (!this.#isBusy) socket.destroySoon()
    })
    socket.on('data', (chunk) => void this.#take(chunk))
  }

  async #take(chunk: Buffer): Promise<void> {
    const socket = this.#socket
    // A paused socket may still tell of its end, where nothing is left to be read.
    this.#isBusy = true
    socket.pause()
    try {
      for (const request of this.#decoder.push(chunk)) {
        await this.#give(await this.#handle(request))
        // Nothing that comes after the end of a connection is taken up.
        if (socket.destroyed || socket.writableEnded) return
      }
      this.#isBusy = false
      if (this.#hasClientEnded) socket.destroySoon()
      else socket.resume()
    } catch {
      // Not a request that a broker of this era can read.
      socket.destroy()
    }
  }

  async #give({ bytes, end, throttled }: Answer): Promise<void> {
    const socket = this.#socket
    if (end === 'reset') {
      // The socket is still open both ways: after an end of ours it would refuse to be reset.
      this.#reset()
      return
    }
    if (bytes) await new Promise((resolve) => socket.write(bytes, resolve))
    if (end) socket.destroySoon()
    else await throttled?.()
  }
}
