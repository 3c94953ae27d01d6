/**
 * A port whose connection attempts get no answer, as behind a firewall that drops packets; needs no privilege.
 *
 * The listener lives in a worker thread that then blocks, so nothing is ever accepted. Its backlog is filled
 * here; with a full one Linux drops further SYNs (`net.ipv4.tcp_abort_on_overflow` 0, the default), and the
 * client waits until its own time-out.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { host } from './listener.js'

const BACKLOG = 1
/** The kernel completes one connection more than the backlog says. */
const FILLERS = BACKLOG + 1
const MAX_PORT = 31_999

const listenAndBlock = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { createServer } = require('node:net')
  const { host, port, backlog, gate } = workerData
  const server = createServer((socket) => socket.destroy())
  server.on('error', () => parentPort.postMessage('error'))
  server.listen({ host, port, backlog }, () => {
    parentPort.postMessage('listening')
    Atomics.wait(new Int32Array(gate), 0, 0)
    server.close()
  })
`

export class Blackhole {
  readonly port: number
  readonly #worker: Worker
  readonly #gate: SharedArrayBuffer
  readonly #fillers: Socket[]

  private constructor(port: number, worker: Worker, gate: SharedArrayBuffer, fillers: Socket[]) {
    this.port = port
    this.#worker = worker
    this.#gate = gate
    this.#fillers = fillers
  }

  /** Resolves when the next connection attempt will get no answer. */
  static async open(): Promise<Blackhole> {
    for (;;) {
      const port = MAX_PORT - Math.floor(Math.random() * 20_000)
      const gate = new SharedArrayBuffer(4)
      const worker = new Worker(listenAndBlock, {
        eval: true,
        execArgv: [],
        workerData: { host, port, backlog: BACKLOG, gate },
      })
      const [outcome] = (await once(worker, 'message')) as [string]
      if (outcome === 'listening') return new Blackhole(port, worker, gate, await fill(port))
      await worker.terminate()
    }
  }

  async close(): Promise<void> {
    const closed = this.#fillers.map((socket) => once(socket.destroy(), 'close'))
    Atomics.store(new Int32Array(this.#gate), 0, 1)
    Atomics.notify(new Int32Array(this.#gate), 0)
    await Promise.all([...closed, this.#worker.terminate()])
  }
}

async function fill(port: number): Promise<Socket[]> {
  const fillers = Array.from({ length: FILLERS }, () => connect({ port, host }).on('error', () => {}))
  await Promise.all(fillers.map((socket) => once(socket, 'connect')))
  return fillers
}
