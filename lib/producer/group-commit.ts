/**
 * Sync mode: calls that are made in one turn form one cycle, which begins a microtask after the first of them; so do
 * those that arrive while as many cycles are in flight as are allowed, one by default. In their order. One call at a time
 * goes out alone, as in the original. A call that waits can be taken back by its AbortSignal.
 *
 * @see docs/WHERE-WE-DIFFER.md
 */
import sumBy from 'lodash/sumBy.js'
import { bytesOf, JoinLimit } from '../handler/join-limit.js'
import type { PendingMessage } from '../handler/pending-message.js'
import { type Link, LinkedList } from '../linked-list.js'
import { AbortGroups } from './abort-groups.js'
import { FlushTracker } from './flush-tracker.js'

/** Takes a call back while it waits. */
export interface Withdrawal {
  /** Not aborted yet. */
  readonly signal: AbortSignal
  /** Its messages will not be sent. */
  onWithdrawn(): void
}

/** A call that waits, its own place in line. */
class WaitingCall implements Link<WaitingCall> {
  readonly item = this
  previous: Link<WaitingCall> | null = null
  next: Link<WaitingCall> | null = null
  /** Messages of calls behind it that were taken back: a flush counts places. */
  withdrawnBehind = 0

  constructor(
    readonly messages: readonly PendingMessage[],
    readonly bytes: number,
    readonly withdrawal: Withdrawal | null,
  ) {}
}

export class GroupCommit {
  readonly #dispatch: (messages: readonly PendingMessage[]) => Promise<void>
  readonly #maxInFlight: number
  readonly #calls = new LinkedList<WaitingCall>()
  /** Of those calls, with the places of messages that were taken back. */
  #waiting = 0
  readonly #bySignal = new AbortGroups<WaitingCall>((calls) => {
    for (const call of calls) this.#withdraw(call)
  })
  readonly #progress = new FlushTracker()
  /** Whether what waits will be looked at within this turn. */
  #isBeginning = false
  /** Loops under way, each with one cycle at a time. */
  #running = 0

  /**
   * @param dispatch - ends when every message has its outcome; must not reject.
   * @param maxInFlight - cycles at a time; Infinity where others see to it.
   */
  constructor(dispatch: (messages: readonly PendingMessage[]) => Promise<void>, maxInFlight = 1) {
    this.#dispatch = dispatch
    this.#maxInFlight = maxInFlight
  }

  /**
   * Takes the serialized messages of one call; they report their outcome themselves.
   *
   * @param withdrawal - default: the call cannot be taken back.
   */
  submit(messages: readonly PendingMessage[], withdrawal: Withdrawal | null = null): void {
    if (messages.length === 0) return
    const call = new WaitingCall(messages, bytesOf(messages), withdrawal)
    if (withdrawal) this.#bySignal.add(withdrawal.signal, call)
    this.#calls.append(call)
    this.#waiting += messages.length
    if (!this.#isBeginning && this.#running < this.#maxInFlight) void this.#begin()
  }

  /** Resolves when everything submitted so far has its outcome. */
  flush(): Promise<void> {
    return this.#progress.reach(this.#waiting)
  }

  async #begin(): Promise<void> {
    this.#isBeginning = true
    await null
    this.#isBeginning = false
    while (this.#calls.size > 0 && this.#running < this.#maxInFlight) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running++
    // What comes while it is about to begin anew waits for the others of that turn.
    while (this.#calls.size > 0 && !this.#isBeginning) {
      const calls = this.#nextCycle()
      const isOver = this.#leave(sumBy(calls, placesOf))
      await this.#dispatch(messagesOf(calls))
      isOver()
    }
    this.#running--
  }

  /** The first call that waits, and those after it that may join. They cannot be taken back any more. */
  #nextCycle(): readonly WaitingCall[] {
    const limit = new JoinLimit()
    const calls: WaitingCall[] = []
    for (let link = this.#calls.first; link; link = this.#calls.first) {
      const { messages, bytes, withdrawal } = link.item
      if (!limit.admits(messages.length, bytes)) break
      this.#calls.remove(link)
      if (withdrawal) this.#bySignal.delete(withdrawal.signal, link.item)
      calls.push(link.item)
    }
    return calls
  }

  #withdraw(call: WaitingCall): void {
    const { previous } = call
    this.#calls.remove(call)
    if (previous) previous.item.withdrawnBehind += placesOf(call)
    else this.#leave(placesOf(call))()
    call.withdrawal!.onWithdrawn()
  }

  /** @param places - at the front. @returns what is to be called when they have their outcome. */
  #leave(places: number): () => void {
    this.#waiting -= places
    return this.#progress.take(places)
  }
}

function placesOf({ messages, withdrawnBehind }: WaitingCall): number {
  return messages.length + withdrawnBehind
}

function messagesOf(calls: readonly WaitingCall[]): readonly PendingMessage[] {
  if (calls.length === 1) return calls[0]!.messages
  const all: PendingMessage[] = []
  for (const { messages } of calls) for (const message of messages) all.push(message)
  return all
}
