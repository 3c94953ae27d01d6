/** Policy: the error of a message that nothing more is done for. */
import { ConfigError, DeliveryTimeoutError, type KafkaError } from '../errors.js'
import type { FailedAttempt } from '../failure.js'
import type { PendingMessage } from './pending-message.js'

/** Where no attempts are left, @param last - the one that has failed, if any was made. */
export function noAttemptsLeft(last: FailedAttempt | undefined): KafkaError {
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
