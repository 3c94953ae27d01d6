/**
 * Lets several cycles overlap without changing what is stored in a partition: what needs a partition of earlier
 * messages waits for their outcome, everything else goes at once, while there are fewer runs than allowed.
 *
 * Messages that are let go together form a run, which holds their partitions until each is settled, through all its
 * retries. A cycle is one call of `dispatch`; its messages may be in several runs, and a run may join messages of
 * several cycles that waited, when their partitions are free. A run waits for nobody, so nothing can wait in a circle.
 * Knows no brokers and no attempts.
 *
 * @see docs/decisions/0004-in-flight-partitions.md
 */
import { Fifo } from '../fifo.js'
import { LinkedList } from '../linked-list.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import type { MessageCall, MessageChunk } from './chunk-topics.js'
import { bytesOf, JoinLimit } from './join-limit.js'
import { Call } from './overlapping-call.js'
import type { MessageGroup } from './partition-and-collate.js'
import { PartitionQueues, type RunDraft } from './partition-queues.js'
import type { PendingMessage } from './pending-message.js'

export interface OverlappingDispatchOptions {
  /** `max.in.flight.requests.per.connection`: runs at a time; each has at most one request in flight per broker. */
  readonly maxInFlight: number
  /**
   * Sends messages until each is settled. Must not reject.
   *
   * @param onProgress - to be called whenever some may have been settled or bound to a partition, with batches of
   *   these; without any when it may be all of them.
   * @param groups - the same messages, in the same order.
   */
  run(
    messages: readonly PendingMessage[],
    onProgress: OnProgress,
    groups: readonly MessageGroup[],
  ): Promise<void>
  /** Chooses the partition of a message that has a key, where its topic is known. */
  bind(message: PendingMessage): void
  /**
   * Does what can be done ahead for messages that are to be run together; null: they are not any more. Must not throw.
   * Default: nothing.
   *
   * @param groups - the messages as {@link run} will be called with them, but perhaps in another order.
   */
  prepare?(messages: readonly PendingMessage[] | null, groups: readonly MessageGroup[]): void
  /** Fails messages that wait, as their time limit has passed. */
  expire(messages: readonly PendingMessage[]): unknown
}

export type OnProgress = (batches?: readonly { readonly messages: readonly PendingMessage[] }[]) => void

interface Run {
  /** At least those that hold something. */
  messages: readonly PendingMessage[]
  /** Messages that hold something: they are not settled, or in flight although their time limit has passed. */
  holding: number
}

/** Whole calls as far as they fit; the first one, however large, and what else of it can go. */
class Draft implements RunDraft {
  readonly chunks: MessageChunk[] = []
  readonly #number: number
  readonly #limit = new JoinLimit()
  #messages = 0
  /** Messages of the calls that it has taken, those that may not go included. */
  #ofCalls = 0

  constructor(number: number) {
    this.#number = number
  }

  get isComplete(): boolean {
    return this.#messages === this.#ofCalls
  }

  add(chunk: MessageChunk): boolean {
    const call = chunk.call!
    if (call.run !== this.#number) {
      if (!this.#limit.admits(call.messages.length, call.bytes)) return false
      call.run = this.#number
      this.#ofCalls += call.waiting
    }
    this.chunks.push(chunk)
    this.#messages += chunk.size
    return true
  }
}

export class OverlappingDispatch {
  readonly #options: OverlappingDispatchOptions
  readonly #queues: PartitionQueues
  /** Calls that have come while others were being looked at. */
  readonly #incoming = new Fifo<MessageCall>()
  /** Calls with messages that wait, and some that have none any more, in their order. */
  readonly #waiting = new Fifo<MessageCall>()
  #prepared: MessageCall | null = null
  #preparing: NodeJS.Immediate | null = null
  /** Calls with messages that wait and have a time limit, which is no earlier for a later one. */
  readonly #limited = new LinkedList<MessageCall>()
  #running = 0
  #isBusy = false
  /** Something has ended in this turn: what follows from it is waited for. */
  #isEnding = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: OverlappingDispatchOptions) {
    this.#options = options
    this.#queues = new PartitionQueues(options)
  }

