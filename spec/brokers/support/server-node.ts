/**
 * A server of a cluster across its restarts: the same port, folder and log, one JavaProcess after another.
 */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { JavaProcess } from './java-process.js'
import type { PartitionLog } from './stored-record.js'

/** What the last command asked for; a node that ended without being asked is `crashed`. */
export type NodeState = 'stopped' | 'running' | 'paused' | 'crashed'

/** Enough for a controlled shutdown of the slowest broker plus the writing of a class archive. */
const STOP_TIMEOUT_MS = 30_000

export interface ServerNodeOptions {
  /** Broker id; by it the cluster addresses its brokers. */
  readonly id: number
  /** As in log file names and messages: `broker 1`. */
  readonly name: string
  readonly port: number
  /** Where its data lives. */
  readonly dataFolder: string
  readonly launch: () => JavaProcess
}

export class ServerNode {
  readonly id: number
  readonly name: string
  readonly port: number
  readonly dataFolder: string
  readonly #launch: () => JavaProcess
  #process: JavaProcess | null = null
  #wanted: 'stopped' | 'running' | 'paused' = 'stopped'

  constructor(options: ServerNodeOptions) {
    this.id = options.id
    this.name = options.name
    this.port = options.port
    this.dataFolder = options.dataFolder
    this.#launch = options.launch
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  get state(): NodeState {
    return this.#wanted !== 'stopped' && this.#process?.exit ? 'crashed' : this.#wanted
  }

  /** Null when it was never started or has ended. */
  get pid(): number | null {
    return this.#process && this.#process.exit === null ? this.#process.pid : null
  }

  get isRecordingArchive(): boolean {
    return this.pid !== null && this.#process!.isRecordingArchive
  }

  /** What it logged since its last start. */
  log(): string {
    return this.#process?.log() ?? ''
  }

  /** Spawns it; does not wait until it serves. Throws when it runs already. */
  start(): void {
    if (this.pid !== null) throw new Error(`${this.name} runs already`)
    this.#process = this.#launch()
    this.#wanted = 'running'
  }

  async stop(): Promise<void> {
    this.#wanted = 'stopped'
    await this.#process?.stop(STOP_TIMEOUT_MS)
  }

  async kill(): Promise<void> {
    this.#wanted = 'stopped'
    await this.#process?.kill()
  }

  pause(): void {
    this.assertAlive()
    this.#wanted = 'paused'
    this.#process?.pause()
  }

  resume(): void {
    this.assertAlive()
    this.#wanted = 'running'
    this.#process?.resume()
  }

  /** Throws an Error with the end of its log when it is not alive. */
  assertAlive(): void {
    if (this.pid !== null) return
    const exit = this.#process?.exit ?? 'never started'
    throw new Error(`${this.name} is not alive (${exit}); the end of its log:\n${this.log().slice(-4000)}`)
  }

  /** The log of one partition on this server; null when it has none, or not yet. */
  partitionLog(topic: string, partition: number): PartitionLog | null {
    const folder = path.join(this.dataFolder, `${topic}-${partition}`)
    if (!existsSync(folder)) return null
    const segments = readdirSync(folder).filter((name) => name.endsWith('.log'))
    return { partition, files: segments.sort().map((name) => path.join(folder, name)) }
  }

  /** The logs of all partitions of `topic` on this server, ascending. */
  partitionLogs(topic: string): PartitionLog[] {
    const prefix = `${topic}-`
    const partitions = readdirSync(this.dataFolder)
      .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
      .map((name) => Number(name.slice(prefix.length)))
    return partitions.sort((a, b) => a - b).flatMap((partition) => this.partitionLog(topic, partition) ?? [])
  }
}
