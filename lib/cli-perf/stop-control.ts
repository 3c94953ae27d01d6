/** How a run ends before its time: first nothing more is sent, then what was sent is no longer waited for. */
import { setMaxListeners } from 'node:events'
import type { StopSignal } from '../cli/stop-signals.js'
import { pause } from '../timers.js'
import type { Pacer } from './pacer.js'

export class StopControl {
  readonly #stopping = new AbortController()
  #isAbandoned = false
  #signal: StopSignal | null = null
  #timer: NodeJS.Timeout | undefined
  #abandon!: () => void
  /** Resolves when what is left is no longer waited for. */
  readonly abandoned: Promise<void>

  constructor() {
    this.abandoned = new Promise((resolve) => {
      this.#abandon = () => {
        this.#isAbandoned = true
        resolve()
      }
    })
    // Each thread listens to it, and there may be more of them than Node expects.
    setMaxListeners(0, this.#stopping.signal)
  }

  /** Nothing more is sent. */
  get isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned
  }

  /** For pauses, which it ends. */
  get stopSignal(): AbortSignal {
    return this.#stopping.signal
  }

  /** The first signal that ended the run; null for none. */
  get signal(): StopSignal | null {
    return this.#signal
  }

  /** @param graceMs - how long what was sent is waited for after the first signal; after another one not at all. */
  onSignal(signal: StopSignal, graceMs: number): void {
    this.stop(this.#signal === null ? graceMs : 0)
    this.#signal ??= signal
  }

  /** @param graceMs - how long what was sent is waited for; counts from the last call. */
  stop(graceMs: number): void {
    this.#stopping.abort()
    clearTimeout(this.#timer)
    if (graceMs === 0) this.#abandon()
    else this.#timer = setTimeout(this.#abandon, graceMs)
  }

  /** To be called when the run has ended. */
  clear(): void {
    clearTimeout(this.#timer)
  }
}

/** Waits until the next message is due, or nothing more is to be sent. */
export async function untilDue(pacer: Pacer, stopControl: StopControl): Promise<void> {
  let waitMs = pacer.waitMs(performance.now())
  if (waitMs <= 0) return
  // Timers may also be early by a fraction of a millisecond.
  while (waitMs > 0 && !stopControl.isStopping) {
    await pause(Math.ceil(waitMs), stopControl.stopSignal)
    waitMs = pacer.waitMs(performance.now())
  }
  pacer.woke(performance.now())
}
