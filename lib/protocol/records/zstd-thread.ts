/**
 * Compresses with the package `@bokuweb/zstd-wasm` on a thread of its own: it has no asynchronous form, and 13 ms a
 * megabyte would keep the event loop. One thread for the process, made on first use; it keeps the process alive only
 * while it has something to do.
 *
 * Where Node itself has zstd, from 22.15 on, none of this is used.
 */
import { Worker } from 'node:worker_threads'

/** CommonJS in a text, so that no file has to lie beside the compiled one. */
const SOURCE = `
const { parentPort, workerData } = require('node:worker_threads')
const zstd = require(workerData)
const ready = zstd.init()
parentPort.on('message', async ({ plain, level }) => {
  try {
    await ready
    const compressed = zstd.compress(plain, level)
    parentPort.postMessage({ compressed }, [compressed.buffer])
  } catch (error) {
    parentPort.postMessage({ failure: String(error) })
  }
})`

type Answer = { readonly compressed: Uint8Array } | { readonly failure: string }

interface Job {
  resolve(compressed: Uint8Array): void
  reject(reason: Error): void
}

export class ZstdThread {
  readonly #packagePath: string
  #worker: Worker | null = null
  /** Oldest first, as they are answered. */
  #jobs: Job[] = []

  /** @param packagePath - of the main file of `@bokuweb/zstd-wasm`. */
  constructor(packagePath: string) {
    this.#packagePath = packagePath
  }

  /** @returns one frame. The bytes are copied before this returns. */
  compress(plain: Uint8Array, level: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const worker = this.#running()
      const copy = new Uint8Array(plain)
      this.#jobs.push({ resolve, reject })
      worker.ref()
      worker.postMessage({ plain: copy, level }, [copy.buffer])
    })
  }

  #running(): Worker {
    if (this.#worker) return this.#worker
    // The options of this process, such as a loader for its tests, are none of the thread's.
    const worker = new Worker(SOURCE, { eval: true, execArgv: [], workerData: this.#packagePath })
    worker.on('message', (answer: Answer) => this.#answered(worker, answer))
    worker.on('error', (cause: Error) => this.#ended(worker, cause))
    worker.on('exit', (code) => this.#ended(worker, new Error(`the zstd thread ended with ${code}`)))
    this.#worker = worker
    return worker
  }

  #answered(worker: Worker, answer: Answer): void {
    const job = this.#jobs.shift()
    if (this.#jobs.length === 0) worker.unref()
    if ('compressed' in answer) job?.resolve(answer.compressed)
    else job?.reject(new Error(answer.failure))
  }

  /** The next job gets a new one. */
  #ended(worker: Worker, reason: Error): void {
    if (this.#worker !== worker) return
    this.#worker = null
    const jobs = this.#jobs
    this.#jobs = []
    for (const job of jobs) job.reject(reason)
  }
}
