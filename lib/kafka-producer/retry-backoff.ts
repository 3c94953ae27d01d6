/**
 * How long to wait before a retry: doubled with each, up to a limit, 20 % more or less. Kafka's `ExponentialBackoff`.
 *
 * @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-580
 */

export interface RetryBackoffOptions {
  /** `retry.backoff.ms` or `reconnect.backoff.ms`. */
  readonly baseMs: number
  /** The setting with `max` of the same name; where it is not above the first, every wait is that long. */
  readonly maxMs: number
  /** 0 ≤ n < 1. */
  random(): number
}

const JITTER = 0.2

/** @param retries - before this one; 0 for the first. */
export function retryBackoffMs(retries: number, { baseMs, maxMs, random }: RetryBackoffOptions): number {
  if (maxMs <= baseMs) return maxMs
  const doublings = Math.min(retries, Math.log2(maxMs / Math.max(baseMs, 1)))
  const factor = 1 - JITTER + 2 * JITTER * random()
  return Math.min(maxMs, baseMs * 2 ** doublings * factor)
}
