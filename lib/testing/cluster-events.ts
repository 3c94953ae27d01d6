/** What a test cluster emits, for tests that wait for something instead of sleeping. */
import type { ReceivedRequest } from './request-handler.js'
import type { EndedTransaction } from './transactions.js'

export interface TestClusterEvents {
  request: (request: ReceivedRequest) => void
  stored: (event: { broker: number; topic: string; partition: number; baseOffset: bigint }) => void
  /** A set was not stored. `reason` is for people: what the error code leaves open. */
  refused: (event: {
    broker: number
    topic: string
    partition: number
    errorCode: number
    reason: string
  }) => void
  connection: (event: { broker: number; connection: number }) => void
  /** A transaction has ended, its markers are written: by its producer, a new one of its id, or `transaction.timeout.ms`. */
  transaction: (event: EndedTransaction) => void
}

/** A listener that throws is a failing test, not a broken request: it does not end the connection unheard. */
export function tell(emit: () => void): void {
  try {
    emit()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
