/**
 * Lets several cycles overlap without changing what is stored in a partition: what needs a partition of earlier
 * messages waits for their outcome, everything else goes at once, while there are fewer runs than allowed.
 *
 * Messages that are let go together form a run, which holds their partitions until each is settled, through all its
 * retries. Messages of several calls that waited go together when their partitions are free. A run waits for nobody,
 * so nothing can wait in a circle. Knows no brokers and no attempts.
 *
 * @see docs/decisions/0004-lanes.md
 */
import { Fifo } from '../fifo.js'
import { type Link, LinkedList } from '../linked-list.js'
import { LONGEST_TIMER_MS } from '../timers.js'
import type { Envelope } from './envelope.js'
import type { Hold } from './holds.js'
import { PartitionQueues, type RunDraft } from './partition-queues.js'

/** Further calls join a run up to this many bytes together; see GroupCommit, which has the same limit and reason. */
const MAX_JOINED_BYTES = 900_000

export interface LaneDispatchOptions {
  /** Runs at a time; each has at most one request in flight per broker. */
  readonly maxRuns: number
  /**
   * Sends messages until each is settled. Must not reject.
   *
   * @param onProgress - to be called whenever some may have been settled or bound to a partition, with batches of
   *   these; without any when it may be all of them.
   */
  run(envelopes: readonly Envelope[], onProgress: OnProgress): Promise<void>
  /** Chooses the partition of a message that has a key, where its topic is known. */
  bind(envelope: Envelope): void
  /** Fails messages that wait, as their time limit is over. */
  expire(envelopes: readonly Envelope[]): unknown
}

export type OnProgress = (batches?: readonly { readonly envelopes: readonly Envelope[] }[]) => void

/** The messages of one call. */
interface Call {
  readonly envelopes: readonly Envelope[]
  readonly bytes: number
  /** Messages that are not settled. */
  open: number
  /** Messages that wait. */
  waiting: number
  /** Where the first message that waits is, or one before it. */
  position: number
  /** Its place among the calls with messages that wait and have a time limit. */
  link: Link<Call> | null
  /** The last run that some of it joined. */
  run: number
  end(): void
}

/** What a message has to do with others, where calls overlap. */
export interface Turn {
  readonly call: Call
  /** null while it waits, and when it is settled and no request with it is in flight. */
  hold: Hold | null
  /** Its call knows that it is settled. */
  isCounted: boolean
}

interface Run {
  /** Those that are not settled, or in flight although their time limit is over. */
  envelopes: readonly Envelope[]
}

/** Whole calls as far as they fit; the first one, however large, and what else of it can go. */
class Draft implements RunDraft {
  readonly envelopes: Envelope[] = []
  readonly #number: number
  #bytes = 0

  constructor(number: number) {
    this.#number = number
  }

  add(envelope: Envelope): boolean {
    const { call } = envelope.turn!
    if (call.run !== this.#number) {
      if (this.envelopes.length > 0 && this.#bytes + call.bytes > MAX_JOINED_BYTES) return false
      call.run = this.#number
      this.#bytes += call.bytes
    }
    this.envelopes.push(envelope)
    return true
  }
}

export class LaneDispatch {
  readonly #options: LaneDispatchOptions
  readonly #queues: PartitionQueues
  /** Calls that have come while others were being looked at. */
  readonly #incoming = new Fifo<Call>()
  /** Calls with messages that wait and have a time limit, which is no earlier for a later one. */
  readonly #limited = new LinkedList<Call>()
  #running = 0
  #isBusy = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: LaneDispatchOptions) {
    this.#options = options
    this.#queues = new PartitionQueues(options)
  }

  /** Resolves when each message is settled. */
  dispatch(envelopes: readonly Envelope[]): Promise<void> {
    if (envelopes.length === 0) return Promise.resolve()
    return new Promise((end) => {
      this.#incoming.push(callOf(envelopes, end))
      this.#work()
    })
  }

