/**
 * Policy: what the n-th message of a thread looks like: its size, its bytes, and the key that chooses its partition.
 *
 * @see docs/reference/classic-producer.md#perf-tool
 */

export interface PayloadOptions {
  /** Bytes of each value, or the largest when sizes vary. */
  readonly messageSize: number
  /** Sizes are spread evenly over 1 … `messageSize`. */
  readonly varyMessageSize: boolean
  /** Id of the first message of the first thread; null sends zero bytes. */
  readonly initialMessageId: number | null
  readonly threadId: number
  /** Each thread has as many ids in a row. */
  readonly messagesPerThread: number
  /** 0 ≤ x < 1, for tests. Default `Math.random`. */
  readonly random?: () => number
}

const ID_DIGITS = 10

export class Payload {
  readonly #options: PayloadOptions
  readonly #random: () => number
  /** Shared by all messages: nobody writes into it. */
  readonly #zeros: Buffer

  constructor(options: PayloadOptions) {
    this.#options = options
    this.#random = options.random ?? Math.random
    this.#zeros = Buffer.alloc(options.initialMessageId === null ? options.messageSize : 0)
  }

  /** The value of message `n`, counted from 0, for a topic. Not to be written into. */
  value(topic: string, n: number): Buffer {
    const { initialMessageId, messageSize, varyMessageSize } = this.#options
    const size = varyMessageSize ? 1 + Math.floor(this.#random() * messageSize) : messageSize
    if (initialMessageId !== null) return Buffer.from(this.#readable(topic, initialMessageId + n, size))
    return size === messageSize ? this.#zeros : this.#zeros.subarray(0, size)
  }

  /** `Topic:t:ThreadID:0:MessageID:0000000007:xxx…`; longer than the size where that is too small. */
  #readable(topic: string, n: number, size: number): string {
    const { threadId, messagesPerThread } = this.#options
    const id = String(threadId * messagesPerThread + n).padStart(ID_DIGITS, '0')
    return `Topic:${topic}:ThreadID:${threadId}:MessageID:${id}:`.padEnd(size, 'x')
  }
}

/**
 * The number as the fewest bytes of two's complement, big-endian, as Java's `BigInteger.toByteArray` has it: the
 * highest bit is the sign, so 127 is one byte and 128 two.
 *
 * @param n - a whole number, 0 or above.
 */
export function partitionKey(n: number): Buffer {
  let bytes = 1
  for (let rest = Math.floor(n / 128); rest > 0; rest = Math.floor(rest / 256)) bytes++
  const key = Buffer.allocUnsafe(bytes)
  for (let at = bytes - 1, rest = n; at >= 0; at--, rest = Math.floor(rest / 256)) key[at] = rest % 256
  return key
}
