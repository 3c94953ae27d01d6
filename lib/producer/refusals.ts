/** Errors of calls whose messages were not accepted, or not all of them: they refer to what must be sent again. */
import { SendAbortedError } from '../failure.js'
import type { PendingMessage } from '../handler/pending-message.js'
import type { KeyedMessage } from '../keyed-message.js'

/** @param rejected - at least one. */
export function abortedSend(
  accepted: number,
  rejected: readonly PendingMessage[],
  signal: AbortSignal,
): SendAbortedError {
  const text = `the signal of the call has aborted; ${howManyAccepted(accepted, rejected)}`
  const { topic } = rejected[0]!
  return new SendAbortedError(text, {
    topic,
    cause: signal.reason,
    accepted,
    rejected: messagesOf(rejected),
  })
}

/** What the user gave. */
export function messagesOf(pending: readonly PendingMessage[]): KeyedMessage[] {
  return pending.map(({ message }) => message)
}

/** Of the messages of one call, as part of an error's text. */
export function howManyAccepted(accepted: number, rejected: readonly unknown[]): string {
  const all = accepted + rejected.length
  if (all === 1) return 'the message was not accepted'
  return `${accepted} of ${all} messages were accepted; the others are in the field rejected of this error`
}