  /** Starts what can be started. A call from within, by a listener or a partitioner, is seen by the one under way. */
  #work(): void {
    if (this.#isBusy) return
    this.#isBusy = true
    do {
      for (let call = this.#incoming.shift(); call; call = this.#incoming.shift()) this.#accept(call)
      while (this.#startNext());
    } while (this.#incoming.size > 0)
    this.#isBusy = false
    this.#expireInTime()
  }

  /** @returns false when nothing more can be started. */
  #startNext(): boolean {
    if (this.#running >= this.#options.maxRuns) return false
    const draft = new Draft(this.#queues.run)
    this.#queues.collect(draft)
    if (draft.envelopes.length > 0) this.#start(draft.envelopes)
    return draft.envelopes.length > 0
  }

  /** Starts at once what of it may go. */
  #accept(call: Call): void {
    const going: Envelope[] = []
    const mayGo = this.#running < this.#options.maxRuns
    for (const envelope of call.envelopes) {
      envelope.turn = { call, hold: null, isCounted: false }
      if (this.#queues.arrive(envelope, mayGo)) going.push(envelope)
    }
    if (call.envelopes[0]!.deadlineMs > 0) call.link = this.#limited.push(call)
    if (going.length > 0) this.#start(going)
  }

  #start(envelopes: readonly Envelope[]): void {
    this.#queues.endRun()
    for (const { turn } of envelopes) this.#noLongerWaits(turn!.call)
    const run: Run = { envelopes }
    this.#running++
    void this.#options
      .run(envelopes, (batches) => this.#progressed(run, batches))
      .then(() => {
        this.#running--
        this.#progressed(run)
      })
  }

  #progressed(run: Run, batches?: Parameters<OnProgress>[0]): void {
    for (const { envelopes } of batches ?? [run]) for (const envelope of envelopes) this.#update(envelope)
    if (!batches) run.envelopes = run.envelopes.filter(({ turn }) => turn!.hold !== null)
    this.#work()
  }

  #update(envelope: Envelope): void {
    const turn = envelope.turn!
    if (turn.hold === null) return
    this.#queues.update(envelope)
    if (!envelope.isSettled || turn.isCounted) return
    turn.isCounted = true
    this.#settled(turn.call)
  }

  #settled(call: Call): void {
    call.open--
    if (call.open === 0) call.end()
  }

  #noLongerWaits(call: Call): void {
    call.waiting--
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
      const leftMs = nextThatWaits(first)!.deadlineMs - performance.now()
      this.#timer = setTimeout(() => this.#expire(), Math.min(LONGEST_TIMER_MS, Math.max(0, leftMs)))
    }
  }

  #expire(): void {
    this.#timer = undefined
    const due = this.#takeDue(performance.now())
    this.#isBusy = true
    if (due.length > 0) this.#options.expire(due)
    for (const envelope of due) {
      this.#queues.drop(envelope)
      this.#settled(envelope.turn!.call)
    }
    this.#isBusy = false
    this.#work()
  }

  /** Messages that wait in vain, and only those, are looked at: later ones have no earlier time limit. */
  #takeDue(nowMs: number): Envelope[] {
    const due: Envelope[] = []
    for (let link = this.#limited.first; link; link = this.#limited.first) {
      const call = link.item
      const next = nextThatWaits(call)!
      if (next.deadlineMs > nowMs) break
      due.push(next)
      call.position++
      this.#noLongerWaits(call)
    }
    return due
  }
}

function callOf(envelopes: readonly Envelope[], end: () => void): Call {
  let bytes = 0
  for (const { key, value } of envelopes) bytes += (key?.length ?? 0) + (value?.length ?? 0)
  const { length } = envelopes
  return { envelopes, bytes, open: length, waiting: length, position: 0, link: null, run: 0, end }
}

/** Goes on to the first message of a call that waits. */
function nextThatWaits(call: Call): Envelope | undefined {
  const { envelopes } = call
  while (call.position < envelopes.length) {
    const envelope = envelopes[call.position]!
    if (!envelope.isSettled && envelope.turn!.hold === null) return envelope
    call.position++
  }
  return undefined
}
