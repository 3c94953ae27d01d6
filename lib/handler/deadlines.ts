/** Time limits of messages, on the monotonic clock. */
import type { Envelope } from './envelope.js'

/** The earliest time limit, or null where no message has one. */
export function firstDeadlineMs(envelopes: readonly Envelope[]): number | null {
  let first = Number.POSITIVE_INFINITY
  for (const { deadlineMs } of envelopes) if (deadlineMs > 0 && deadlineMs < first) first = deadlineMs
  return first === Number.POSITIVE_INFINITY ? null : first
}

/** Resolves with the promise, or at this time if that is earlier. */
export async function settledOrAt(promise: Promise<void>, atMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, atMs - performance.now()))
  })
  await Promise.race([promise, time])
  clearTimeout(timer)
}
