/** The calls that wait for outcomes: `send()` in sync mode for all of its messages, `deliver()` for its one. */
import { DeliveryError, FailedToSendMessageError, type MessageFailure } from '../failure.js'
import type { Delivery, Envelope, OutcomeWaiter } from '../handler/envelope.js'

/** Settles once all messages of the call have their outcome. */
export class SendCall implements OutcomeWaiter {
  readonly done: Promise<void>
  readonly #count: number
  #open: number
  readonly #failures: MessageFailure[] = []
  #resolve!: () => void
  #reject!: (error: FailedToSendMessageError) => void

  constructor(count: number) {
    this.#count = count
    this.#open = count
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  delivered(): void {
    this.#settleOne()
  }

  failed(failure: MessageFailure): void {
    this.#failures.push(failure)
    this.#settleOne()
  }

  #settleOne(): void {
    if (--this.#open > 0) return
    if (this.#failures.length === 0) this.#resolve()
    else this.#reject(new FailedToSendMessageError(this.#failures, this.#count))
  }
}

/** Settles with the outcome of one message. */
export class DeliverCall implements OutcomeWaiter {
  readonly done: Promise<Delivery>
  #resolve!: (delivery: Delivery) => void
  #reject!: (error: DeliveryError) => void

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  delivered({ topic, partition }: Envelope, offset: bigint, broker: string): void {
    this.#resolve({ topic, partition, offset, broker })
  }

  failed(failure: MessageFailure): void {
    this.#reject(new DeliveryError(failure))
  }
}
