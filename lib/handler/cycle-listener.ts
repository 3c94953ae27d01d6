/** What cycles report, and a guard around listeners of users. */
import type { Logger } from '../logger.js'
import { nameOfThrown } from '../name-of-thrown.js'
import type { OutcomeListener } from './outcomes.js'
import type { PendingMessage } from './pending-message.js'

export interface RetryEvent {
  /** Attempts made so far. */
  readonly attempts: number
  /** Attempts left. */
  readonly remaining: number
  /** Messages that will be tried again. */
  readonly messages: number
  readonly topics: readonly string[]
  /** Milliseconds until the next attempt. */
  readonly backoffMs: number
}

export interface CycleListener extends OutcomeListener {
  onRetry(event: RetryEvent): void
  /** What is left of a cycle's messages after those that an encoder refused have failed. */
  onSerialized?(messages: readonly PendingMessage[]): void
  /** An attempt has left messages without an outcome, the last one allowed included. */
  onAttemptFailed?(): void
}

/** A listener that never throws, around one that may: what it is called with has happened, and the cycle goes on. */
export function guardedListener(listener: CycleListener, logger: Logger): Required<CycleListener> {
  const through =
    <Name extends keyof CycleListener>(name: Name) =>
    (...args: Parameters<Required<CycleListener>[Name]>): void => {
      try {
        ;(listener[name] as ((...args: unknown[]) => void) | undefined)?.call(listener, ...args)
      } catch (thrown) {
        logger.error(`${name} threw ${nameOfThrown(thrown)}`)
      }
    }
  return {
    onDelivered: through('onDelivered'),
    onFailed: through('onFailed'),
    onRetry: through('onRetry'),
    onSerialized: through('onSerialized'),
    onAttemptFailed: through('onAttemptFailed'),
  }
}
