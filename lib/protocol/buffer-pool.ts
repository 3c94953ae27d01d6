/**
 * Buffers that requests are written into, used again: a megabyte that is allocated for each request costs page faults
 * and brings the garbage collector's large collections on.
 *
 * Whoever takes a buffer owns it until it is given back, once, when nobody reads or writes it any more; one that is
 * never given back is collected like any other. What lies in the pool is bounded in bytes, so that nothing of a burst
 * stays. Knows no request.
 */

/** Where buffers come from, and where they go. */
export interface BufferSource {
  /** @returns a buffer of at least so many bytes, its content undefined. */
  take(bytes: number): Buffer
  /** The buffer may be used for something else from now on. */
  give(buffer: Buffer): void
}

/** New buffers, as many bytes as asked for; nothing is kept. */
export const newBuffers: BufferSource = {
  take: (bytes) => Buffer.allocUnsafe(bytes),
  give() {},
}

/** Sizes are powers of two, from 4 KiB on: a smaller request takes a buffer of that size. */
const SMALLEST_LOG2 = 12
/** A buffer may be larger than asked for by this many sizes, at most: a slow peer should not hold megabytes for little. */
const SIZES_ABOVE = 3

export class BufferPool implements BufferSource {
  /** By size: the idle buffers of 4 KiB, 8 KiB, … */
  readonly #idle: Buffer[][] = []
  readonly #maxIdleBytes: number
  #idleBytes = 0

  /** @param maxIdleBytes - kept at most; larger buffers are never kept. */
  constructor(maxIdleBytes: number) {
    this.#maxIdleBytes = maxIdleBytes
  }

  /** Bytes of the buffers that wait to be taken. */
  get idleBytes(): number {
    return this.#idleBytes
  }

  take(bytes: number): Buffer {
    const size = sizeFor(bytes)
    for (let at = size; at <= size + SIZES_ABOVE; at++) {
      const buffer = this.#idle[at]?.pop()
      if (!buffer) continue
      this.#idleBytes -= buffer.length
      return buffer
    }
    const length = bytesOf(size)
    return Buffer.allocUnsafeSlow(length <= this.#maxIdleBytes ? length : bytes)
  }

  give(buffer: Buffer): void {
    const size = sizeFor(buffer.length)
    if (buffer.length !== bytesOf(size) || buffer.length > this.#maxIdleBytes) return
    this.#makeRoom(buffer.length)
    this.#idle[size] ??= []
    this.#idle[size].push(buffer)
    this.#idleBytes += buffer.length
  }

  /** Smaller ones go first: they are cheap to make, and would keep larger ones out for ever. */
  #makeRoom(bytes: number): void {
    for (const buffers of this.#idle) {
      while (buffers && buffers.length > 0 && this.#idleBytes + bytes > this.#maxIdleBytes) {
        this.#idleBytes -= buffers.pop()!.length
      }
    }
  }
}

function sizeFor(bytes: number): number {
  return bytes <= bytesOf(0) ? 0 : 32 - Math.clz32(bytes - 1) - SMALLEST_LOG2
}

function bytesOf(size: number): number {
  return 2 ** (size + SMALLEST_LOG2)
}

/**
 * Two of the largest requests without compression (4 MiB): one that is being written while the kernel takes the other. This
 * is what an idle process keeps.
 */
const MAX_IDLE_BYTES = 8 * 1024 * 1024

/** For the requests of all producers of the process. */
export const requestBuffers = new BufferPool(MAX_IDLE_BYTES)
