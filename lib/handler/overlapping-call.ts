/**
 * The messages of one call where cycles overlap: how many are open, how many wait, and where the first is that waits.
 * Plain counts, whatever the messages `M` are; kept by `OverlappingDispatch`.
 */
import type { Link } from '../linked-list.js'

export interface Call<M> {
  readonly messages: readonly M[]
  readonly bytes: number
  /** Messages that are not settled. */
  open: number
  /** Messages that wait. */
  waiting: number
  /** Where the first message that waits is, or one before it. */
  position: number
  /** Its place among the calls with messages that wait and have a time limit. */
  link: Link<Call<M>> | null
  /** The last run that some of it joined. */
  run: number
  end(): void
}

/** @param end - called once, when each message is settled. */
export function callOf<M>(messages: readonly M[], bytes: number, end: () => void): Call<M> {
  const { length } = messages
  return { messages, bytes, open: length, waiting: length, position: 0, link: null, run: 0, end }
}

/** Goes on to the first message of a call that waits. */
export function nextThatWaits<M extends { readonly isSettled: boolean; readonly hold: unknown }>(
  call: Call<M>,
): M | undefined {
  const { messages } = call
  while (call.position < messages.length) {
    const message = messages[call.position]!
    if (!message.isSettled && message.hold === null) return message
    call.position++
  }
  return undefined
}
