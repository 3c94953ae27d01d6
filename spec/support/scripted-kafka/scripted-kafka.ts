/**
 * A cluster of Kafka brokers in this process that pose as a release, do what a script says and remember what they saw.
 *
 * For 0.10 to 4.x, with producer ids and transactions; spec/support/scripted plays 0.8. Nothing of lib/ is used.
 * Everything is on loopback; `close()` leaves no port, socket or timer behind.
 *
 * ```ts
 * const cluster = await ScriptedKafka.start({ brokers: 1, topics: { t: { partitions: 1 } } }, [
 *   { on: 'Produce', nth: 1, error: 'NOT_ENOUGH_REPLICAS' },
 * ])
 * ```
 */
import { EventEmitter, once } from 'node:events'
import { host } from '../scripted/listener.js'
import { ClusterState } from './cluster-state.js'
import { prepareCodecs } from './codecs.js'
import { isRequest, type Seen } from './recording.js'
import { RuleBook } from './rule-book.js'
import type { BrokerCommand, Change, ClusterScript, Rule } from './script.js'
import { type Around, ScriptedKafkaBroker } from './scripted-kafka-broker.js'
import { Transactions } from './transactions.js'

/** What a cluster saw, with what it does not yet know left out. */
type Unseen = Seen extends infer T ? (T extends Seen ? Omit<T, 'ms'> : never) : never

export class ScriptedKafka {
  /** Everything that was seen so far, in order. */
  readonly seen: Seen[] = []
  readonly state: ClusterState
  readonly #brokers: ScriptedKafkaBroker[]
  readonly #news = new EventEmitter().setMaxListeners(0)
  readonly #held = new Map<string, (() => void)[]>()
  readonly #released = new Set<string>()
  readonly #changes: Promise<unknown>[] = []
  readonly #startedAt = performance.now()
  #connections = 0
  #requests = 0

  private constructor(script: ClusterScript, rules: readonly Rule[]) {
    this.state = new ClusterState(script)
    const around: Around = {
      state: this.state,
      transactions: new Transactions(this.state),
      rules: new RuleBook(rules),
      endpoint: (broker) => ({ host, port: this.port(broker) }),
      newConnection: () => ++this.#connections,
      newRequest: () => ++this.#requests,
      see: (unseen) => this.#see(unseen),
      hold: (name, answer) => this.#hold(name, answer),
      change: (change) => void this.#changes.push(this.apply(change)),
    }
    this.#brokers = Array.from({ length: script.brokers }, (_, id) => new ScriptedKafkaBroker(id, around))
  }

  /** Resolves when every broker listens that the script does not want down. */
  static async start(script: ClusterScript, rules: readonly Rule[] = []): Promise<ScriptedKafka> {
    await prepareCodecs()
    const cluster = new ScriptedKafka(script, rules)
    await Promise.all(cluster.#brokers.map((broker) => broker.start()))
    await cluster.apply({ down: script.down ?? [] })
    return cluster
  }

  /** Milliseconds since the start, the clock of what was seen. */
  nowMs(): number {
    return performance.now() - this.#startedAt
  }

  port(broker: number): number {
    return this.#broker(broker).port
  }

  address(broker: number): string {
    return `${host}:${this.port(broker)}`
  }

  /** All addresses, comma-separated, as `bootstrap.servers` wants them. */
  addresses(): string {
    return this.#brokers.map(({ id }) => this.address(id)).join(',')
  }

  /** Changes the cluster now; resolves when ports are opened or closed. */
  async apply(change: Change): Promise<void> {
    this.state.apply(change)
    for (const broker of [change.disconnect ?? []].flat()) this.#broker(broker).disconnect()
    const down = [change.down ?? []].flat().map((broker) => this.#broker(broker).down())
    const up = [change.up ?? []].flat().map((broker) => this.#broker(broker).up())
    await Promise.all([...down, ...up])
  }

  /** Does what an operation `broker` of a scenario asks for. */
  async command(command: BrokerCommand): Promise<void> {
    if ('wait' in command) {
      const { api, count, broker } = command.wait
      await this.until(
        () =>
          this.seen.filter(
            (seen) => isRequest(seen) && seen.api === api && (broker === undefined || seen.broker === broker),
          ).length >= count,
      )
    } else if ('release' in command) this.release(command.release)
    else await this.apply(command.do)
  }

  /** Resolves as soon as the condition holds; it is asked whenever something was seen. */
  async until(condition: () => boolean, signal?: AbortSignal): Promise<void> {
    while (!condition()) await once(this.#news, 'seen', { signal })
  }

  /** Lets the answers go that a rule holds under this name, now and later. */
  release(name: string): void {
    this.#released.add(name)
    const answers = this.#held.get(name) ?? []
    this.#held.delete(name)
    for (const answer of answers) answer()
  }

  get openConnections(): number {
    return this.#brokers.reduce((sum, broker) => sum + broker.openConnections, 0)
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await Promise.all(this.#changes)
    await Promise.all(this.#brokers.map((broker) => broker.down()))
  }

  #hold(name: string, answer: () => void): void {
    if (this.#released.has(name)) answer()
    else this.#held.set(name, [...(this.#held.get(name) ?? []), answer])
  }

  #see(unseen: Unseen): void {
    this.seen.push({ ...unseen, ms: this.nowMs() } as Seen)
    this.#news.emit('seen')
  }

  #broker(id: number): ScriptedKafkaBroker {
    const broker = this.#brokers[id]
    if (broker === undefined) throw new Error(`the script names broker ${id} of ${this.#brokers.length}`)
    return broker
  }
}
