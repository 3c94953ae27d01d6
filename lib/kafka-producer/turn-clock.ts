/**
 * The time, read once for the records that are sent together: a look at both clocks costs more than appending a small record.
 *
 * A reading holds for the present turn of the event loop, and for {@link READINGS} records of it.
 */

/** A loop that sends for seconds without a turn still gets about the right times. */
const READINGS = 64

export class TurnClock {
  /** On the monotonic clock, in milliseconds. */
  nowMs = 0
  /** Since the epoch, in milliseconds. */
  epochMs = 0
  #left = 0
  #isTurning = false

  /** To be called for each record before the fields are read. */
  tick(): void {
    if (this.#left > 0) {
      this.#left--
      return
    }
    this.nowMs = performance.now()
    this.epochMs = Date.now()
    this.#left = READINGS
    if (this.#isTurning) return
    this.#isTurning = true
    setImmediate(() => {
      this.#isTurning = false
      this.#left = 0
    })
  }
}
