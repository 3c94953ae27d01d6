/**
 * What a call such as `commitTransaction` waits for. Waiting may end before it does; then the same call, made again, gets the
 * same result, which counts as pending until a caller has seen it.
 *
 * @see Kafka's TransactionalRequestResult 4.3
 */
import type { KafkaError } from '../errors.js'

export class TransactionalResult {
  /** The call, for texts. */
  readonly operation: string
  #isDone = false
  #isSeen = false
  #error: KafkaError | null = null
  #listeners: (() => void)[] = []

  constructor(operation: string) {
    this.operation = operation
  }

  get isDone(): boolean {
    return this.#isDone
  }

  /** Null while it is not done, and when all went well. */
  get error(): KafkaError | null {
    return this.#error
  }

  /** Whether a caller has learned how it ended. */
  get isSeen(): boolean {
    return this.#isSeen
  }

  markSeen(): void {
    this.#isSeen = this.#isDone
  }

  /** Calls the listener when it is done, or at once. */
  onDone(listener: () => void): void {
    if (this.#isDone) listener()
    else this.#listeners.push(listener)
  }

  /** Without an error it has succeeded. Only the first end counts. */
  end(error: KafkaError | null = null): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#error = error
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }
}
