/** A producer process, seen from the run: started, signalled by its pid, waited for, and what it left in its journal. */
import type { ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ProducerHistory } from '../../support/exactly-once/history.js'
import { historyOf } from '../../support/exactly-once/journal.js'
import { eventually } from '../support/eventually.js'
import { spawnGuarded } from '../support/guarded-spawn.js'
import { readJournalFile } from './journal-file.js'
import type { ProducerSetup } from './producer-setup.js'

const PROGRAM = fileURLToPath(new URL('./producer-process.ts', import.meta.url))
const PROJECT = fileURLToPath(new URL('../../..', import.meta.url))
/** What a fault and the recovery from it may take, together with the start of a process on a busy machine. */
const READY_TIMEOUT_MS = 120_000
const END_TIMEOUT_MS = 120_000

export class ProducerProcess {
  readonly setup: ProducerSetup
  /** Killed by the run, whatever its journal says. */
  wasKilled = false
  readonly #child: ChildProcess
  readonly #output: string
  readonly #exited: Promise<void>
  #exit: string | null = null

  /** @param folder - for its journal and what it prints. */
  constructor(setup: Omit<ProducerSetup, 'journal'>, folder: string) {
    const name = `${setup.topic}-${setup.chain}.${setup.place}`
    this.setup = { ...setup, journal: path.join(folder, `${name}.journal`) }
    this.#output = path.join(folder, `${name}.log`)
    const output = openSync(this.#output, 'a')
    const args = ['--max-old-space-size=256', '--import', 'tsx', PROGRAM, JSON.stringify(this.setup)]
    this.#child = spawnGuarded(process.execPath, args, {
      cwd: PROJECT,
      stdin: 'pipe',
      stdout: output,
      stderr: output,
    })
    closeSync(output)
    this.#child.stdin!.on('error', () => {}) // it may end before it was asked to
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#exit = signal ? `signal ${signal}` : `exit code ${code}`
        resolve()
      })
    })
  }

  get name(): string {
    return `${this.setup.chain}.${this.setup.place}`
  }

  get hasEnded(): boolean {
    return this.#exit !== null
  }

  /** Resolves when it sends, or has ended before. */
  async ready(): Promise<void> {
    const look = () => this.hasEnded || this.#wrote('"ready"') || null
    const what = () => `${this.name} to be ready; it printed ${this.output()}`
    await eventually(look, { timeoutMs: READY_TIMEOUT_MS, everyMs: 100, what })
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    const what = () => `${this.name} to end; it printed ${this.output()}`
    await eventually(() => this.hasEnded || null, { timeoutMs: END_TIMEOUT_MS, everyMs: 100, what })
  }

  onExit(listener: () => void): void {
    void this.#exited.then(listener)
  }

  /** Asks it to finish what it has begun, and to end. */
  async close(): Promise<void> {
    this.#child.stdin!.end()
    await this.ended()
  }

  async kill(): Promise<void> {
    this.wasKilled = true
    this.#child.kill('SIGKILL')
    await this.ended()
  }

  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  history(): ProducerHistory {
    const { journal, chain, place, isTransactional } = this.setup
    const events = existsSync(journal) ? readJournalFile(journal) : []
    return historyOf({ chain, place, isTransactional }, events)
  }

  output(): string {
    return existsSync(this.#output) ? readFileSync(this.#output, 'utf8').slice(-2000) : ''
  }

  #wrote(text: string): boolean {
    return (
      existsSync(this.setup.journal) && readFileSync(this.setup.journal, 'utf8').slice(0, 200).includes(text)
    )
  }
}
