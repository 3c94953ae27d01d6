/** Outcomes that remember, as text. */
import type { MessageFailure } from '../../../lib/failure.js'
import { type OutcomeListener, Outcomes } from '../../../lib/handler/outcomes.js'
import type { PendingBatch } from '../../../lib/handler/partition-and-collate.js'
import type { Stored } from '../../../lib/produce/read-answer.js'
import { textsOf } from './pending-messages.js'

export class OutcomeKeeper implements OutcomeListener {
  /** `topic/partition@offset: values`, one per report. */
  readonly delivered: string[] = []
  readonly failures: MessageFailure[] = []
  readonly outcomes = new Outcomes(this)

  onDelivered({ topic, partition, messages }: PendingBatch, { baseOffset }: Stored): void {
    this.delivered.push(`${topic}/${partition}@${baseOffset}: ${textsOf(messages).join(',')}`)
  }

  onFailed(failures: readonly MessageFailure[]): void {
    this.failures.push(...failures)
  }

  /** value → message of its error. */
  get failed(): Record<string, string> {
    return Object.fromEntries(
      this.failures.map(({ message, cause }) => [String(message.message), cause.message]),
    )
  }
}
