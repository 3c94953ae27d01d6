/** The null broker's process, as its parent sees it; see `bench/programs/null-broker/main.ts`. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { NullBrokerPlan, NullBrokerUsage } from '../programs/null-broker/main.js'
import { programFile } from './build.js'

export type { NullBrokerUsage } from '../programs/null-broker/main.js'

export class NullBroker {
  readonly bootstrap: string
  readonly plan: NullBrokerPlan
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, plan: NullBrokerPlan, ports: readonly number[]) {
    this.#child = child
    this.plan = plan
    this.bootstrap = ports.map((port) => `127.0.0.1:${port}`).join(',')
  }

  static async start(plan: NullBrokerPlan): Promise<NullBroker> {
    const child = fork(programFile('null-broker/main'), [JSON.stringify(plan)])
    const [ports] = (await once(child, 'message')) as [number[]]
    return new NullBroker(child, plan, ports)
  }

  usage(): Promise<NullBrokerUsage> {
    return this.#ask('usage') as Promise<NullBrokerUsage>
  }

  /** The last Produce request, its length in front, in base64. */
  last(): Promise<string> {
    return this.#ask('last') as Promise<string>
  }

  /** Closes all connections and listens no more. */
  async goDown(): Promise<void> {
    await this.#ask('down')
  }

  async comeUp(): Promise<void> {
    await this.#ask('up')
  }

  async stop(): Promise<void> {
    if (!this.#child.connected) return
    const exited = once(this.#child, 'exit')
    this.#child.disconnect()
    await exited
  }

  /**
   * One question at a time.
   * @throws {Error} when the broker has ended; it has written why to standard error.
   */
  async #ask(command: string): Promise<unknown> {
    const ended = new AbortController()
    const onDisconnect = (): void => ended.abort(new Error('the null broker has ended'))
    this.#child.once('disconnect', onDisconnect)
    try {
      const answer = once(this.#child, 'message', { signal: ended.signal })
      this.#child.send(command)
      return (await answer)[0]
    } finally {
      this.#child.off('disconnect', onDisconnect)
    }
  }
}

/** Null brokers by their plan, started when they are first needed. */
export class NullBrokers {
  readonly #byPlan = new Map<string, Promise<NullBroker>>()

  get(plan: NullBrokerPlan): Promise<NullBroker> {
    const name = JSON.stringify(plan)
    let broker = this.#byPlan.get(name)
    if (!broker) {
      broker = NullBroker.start(plan)
      this.#byPlan.set(name, broker)
    }
    return broker
  }

  async stop(): Promise<void> {
    for (const broker of this.#byPlan.values()) await (await broker).stop()
    this.#byPlan.clear()
  }
}
