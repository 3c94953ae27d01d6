/** A steady sender in a process of its own: warm between its rounds, and undisturbed by the others. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Round, Sample, SenderPlan } from './steady-sender.js'

const script = fileURLToPath(new URL('./steady-sender.ts', import.meta.url))

export class SenderProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(plan: SenderPlan): Promise<SenderProcess> {
    const child = fork(script, [JSON.stringify(plan)], {
      execArgv: ['--import', 'tsx'],
      serialization: 'advanced',
    })
    await heard(child)
    return new SenderProcess(child)
  }

  /** @returns a sample for each message, in no order. */
  async run(round: Round): Promise<Sample[]> {
    this.#child.send(round)
    return (await heard(this.#child)) as Sample[]
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }
}

async function heard(child: ChildProcess): Promise<unknown> {
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
