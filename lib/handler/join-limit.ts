/**
 * How many calls that wait may be sent together: whole calls, the first one however large it is.
 *
 * Bytes, because with compression the messages of a partition become one message, which should stay below the brokers'
 * usual limit of 1,000,000. Messages, because what is sent together is encoded, and settled, in one turn of the event
 * loop each: 9,000 messages of 100 bytes, as many as the bytes allow, held it for 40 ms.
 */
import type { PendingMessage } from './pending-message.js'

const MAX_JOINED_BYTES = 900_000
const MAX_JOINED_MESSAGES = 2000

export class JoinLimit {
  #bytes = 0
  #messages = 0

  /** Whether nothing joins such a call when it is the first one. */
  static isFull(messages: number, bytes: number): boolean {
    return messages >= MAX_JOINED_MESSAGES || bytes >= MAX_JOINED_BYTES
  }

  /** @returns false when this call has to wait for the next round. */
  admits(messages: number, bytes: number): boolean {
    const isFirst = this.#messages === 0
    if (!isFirst && this.#bytes + bytes > MAX_JOINED_BYTES) return false
    if (!isFirst && this.#messages + messages > MAX_JOINED_MESSAGES) return false
    this.#bytes += bytes
    this.#messages += messages
    return true
  }
}

/**
 * Bytes of a call's serialized keys and values; a character of text counts as one. 0 for one with so many messages that nothing
 * joins it: its bytes change nothing, and to look at each of 10,000 values takes 0.1 ms.
 */
export function bytesOf(messages: readonly PendingMessage[]): number {
  if (messages.length >= MAX_JOINED_MESSAGES) return 0
  let bytes = 0
  for (const { key, value } of messages) bytes += (key?.length ?? 0) + (value?.length ?? 0)
  return bytes
}
