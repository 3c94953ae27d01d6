/**
 * The end of a producer: takes no more records into the accumulator, sends what waits and aborts an open transaction for as long as
 * there is time, then ends everything, and what is left fails.
 */
import { ProducerClosedError } from '../errors.js'
import type { SecuritySettings } from '../security/security-settings.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import type { Changes } from './changes.js'
import type { ProducerParts } from './producer-parts.js'
import { IllegalArgumentError } from './record-errors.js'
import type { RecordIntake } from './record-intake.js'

export interface ProducerClosingOptions {
  readonly parts: ProducerParts
  readonly intake: RecordIntake
  readonly changes: Changes
  /** Its login may have a token to renew. */
  readonly security: SecuritySettings
  /** Whether brokers answer; where they do not, they are asked whether they have read all. */
  readonly isAnswered: boolean
  /** Called once, when all has ended. */
  onClosed(): void
}

export class ProducerClosing {
  readonly #options: ProducerClosingOptions
  readonly #closed: Promise<void>
  #settle: (closing: Promise<void>) => void = () => {}
  #hasBegun = false
  #endWait: (() => void) | null = null

  constructor(options: ProducerClosingOptions) {
    this.#options = options
    this.#closed = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  /** From the first call on, within which callbacks of failed records may call it again. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /**
   * A further call may shorten the time, and resolves with the first one.
   *
   * @throws {IllegalArgumentError} by rejection, for a time that is no number from 0 on; nothing has begun then.
   */
  close(timeoutMs: number): Promise<void> {
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) {
      const text = `close() takes timeoutMs from 0 on, not ${String(timeoutMs)}`
      return Promise.reject(new IllegalArgumentError(text))
    }
    if (!this.#hasBegun) {
      this.#hasBegun = true
      this.#settle(this.#close(timeoutMs))
    } else if (timeoutMs === 0) this.#endWait?.()
    else if (timeoutMs < LONGEST_TIMER_MS) void this.#endAfter(timeoutMs)
    return this.#closed
  }

  async #close(timeoutMs: number): Promise<void> {
    const { accumulator, sender, outcomes } = this.#options.parts
    accumulator.close()
    sender.wake()
    if (timeoutMs > 0) await this.#drained(timeoutMs)
    this.#force()
    outcomes.reportUnobserved()
    this.#options.parts.log.close()
    const { security, onClosed } = this.#options
    if (security.sasl?.close) await security.sasl.close()
    onClosed()
  }

  /** Resolves when everything is sent and answered, or the time limit has passed. Never rejects. */
  async #drained(timeoutMs: number): Promise<void> {
    let isOver = false
    const over = new Promise<void>((resolve) => {
      this.#endWait = () => {
        isOver = true
        resolve()
        this.#options.changes.notify()
      }
    })
    const timer = timeoutMs <= LONGEST_TIMER_MS ? setTimeout(this.#endWait!, timeoutMs) : undefined
    await Promise.race([over, this.#finish(() => isOver)])
    clearTimeout(timer)
    this.#endWait = null
  }

  async #finish(isOver: () => boolean): Promise<void> {
    const { parts, intake, changes, isAnswered } = this.#options
    const { sender, idempotence, nodes } = parts
    const transactions = idempotence?.transactions
    const isDone = (): boolean =>
      isOver() || (intake.waiting === 0 && sender.isIdle && !transactions?.isCompleting)
    if (transactions?.isTransactional && transactions.isOpen) {
      try {
        transactions.abortTransaction()
      } catch {
        // Another call has begun meanwhile, or the producer has failed: there is nothing to abort.
      }
      sender.wake()
    }
    while (!isDone()) await changes.next(Number.POSITIVE_INFINITY)
    // A connection that is closed with unread requests would lose them.
    if (!isAnswered && !isOver()) await nodes.confirm()
  }

  async #endAfter(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#endWait?.(), timeoutMs)
    await this.#closed
    clearTimeout(timer)
  }

  #force(): void {
    const { parts, intake, changes } = this.#options
    const { sender, nodes, metadata, source, idempotence } = parts
    const error = new ProducerClosedError('the producer was closed before the record was stored')
    idempotence?.transactions.close(error)
    sender.abortAll(error)
    intake.abort(error)
    sender.close()
    idempotence?.channel.close(error)
    nodes.close(error)
    metadata.close()
    source.close(error)
    changes.notify()
  }
}
