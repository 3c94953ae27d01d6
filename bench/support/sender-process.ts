/** A steady sender in a process of its own: warm between its rounds, and undisturbed by the others. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Latency, Round, SenderPlan } from '../programs/clients/steady-sender.js'
import { programFile } from './build.js'

export class SenderProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(plan: SenderPlan): Promise<SenderProcess> {
    const file = programFile('clients/steady-sender')
    const child = fork(file, [JSON.stringify(plan)], { serialization: 'advanced' })
    await messageOf(child)
    return new SenderProcess(child)
  }

  /** @returns a sample for each message, in no order. */
  async run(round: Round): Promise<Latency[]> {
    this.#child.send(round)
    return (await messageOf(this.#child)) as Latency[]
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController()
  const { signal } = ended
  const exit = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`a sender ended with ${code}`)
  })
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal }), exit])) as [unknown]
    return message
  } finally {
    exit.catch(() => {})
    ended.abort()
  }
}
