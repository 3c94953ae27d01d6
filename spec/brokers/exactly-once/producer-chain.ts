/**
 * A line of producer processes with the same `transactional.id`, or of idempotent ones: one is running, and each that ends is
 * followed by another, whether it was killed, was fenced by its successor, or has failed.
 */
import type { ProducerHistory } from '../../support/exactly-once/history.js'
import { ProducerProcess } from './producer-process-handle.js'
import type { ProducerSetup } from './producer-setup.js'

export type ChainOptions = Omit<ProducerSetup, 'place' | 'journal' | 'seed'> & {
  readonly seed: number
  readonly folder: string
}

export class ProducerChain {
  readonly #options: ChainOptions
  readonly #processes: ProducerProcess[] = []
  #isClosing = false
  /** Processes that ended with neither an order nor an error of their producer: faults of the run itself. */
  readonly crashed: string[] = []

  constructor(options: ChainOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    await this.#begin().ready()
  }

  /** SIGKILL, wherever it is in a transaction; then its successor. */
  async kill(): Promise<void> {
    const process = this.#running
    await process.kill()
    await this.#begin().ready()
  }

  /** The successor begins while it is running: it has to end by itself. */
  async fence(): Promise<void> {
    const old = await this.#runningReady()
    await this.#begin().ready()
    await old.ended()
  }

  /** It stands still while its successor takes over, and goes on afterwards where it was. */
  async fencePaused(): Promise<void> {
    const old = await this.#runningReady()
    old.pause()
    try {
      await this.#begin().ready()
    } finally {
      old.resume()
    }
    await old.ended()
  }

  /** Ends the running one; with transactions one more finishes what a killed or failed one has left. */
  async close(): Promise<void> {
    this.#isClosing = true
    await this.#running.close()
    if (!this.#options.isTransactional) return
    const last = this.#begin()
    await last.ready()
    await last.close()
  }

  async killAll(): Promise<void> {
    this.#isClosing = true
    await Promise.all(this.#processes.filter(({ hasEnded }) => !hasEnded).map((process) => process.kill()))
  }

  histories(): ProducerHistory[] {
    return this.#processes.map((process) => {
      const history = process.history()
      return process.wasKilled && history.end !== 'failed' ? { ...history, end: 'killed' } : history
    })
  }

  get #running(): ProducerProcess {
    return this.#processes.at(-1)!
  }

  /** Whoever asks for the id last owns it: one that is still asking might fence its successor. */
  async #runningReady(): Promise<ProducerProcess> {
    let running: ProducerProcess
    do {
      running = this.#running
      await running.ready()
    } while (running !== this.#running)
    return running
  }

  #begin(): ProducerProcess {
    const { folder, seed, ...setup } = this.#options
    const place = this.#processes.length
    const process = new ProducerProcess({ ...setup, place, seed: seed * 1000 + place }, folder)
    this.#processes.push(process)
    process.onExit(() => this.#exited(process))
    return process
  }

  #exited(process: ProducerProcess): void {
    const { end } = process.history()
    if (end === 'killed' && !process.wasKilled) this.crashed.push(`${process.name}: ${process.output()}`)
    if (process === this.#running && !process.wasKilled && !this.#isClosing) this.#begin()
  }
}
