/** When the partitions and coordinators of a broker that is down move to others: at once, after a while, or never. */

export interface FailoverContext {
  isUp(broker: number): boolean
  /** Moves what brokers lead that are down and not waited for. */
  move(isGone: (broker: number) => boolean): void
}

export class Failover {
  readonly #mode: boolean | number
  readonly #context: FailoverContext
  readonly #waiting = new Map<number, NodeJS.Timeout>()

  /** @param mode - true: at once; a number: this many milliseconds later, unless the broker is up by then; false: never. */
  constructor(mode: boolean | number, context: FailoverContext) {
    this.#mode = mode
    this.#context = context
  }

  down(broker: number): void {
    if (this.#mode === true) this.#move()
    else if (this.#mode !== false) {
      const end = (): void => {
        this.#cancel(broker)
        this.#move()
      }
      this.#waiting.set(broker, setTimeout(end, this.#mode))
    }
  }

  up(broker: number): void {
    this.#cancel(broker)
    if (this.#mode !== false) this.#move()
  }

  close(): void {
    for (const broker of this.#waiting.keys()) this.#cancel(broker)
  }

  #move(): void {
    this.#context.move((broker) => !this.#context.isUp(broker) && !this.#waiting.has(broker))
  }

  #cancel(broker: number): void {
    clearTimeout(this.#waiting.get(broker))
    this.#waiting.delete(broker)
  }
}