  /** Resolves when each message is settled. */
  dispatch(messages: readonly PendingMessage[]): Promise<void> {
    if (messages.length === 0) return Promise.resolve()
    return new Promise((end) => {
      this.#incoming.push(new Call(messages, end))
      if (!this.#isEnding) this.#work()
    })
  }

  /** Starts what can be started. A call from within, by a listener or a partitioner, is seen by the one under way. */
  #work(): void {
    if (this.#isBusy) return
    this.#isBusy = true
    do {
      const isAlone = this.#incoming.size === 1
      for (let call = this.#incoming.shift(); call; call = this.#incoming.shift()) this.#accept(call, isAlone)
      while (this.#startNext());
    } while (this.#incoming.size > 0)
    this.#isBusy = false
    this.#expireInTime()
    this.#prepareSoon()
  }

  /** @returns false when nothing more can be started. */
  #startNext(): boolean {
    if (this.#running >= this.#options.maxInFlight) return false
    const draft = new Draft(this.#queues.run)
    this.#queues.collect(draft)
    if (draft.chunks.length > 0) this.#start(draft.chunks)
    return draft.chunks.length > 0
  }

  /** @param isAlone - what of it may go starts at once; else whatever has come with it joins it. */
  #accept(call: MessageCall, isAlone: boolean): void {
    call.bytes = bytesOf(call.messages)
    call.chunks = this.#queues.split(call)
    const going: MessageChunk[] = []
    const mayGo = isAlone && this.#running < this.#options.maxInFlight
    for (const chunk of call.chunks) if (this.#queues.arrive(chunk, mayGo)) going.push(chunk)
    if (call.messages[0]!.deadlineMs > 0) call.link = this.#limited.push(call)
    if (going.length > 0) this.#start(going)
    if (call.waiting > 0) this.#waiting.push(call)
  }

  #start(chunks: readonly MessageChunk[]): void {
    this.#queues.endRun()
    this.#running++
    for (const { call, size } of chunks) this.#noLongerWait(call!, size)
    const messages = messagesOf(chunks)
    const run: Run = { messages, holding: messages.length }
    void this.#options
      .run(messages, (batches) => this.#progressed(run, batches), chunks)
      .then(() => {
        this.#running--
        if (run.holding > 0) this.#updateAll(run)
        this.#workSoon()
      })
    // As long as some of it waits, its leader may be one that something was prepared for.
    if (this.#prepared?.waiting === 0) this.#dropPrepared()
  }

  /** When the requests of what was started are written: the next run, where it is known that nothing more will join it. */
  #prepareSoon(): void {
    const call = this.#nextFullCall()
    if (!call || !this.#options.prepare || this.#preparing || this.#running === 0) return
    this.#preparing = setImmediate(() => {
      this.#preparing = null
      if (this.#nextFullCall() !== call || this.#running === 0) return
      this.#prepared = call
      this.#options.prepare!(call.messages, call.chunks)
    })
  }

  /** The first call that waits, where all of it does, nothing joins it and it is not prepared. */
  #nextFullCall(): MessageCall | null {
    let first = this.#waiting.peek()
    for (; first?.waiting === 0; first = this.#waiting.peek()) this.#waiting.shift()
    if (!first || first === this.#prepared) return null
    const { messages, bytes, waiting } = first
    return waiting === messages.length && JoinLimit.isFull(waiting, bytes) ? first : null
  }

  #dropPrepared(): void {
    this.#prepared = null
    this.#options.prepare!(null, [])
  }

  #progressed(run: Run, batches?: Parameters<OnProgress>[0]): void {
    if (batches) for (const { messages } of batches) run.holding -= this.#queues.update(messages)
    else this.#updateAll(run)
    this.#workSoon()
  }

  /** Those that hold nothing any more are not looked at again and again. */
  #updateAll(run: Run): void {
    run.holding -= this.#queues.update(run.messages)
    if (run.holding * 2 < run.messages.length)
      run.messages = run.messages.filter(({ chunk }) => chunk !== null)
  }

  /**
   * Starts nothing before all that follows from what has ended has happened, and all answers that have arrived are read: calls
   * that were waiting for them, and come now, join one run. Else each would find its partition taken by the one before: async
   * batches of 200 at 20 ms of delay were sent 500 at a time, and are 1,000 so. And with three leaders each answer began a run
   * of its own, whose calls are for all leaders again: a third more requests for 1,000 keyed sync callers, and twice the CPU.
   */
  #workSoon(): void {
    if (this.#isEnding) return
    this.#isEnding = true
    // An immediate comes after all sockets that can be read, and all microtasks.
    setImmediate(() => {
      this.#isEnding = false
      this.#work()
    })
  }

  #noLongerWait(call: MessageCall, messages: number): void {
    call.waiting -= messages
    if (call.waiting > 0 || !call.link) return
    this.#limited.remove(call.link)
    call.link = null
  }

  #expireInTime(): void {
    const first = this.#limited.first?.item
    if (!first) {
      clearTimeout(this.#timer)
      this.#timer = undefined
    } else if (this.#timer === undefined) {
      const leftMs = first.nextThatWaits()!.deadlineMs - performance.now()
      this.#timer = setTimeout(() => this.#expire(), Math.min(LONGEST_TIMER_MS, Math.max(0, leftMs)))
    }
  }

  #expire(): void {
    this.#timer = undefined
    const due = this.#takeDue(performance.now())
    this.#isBusy = true
    if (due.length > 0) this.#options.expire(due)
    for (const message of due) this.#queues.drop(message)
    this.#isBusy = false
    this.#work()
  }

  /** Messages that wait in vain, and only those, are looked at: later ones have no earlier time limit. */
  #takeDue(nowMs: number): PendingMessage[] {
    const due: PendingMessage[] = []
    for (let link = this.#limited.first; link; link = this.#limited.first) {
      const call = link.item
      const next = call.nextThatWaits()!
      if (next.deadlineMs > nowMs) break
      due.push(next)
      call.skip()
      this.#noLongerWait(call, 1)
      if (call === this.#prepared) this.#dropPrepared()
    }
    return due
  }
}

function messagesOf(chunks: readonly MessageChunk[]): readonly PendingMessage[] {
  if (chunks.length === 1) return chunks[0]!.messages
  const messages: PendingMessage[] = []
  for (const chunk of chunks) for (const message of chunk.messages) messages.push(message)
  return messages
}
