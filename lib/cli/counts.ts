/** How many lines were read, sent and failed, and the text for it. */
import { counted } from '../counted.js'

export class Counts {
  read = 0
  delivered = 0
  failed = 0
  /** With acks 0, of those that were written: their connection ended before its broker had confirmed them. */
  unconfirmed = 0
  readonly #word: string

  /** @param acks - with 0 no broker confirms a message, so it is called written. */
  constructor(acks: number) {
    this.#word = acks === 0 ? 'written' : 'delivered'
  }

  /** Lines that have had no outcome. */
  get unsettled(): number {
    return this.read - this.delivered - this.failed
  }

  /** While lines are on their way. */
  progress(): string {
    return `${counted(this.read, 'line')} read, ${this.delivered} ${this.#word}, ${this.failed} failed`
  }

  /** When no more will happen. */
  summary(): string {
    const open = this.unsettled > 0 ? `, ${this.unsettled} without an outcome` : ''
    const doubt = this.unconfirmed > 0 ? `; up to ${this.unconfirmed} of those written may be lost` : ''
    return this.progress() + open + doubt
  }
}
