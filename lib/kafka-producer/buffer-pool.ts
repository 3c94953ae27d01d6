/**
 * The memory of `buffer.memory`: counts what batches take, and keeps buffers of `batch.size` to be used again.
 *
 * Never waits: what there is no room for is refused, and the accumulator has the queue of those who wait. A buffer must not
 * come back while a socket may still read it; its bytes may (KAFKA-19012).
 */

/** Buffers kept at most; what is above is left to the garbage collector. */
const MAX_FREE_BYTES = 8 * 1024 * 1024

export class BufferPool {
  readonly totalBytes: number
  readonly #poolableBytes: number
  readonly #maxFree: number
  readonly #free: Buffer[] = []
  #availableBytes: number

  /** @param poolableBytes - `batch.size`: buffers of this size and no other are kept. */
  constructor(totalBytes: number, poolableBytes: number) {
    this.totalBytes = totalBytes
    this.#availableBytes = totalBytes
    this.#poolableBytes = poolableBytes
    this.#maxFree = poolableBytes > 0 ? Math.floor(MAX_FREE_BYTES / poolableBytes) : 0
  }

  /** Bytes that nobody has. */
  get availableBytes(): number {
    return this.#availableBytes
  }

  /** Buffers that wait to be used again. */
  get freeBuffers(): number {
    return this.#free.length
  }

  /** A buffer, whatever is in it; null where there is no room. */
  allocate(bytes: number): Buffer | null {
    if (!this.take(bytes)) return null
    const free = bytes === this.#poolableBytes ? this.#free.pop() : undefined
    return free ?? Buffer.allocUnsafeSlow(bytes)
  }

  /** Counts bytes without a buffer for them. @returns whether there was room. */
  take(bytes: number): boolean {
    if (bytes > this.#availableBytes) return false
    this.#availableBytes -= bytes
    return true
  }

  /**
   * Gives back what was taken.
   *
   * @param buffer - one that nobody reads any more; null where that is not known.
   */
  release(bytes: number, buffer: Buffer | null): void {
    this.#availableBytes += bytes
    if (buffer?.length === this.#poolableBytes && this.#free.length < this.#maxFree) this.#free.push(buffer)
  }
}
