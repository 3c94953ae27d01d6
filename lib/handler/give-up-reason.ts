/** Policy: the error of a message that nothing more is done for. */
import { ConfigError, DeliveryTimeoutError, type KafkaError } from '../errors.js'
import type { PendingMessage } from './pending-message.js'

/** What the last attempt failed with. */
export function lastError(message: PendingMessage): KafkaError {
  const last = message.attempts.at(-1)
  const key = 'message.send.max.retries'
  return last?.error ?? new ConfigError(`${key} is negative, so no attempt was made`, key)
}

/** `delivery.timeout.ms` is over; caused by the last attempt that ended, where there was one. */
export function expiry(message: PendingMessage): DeliveryTimeoutError {
  const cause = message.attempts.at(-1)?.error
  const why = message.isInFlight ? 'the broker has not answered yet' : cause?.message
  return new DeliveryTimeoutError(
    `no delivery within delivery.timeout.ms${why === undefined ? '' : `: ${why}`}`,
    {
      topic: message.topic,
      ...(cause && { cause }),
    },
  )
}
