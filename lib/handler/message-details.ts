/** What few of the accepted messages have, and the others have no room for: an instance, headers, failed attempts. */
import type { FailedAttempt } from '../failure.js'
import type { KeyedMessage } from '../keyed-message.js'
import type { RecordHeaders } from '../protocol/records/record-body.js'

const noAttempts: readonly FailedAttempt[] = []

/** Kept beside the first one: with unlimited retries an outage would fill the memory otherwise. */
const LAST_ATTEMPTS_KEPT = 4

export class MessageDetails {
  /** The instance that the user gave, or one of what they gave; null until somebody asks for it. */
  message: KeyedMessage | null
  readonly partitionKey: unknown
  readonly headers: RecordHeaders | null
  /** What counts against `queue.buffering.max.bytes`. */
  queuedBytes = 0
  /** Failed attempts in all. */
  attemptCount = 0
  /** The first failed attempt and the last few, oldest first. */
  attempts = noAttempts

  constructor(message: KeyedMessage | null, partitionKey: unknown, headers: RecordHeaders | null) {
    this.message = message
    this.partitionKey = partitionKey
    this.headers = headers
  }

  addAttempt(attempt: FailedAttempt): void {
    const [first = attempt, ...later] = this.attempts
    this.attempts =
      this.attemptCount++ === 0 ? [first] : [first, ...later.slice(1 - LAST_ATTEMPTS_KEPT), attempt]
  }
}
