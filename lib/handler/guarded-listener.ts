/**
 * A listener of outcomes that never throws, around one that may: what it is called with has happened, and the cycle
 * goes on.
 */
import type { Logger } from '../logger.js'
import { nameOfThrown } from '../name-of-thrown.js'
import type { DefaultEventHandlerOptions } from './default-event-handler.js'

type Listener = DefaultEventHandlerOptions['listener']

export function guardedListener(listener: Listener, logger: Logger): Required<Listener> {
  const through =
    <Name extends keyof Listener>(name: Name) =>
    (...args: Parameters<Required<Listener>[Name]>): void => {
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
