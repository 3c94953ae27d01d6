/** Answers of one connection, each written a fixed time after its request was read, in order. */
import type { Socket } from 'node:net'

export class DelayedAnswers {
  readonly #socket: Socket
  readonly #delayMs: number
  #waiting: { readonly dueMs: number; readonly bytes: Buffer }[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(socket: Socket, delayMs: number) {
    this.#socket = socket
    this.#delayMs = delayMs
  }

  write(bytes: Buffer): void {
    if (this.#delayMs === 0) return void this.#socket.write(bytes)
    this.#waiting.push({ dueMs: performance.now() + this.#delayMs, bytes })
    this.#timer ??= setTimeout(() => this.#writeDue(), this.#delayMs)
  }

  drop(): void {
    clearTimeout(this.#timer)
    this.#waiting = []
  }

  #writeDue(): void {
    this.#timer = undefined
    const nowMs = performance.now()
    const firstLater = this.#waiting.findIndex(({ dueMs }) => dueMs > nowMs)
    const due = firstLater === -1 ? this.#waiting : this.#waiting.slice(0, firstLater)
    this.#waiting = this.#waiting.slice(due.length)
    this.#socket.write(Buffer.concat(due.map(({ bytes }) => bytes)))
    const next = this.#waiting[0]
    if (next) this.#timer = setTimeout(() => this.#writeDue(), Math.max(1, next.dueMs - nowMs))
  }
}
