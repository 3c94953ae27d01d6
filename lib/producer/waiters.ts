/** The calls that wait for outcomes: `send()` in sync mode for all of its messages, `deliver()` for its one. */
import { DeliveryError, FailedToSendMessageError, type MessageFailure } from '../failure.js'
import type { Delivery, OutcomeWaiter, PendingMessage } from '../handler/pending-message.js'

/** Settles once all messages of the call have their outcome. */
export class SendCall implements OutcomeWaiter {
  #messages: readonly PendingMessage[] = []
  #open = 0
  #failures: Map<PendingMessage, MessageFailure> | null = null
  #resolve!: () => void
  #reject!: (error: unknown) => void

  /** @param messages - the messages of the call, in its order; at least one. */
  waitFor(messages: readonly PendingMessage[]): Promise<void> {
    this.#messages = messages
    this.#open = messages.length
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get ignoresOffsets(): boolean {
    return true
  }

  delivered(): void {
    this.#settleOne()
  }

  failed(failure: MessageFailure, message: PendingMessage): void {
    this.#failures ??= new Map()
    this.#failures.set(message, failure)
    this.#settleOne()
  }

  /** None of the messages will be sent. */
  refused(error: unknown): void {
    this.#reject(error)
  }

  #settleOne(): void {
    if (--this.#open > 0) return
    const failures = this.#failures
    if (!failures) {
      this.#resolve()
      return
    }
    // They came in the order in which they failed.
    const inOrder = this.#messages.flatMap((message) => failures.get(message) ?? [])
    this.#reject(new FailedToSendMessageError(inOrder, this.#messages.length))
  }
}

/** Settles with the outcome of one message. */
export class DeliverCall implements OutcomeWaiter {
  readonly done: Promise<Delivery>
  #resolve!: (delivery: Delivery) => void
  #reject!: (error: unknown) => void

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  delivered(
    { topic, partition }: PendingMessage,
    offset: bigint,
    broker: string,
    timestampMs: number | null,
  ): void {
    if (timestampMs === null) this.#resolve({ topic, partition, offset, broker })
    else this.#resolve({ topic, partition, offset, broker, timestampMs })
  }

  failed(failure: MessageFailure): void {
    this.#reject(new DeliveryError(failure))
  }

  /** The message was not accepted. */
  refused(error: unknown): void {
    this.#reject(error)
  }
}
