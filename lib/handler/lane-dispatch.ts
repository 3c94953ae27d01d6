/**
 * Lets several cycles overlap without changing what is stored in a partition: what meets the lane of earlier messages
 * waits for their outcome, everything else goes at once, while there are fewer runs than allowed.
 *
 * Messages that are let go together form a run, which holds their lanes until each is settled, through all its
 * retries. Messages of several cycles that waited go together when their lanes are free. A run waits for nobody, so
 * nothing can wait in a circle. Knows no brokers and no attempts.
 *
 * @see docs/decisions/0004
 */
import type { Envelope } from './envelope.js'
import { PartitionLanes } from './partition-lanes.js'

/** Further cycles join a run up to this many bytes together; see GroupCommit, which has the same limit and reason. */
const MAX_JOINED_BYTES = 900_000

export interface LaneDispatchOptions {
  /** Runs at a time; each has at most one request in flight per broker. */
  readonly maxRuns: number
  /**
   * Sends messages until each is settled. Must not reject.
   *
   * @param onProgress - to be called whenever some may have been settled or bound to a partition.
   */
  run(envelopes: readonly Envelope[], onProgress: () => void): Promise<void>
  /** Chooses the partition of a message that has a key, where its topic is known. */
  bind(envelope: Envelope): void
  /** Fails the messages whose time limit is over. */
  expire(envelopes: readonly Envelope[]): unknown
}

/** The messages of one call. */
interface Cycle {
  waiting: Envelope[]
  /** When it came. */
  readonly bytes: number
  /** Messages that are not settled. */
  open: number
  end(): void
}

interface Part {
  readonly cycle: Cycle
  /** Those that are not settled, or whose time limit is over while they are in flight: they hold their lanes. */
  envelopes: Envelope[]
  /** How many of them are not settled. */
  open: number
}

interface Run {
  readonly parts: readonly Part[]
  lanes: PartitionLanes
}

export class LaneDispatch {
  readonly #options: LaneDispatchOptions
  /** Cycles of which messages wait, in their order. */
  #cycles: Cycle[] = []
  readonly #runs = new Set<Run>()
  /** Lanes of all runs and of all that waits, as last found out; where they are fewer by now, a pump is due anyway. */
  #taken = new PartitionLanes()
  #isPumping = false
  #timer: NodeJS.Timeout | undefined
  #haveLimits = false

  constructor(options: LaneDispatchOptions) {
    this.#options = options
  }

  /** Resolves when each message is settled. */
  dispatch(envelopes: readonly Envelope[]): Promise<void> {
    if (envelopes.length === 0) return Promise.resolve()
    return new Promise((end) => {
      let bytes = 0
      for (const { key, value } of envelopes) bytes += (key?.length ?? 0) + (value?.length ?? 0)
      const cycle = { waiting: [...envelopes], bytes, open: envelopes.length, end }
      this.#cycles.push(cycle)
      this.#haveLimits ||= envelopes[0]!.deadlineMs > 0
      if (this.#mustWait(cycle)) this.#expireInTime()
      else this.#pump()
    })
  }

  /** Whether none of a new cycle's messages can go: that is known without a look at all those that wait. */
  #mustWait({ waiting }: Cycle): boolean {
    if (this.#runs.size >= this.#options.maxRuns) return true
    for (const envelope of waiting) {
      this.#bind(envelope)
      if (!this.#taken.meets(envelope)) return false
    }
    for (const envelope of waiting) this.#taken.add(envelope)
    return true
  }

  /** Starts what can be started. A call from within, by a listener or a partitioner, is seen by the one under way. */
  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.#runs.size < this.#options.maxRuns) {
      const run = this.#admit()
      if (!run) break
      this.#start(run)
    }
    this.#isPumping = false
    this.#expireInTime()
  }

  /** Takes what meets nobody's lane from those that wait. @returns null when that is nothing. */
  #admit(): Run | null {
    const taken = new PartitionLanes()
    for (const { lanes } of this.#runs) taken.addAll(lanes)
    const parts: Part[] = []
    let bytes = 0
    for (const cycle of this.#cycles) {
      if (parts.length > 0 && bytes + cycle.bytes > MAX_JOINED_BYTES) break
      const envelopes = this.#takeFree(cycle, taken)
      if (envelopes.length === 0) continue
      parts.push({ cycle, envelopes, open: envelopes.length })
      bytes += cycle.bytes
    }
    if (parts.length === 0) {
      this.#taken = taken
      return null
    }
    this.#cycles = this.#cycles.filter(({ waiting }) => waiting.length > 0)
    return { parts, lanes: lanesOf(parts) }
  }

  /** Takes the messages of one cycle that may go; the lanes of those that wait are taken for those behind them. */
  #takeFree(cycle: Cycle, taken: PartitionLanes): Envelope[] {
    const free: Envelope[] = []
    const waiting: Envelope[] = []
    for (const envelope of cycle.waiting) {
      this.#bind(envelope)
      if (taken.meets(envelope)) {
        taken.add(envelope)
        waiting.push(envelope)
      } else {
        free.push(envelope)
      }
    }
    cycle.waiting = waiting
    return free
  }

  #bind(envelope: Envelope): void {
    if (envelope.partition < 0) this.#options.bind(envelope)
  }

  #start(run: Run): void {
    this.#runs.add(run)
    const envelopes = run.parts.flatMap((part) => part.envelopes)
    void this.#options
      .run(envelopes, () => this.#progressed(run))
      .then(() => {
        this.#runs.delete(run)
        this.#progressed(run)
      })
  }

  #progressed(run: Run): void {
    for (const part of run.parts) {
      const before = part.open
      part.envelopes = part.envelopes.filter(({ isSettled, isInFlight }) => !isSettled || isInFlight)
      part.open = part.envelopes.reduce((count, { isSettled }) => (isSettled ? count : count + 1), 0)
      settled(part.cycle, before - part.open)
    }
    run.lanes = lanesOf(run.parts)
    this.#pump()
  }

  /** Later messages have no earlier time limit. */
  #expireInTime(): void {
    if (this.#cycles.length === 0) {
      clearTimeout(this.#timer)
      this.#timer = undefined
    } else if (this.#haveLimits && this.#timer === undefined) {
      const limits = this.#cycles.map(({ waiting }) => waiting[0]!.deadlineMs || Number.POSITIVE_INFINITY)
      const endMs = limits.reduce((first, limit) => Math.min(first, limit))
      if (endMs === Number.POSITIVE_INFINITY) return
      this.#timer = setTimeout(() => this.#expire(), Math.max(0, endMs - performance.now()))
    }
  }

  #expire(): void {
    this.#timer = undefined
    const cycles = this.#cycles
    this.#options.expire(cycles.flatMap(({ waiting }) => waiting))
    for (const cycle of cycles) {
      const before = cycle.waiting.length
      cycle.waiting = cycle.waiting.filter(({ isSettled }) => !isSettled)
      settled(cycle, before - cycle.waiting.length)
    }
    this.#cycles = this.#cycles.filter(({ waiting }) => waiting.length > 0)
    this.#pump()
  }
}

function settled(cycle: Cycle, count: number): void {
  if (count === 0) return
  cycle.open -= count
  if (cycle.open === 0) cycle.end()
}

function lanesOf(parts: readonly Part[]): PartitionLanes {
  const lanes = new PartitionLanes()
  for (const { envelopes } of parts) for (const envelope of envelopes) lanes.add(envelope)
  return lanes
}
