/** A socket that speaks frames written by hand: the scripted broker's own spec needs a client that is not ours. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { FrameSplitter } from './frames.js'

export class RawClient {
  readonly #socket: Socket
  readonly #splitter = new FrameSplitter()
  readonly #frames: Buffer[] = []
  readonly #chunks: Buffer[] = []
  readonly #closed: Promise<unknown>
  #wake: () => void = () => {}
  error: NodeJS.ErrnoException | undefined

  private constructor(socket: Socket, shouldSplitFrames: boolean) {
    this.#socket = socket
    this.#closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', (error) => {
      this.error = error
    })
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      if (shouldSplitFrames) this.#frames.push(...this.#splitter.push(chunk))
      this.#wake()
    })
    socket.on('close', () => this.#wake())
  }

  /** Rejects with the socket's error. `splitFrames: false` keeps raw bytes only, for answers that are no frames. */
  static async connect(port: number, { splitFrames = true } = {}): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1' })
    const client = new RawClient(socket, splitFrames)
    await once(socket, 'connect')
    return client
  }

  write(frame: Buffer): void {
    this.#socket.write(frame)
  }

  /** The next answer without its length, or undefined when the connection ended first. */
  async answer(): Promise<Buffer | undefined> {
    while (this.#frames.length === 0 && !this.#socket.destroyed) await this.#news()
    return this.#frames.shift()
  }

  /** Everything received, as soon as it is at least this number of bytes or the connection has ended. */
  async received(bytes: number): Promise<Buffer> {
    while (this.#length() < bytes && !this.#socket.destroyed) await this.#news()
    return Buffer.concat(this.#chunks)
  }

  /** Resolves when the connection has ended. */
  async closed(): Promise<void> {
    await this.#closed
  }

  async close(): Promise<void> {
    this.#socket.destroy()
    await this.#closed
  }

  #length(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
