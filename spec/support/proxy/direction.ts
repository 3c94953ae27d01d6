/**
 * One direction of one proxied connection: takes bytes from one socket and gives them to the other when they are due.
 *
 * Holds little: beyond that the source is no longer read, so pressure goes back as it does on a real network.
 */
import type { Socket } from 'node:net'

/** How a connection ends: with a FIN after what has been handed on, or at once with a RST. */
export type CloseKind = 'close' | 'reset'

export interface DirectionFaults {
  /** Milliseconds that each byte is under way. Default 0. */
  readonly delayMs?: number
  /** What is left of the network's width. Default: no limit. */
  readonly bytesPerSecond?: number
  /** Nothing passes while it is true; as with lost packets, what was held is delivered afterwards. Default false. */
  readonly isBlackHole?: boolean
  /** Lets this many bytes of the connection pass and then ends it. */
  readonly endAfter?: { readonly bytes: number; readonly how: CloseKind }
}

export interface DirectionOptions {
  readonly source: Socket
  readonly sink: Socket
  readonly faults: DirectionFaults
  /** No byte sets out before this, on the clock of `performance.now()`. */
  readonly openedAtMs: number
  /** Called when `endAfter` says so. */
  readonly onEnd: (how: CloseKind) => void
}

/** null in place of bytes is the end of the stream. */
interface Parcel {
  readonly bytes: Buffer | null
  readonly dueMs: number
}

const MAX_HELD_BYTES = 1024 * 1024
/** With little bandwidth large chunks would arrive in one jump. */
const MAX_PARCEL_BYTES = 4096
/** A reset that arrives together with bytes is reported by libuv as a plain end, so these are to be read first. */
const READING_MS = 5

export class Direction {
  readonly #source: Socket
  readonly #sink: Socket
  readonly #onEnd: (how: CloseKind) => void
  #faults: DirectionFaults
  /** In the order in which they came, whatever they are due. */
  readonly #parcels: Parcel[] = []
  #heldBytes = 0
  #passedBytes = 0
  /** When the network is free for the next byte, by its width. */
  #freeAtMs: number
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor({ source, sink, faults, openedAtMs, onEnd }: DirectionOptions) {
    this.#source = source
    this.#sink = sink
    this.#faults = faults
    this.#freeAtMs = openedAtMs
    this.#onEnd = onEnd
    source.on('data', (chunk: Buffer) => this.#take(chunk))
    source.on('end', () => this.#hold(null))
    sink.on('drain', () => this.#pump())
  }

  set faults(faults: DirectionFaults) {
    this.#faults = faults
    this.#pump()
  }

  /** Forgets what is under way. */
  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#parcels.length = 0
  }

  #take(chunk: Buffer): void {
    const size = this.#faults.bytesPerSecond ? MAX_PARCEL_BYTES : chunk.length
    for (let at = 0; at < chunk.length; at += size) this.#hold(chunk.subarray(at, at + size))
    if (this.#heldBytes >= MAX_HELD_BYTES) this.#source.pause()
  }

  #hold(bytes: Buffer | null): void {
    if (this.#isStopped) return
    const { delayMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY } = this.#faults
    const length = bytes?.length ?? 0
    this.#heldBytes += length
    this.#freeAtMs = Math.max(this.#freeAtMs, performance.now()) + (length / bytesPerSecond) * 1000
    this.#parcels.push({ bytes, dueMs: this.#freeAtMs + delayMs })
    this.#pump()
  }

  /** Hands on what is due, and waits for the rest. */
  #pump(): void {
    clearTimeout(this.#timer)
    while (!this.#isStopped && !this.#faults.isBlackHole && !this.#sink.writableNeedDrain) {
      const [parcel] = this.#parcels
      if (!parcel) break
      const waitMs = parcel.dueMs - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), waitMs)
        break
      }
      this.#parcels.shift()
      this.#pass(parcel.bytes)
    }
    if (this.#heldBytes < MAX_HELD_BYTES && this.#source.isPaused()) this.#source.resume()
  }

  #pass(bytes: Buffer | null): void {
    if (bytes === null) {
      this.#sink.end()
      return
    }
    this.#heldBytes -= bytes.length
    const { endAfter } = this.#faults
    const left = (endAfter?.bytes ?? Number.POSITIVE_INFINITY) - this.#passedBytes
    const passing = bytes.subarray(0, Math.max(0, left))
    this.#passedBytes += passing.length
    if (!endAfter || left > bytes.length) {
      this.#sink.write(passing)
      return
    }
    this.stop()
    this.#sink.write(passing, () => setTimeout(() => this.#onEnd(endAfter.how), READING_MS))
  }
}
