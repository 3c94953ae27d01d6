/**
 * Tells subscribers of `node:diagnostics_channel` about requests: `kafka-classic-producer:request:start`, then `:end`
 * or `:error`. Nothing is built or published while nobody subscribes, and never a payload or a key.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html
 */
import { channel } from 'node:diagnostics_channel'
import type { KafkaError } from '../errors.js'

/** One object per request, the same one at its start and at its end, so that it can serve as a key in between. */
export interface RequestMessage {
  readonly clientId: string
  /** `host:port`. */
  readonly broker: string
  /** As Kafka names it: Produce, Metadata. */
  readonly api: string
  readonly correlationId: number
  /** On the wire, length field included. */
  readonly bytes: number
  /** From the handing to the socket to the answer (acks 0: to the bytes being in the kernel's hands). At the end only. */
  durationMs?: number
  /** Its failure, for `:error`. */
  error?: KafkaError
}

const started = channel('kafka-classic-producer:request:start')
const ended = channel('kafka-classic-producer:request:end')
const failed = channel('kafka-classic-producer:request:error')

/** A request that somebody wants to know about. */
export class RequestTrace {
  readonly #message: RequestMessage
  readonly #startMs = performance.now()

  private constructor(message: RequestMessage) {
    this.#message = message
    started.publish(message)
  }

  /** @returns null while nobody subscribes. */
  static start(
    clientId: string,
    broker: string,
    api: string,
    correlationId: number,
    bytes: number,
  ): RequestTrace | null {
    if (!started.hasSubscribers && !ended.hasSubscribers && !failed.hasSubscribers) return null
    return new RequestTrace({ clientId, broker, api, correlationId, bytes })
  }

  /** Settles like `answered`, and tells how that was. */
  async follow<T>(answered: Promise<T>): Promise<T> {
    try {
      const answer = await answered
      this.#message.durationMs = performance.now() - this.#startMs
      ended.publish(this.#message)
      return answer
    } catch (error) {
      this.#message.durationMs = performance.now() - this.#startMs
      this.#message.error = error as KafkaError
      failed.publish(this.#message)
      throw error
    }
  }
}
