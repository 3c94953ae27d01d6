/**
 * One running Java server: signals, its log, its end. Does not outlive this process (guarded-spawn.ts).
 *
 * It knows nothing of what the server does; a restart is a new JavaProcess on the same log file.
 */
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { ClassArchive } from './class-archive.js'
import { spawnGuarded } from './guarded-spawn.js'

export class JavaProcess {
  readonly logFile: string
  /** True when the end of this process writes a class archive; it should then be asked to end, not killed. */
  readonly isRecordingArchive: boolean
  readonly #child: ChildProcess
  readonly #exited: Promise<string>
  readonly #logStart: number
  #exit: string | null = null

  constructor(java: string, args: readonly string[], logFile: string, archive: ClassArchive) {
    this.logFile = logFile
    this.isRecordingArchive = archive.isRecording
    const log = openSync(logFile, 'a')
    this.#logStart = readFileSync(logFile).length
    const streams = { stdin: 'ignore', stdout: log, stderr: log } as const
    this.#child = spawnGuarded(java, args, { cwd: path.dirname(logFile), ...streams })
    closeSync(log)
    this.#exited = new Promise((resolve) => {
      const ended = (exit: string, isClean: boolean): void => {
        this.#exit = exit
        archive.finish(isClean)
        resolve(exit)
      }
      this.#child.once('error', (error) => ended(`not started: ${error.message}`, false))
      this.#child.once('exit', (code, signal) =>
        ended(signal ? `signal ${signal}` : `exit code ${code}`, !signal),
      )
    })
  }

  /** −1 when the process could not be started. */
  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** How it ended, as `exit code 1` or `signal SIGKILL`; null while it runs. */
  get exit(): string | null {
    return this.#exit
  }

  /** What it has logged since this start. */
  log(): string {
    return readFileSync(this.logFile).subarray(this.#logStart).toString('utf8')
  }

  /** SIGTERM, and SIGKILL after `timeoutMs`; a paused process is resumed first. Resolves when it has ended. */
  async stop(timeoutMs: number): Promise<void> {
    this.resume()
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs)
    await this.#ended().finally(() => clearTimeout(timer))
  }

  /** SIGKILL. Resolves when the process has ended. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended()
  }

  /** SIGSTOP: the process keeps its sockets and does nothing. */
  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  /** SIGCONT. */
  resume(): void {
    this.#child.kill('SIGCONT')
  }

  /** Waiting for the end keeps the event loop alive; merely running does not. */
  #ended(): Promise<string> {
    this.#child.ref()
    return this.#exited
  }
}
