/** Policy: the error of a message that nothing more is done for. */
import { ConfigError, DeliveryTimeoutError, type KafkaError } from '../errors.js'
import type { Envelope } from './envelope.js'

/** What the last attempt failed with. */
export function lastError(envelope: Envelope): KafkaError {
  const last = envelope.attempts.at(-1)
  const key = 'message.send.max.retries'
  return last?.error ?? new ConfigError(`${key} is negative, so no attempt was made`, key)
}

/** `delivery.timeout.ms` is over; caused by the last attempt that ended, where there was one. */
export function expiry(envelope: Envelope): DeliveryTimeoutError {
  const cause = envelope.attempts.at(-1)?.error
  const why = envelope.isInFlight ? 'the broker has not answered yet' : cause?.message
  return new DeliveryTimeoutError(
    `no delivery within delivery.timeout.ms${why === undefined ? '' : `: ${why}`}`,
    {
      topic: envelope.topic,
      ...(cause && { cause }),
    },
  )
}
