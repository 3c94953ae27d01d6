/**
 * Bare tokens of a login, as brokers before 1.0 exchange them after SaslHandshake v0: an int32 length and that many bytes, without
 * header or correlation id. One at a time: the next one goes out when the answer to the last one is there.
 *
 * @see docs/reference/wire-protocol.md#logging-in; KIP-43
 */
import type { KafkaError } from '../errors.js'
import { startDeadline } from './deadline.js'

interface Waiting {
  readonly cancelDeadline: () => void
  resolve(token: Buffer): void
  reject(reason: KafkaError): void
}

export class RawTokens {
  #waiting: Waiting | null = null

  /** Waits for the answer to a token that is written right after this. */
  next(timeoutMs: number, onExpired: () => void): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject, cancelDeadline: startDeadline(timeoutMs, onExpired) }
    })
  }

  /** @returns whether the frame, which is without its length, was a token. */
  take(frame: Buffer): boolean {
    const waiting = this.#take()
    // A view of the chunk it came in, which may be used again.
    waiting?.resolve(Buffer.from(frame))
    return waiting !== null
  }

  /** The connection has ended. */
  fail(reason: KafkaError): void {
    this.#take()?.reject(reason)
  }

  #take(): Waiting | null {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.cancelDeadline()
    return waiting
  }
}

/** A token behind its length. */
export function framedToken(token: Uint8Array): Buffer {
  const framed = Buffer.alloc(4 + token.length)
  framed.writeInt32BE(token.length)
  framed.set(token, 4)
  return framed
}
